"""Exclusive and combinable discounts (`domain.md` section 4.3), pure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clients.models import Client
from loyalty.money import Money
from loyalty.stacking import Offer, best_choice, in_sequence
from tests import factories
from tests.till import Till, cents


def offer(code: str, percent: str, *, combinable: bool = False, priority: int = 100) -> Offer:
    return Offer("test", code, code, {1: (1, 1)}, Decimal(percent), combinable=combinable, priority=priority)


def test_percents_apply_in_sequence() -> None:
    choice = in_sequence([offer("a", "10"), offer("b", "10")], {1: Money(30000)})
    assert 30000 - choice.total == 24300


def test_each_step_is_rounded_half_up() -> None:
    choice = in_sequence([offer("a", "13"), offer("b", "13")], {1: Money(1999)})
    assert 1999 - choice.total == 1513


def test_the_best_exclusive_alone_or_all_combinables_whichever_is_cheaper() -> None:
    together = [offer("a", "10", combinable=True), offer("b", "10", combinable=True)]
    assert [o.code for o in best_choice([*together, offer("x", "18")], {1: Money(30000)}).offers] == ["a", "b"]
    assert [o.code for o in best_choice([*together, offer("x", "20")], {1: Money(30000)}).offers] == ["x"]


def test_the_order_in_which_they_are_given_changes_nothing() -> None:
    offers = [offer("b", "7.5"), offer("a", "7.5"), offer("c", "3", combinable=True)]
    assert best_choice(offers, {1: Money(999)}) == best_choice(offers[::-1], {1: Money(999)})
    assert best_choice(offers, {1: Money(999)}).offers[0].code == "a"


@pytest.mark.django_db
def test_a_newcomer_tries_one_unit_at_half_price(till: Till, boris: Client) -> None:
    factories.TrialFactory()
    bill = till.quote("3 x session", client=boris).bill
    assert (bill.discount_total, bill.to_pay) == (cents("10"), cents("50"))


@pytest.mark.django_db
def test_the_trial_is_for_the_first_visit_only(till: Till, boris: Client) -> None:
    factories.TrialFactory()
    till.sell("session", client=boris)
    bill = till.quote("session", client=boris).bill
    assert (bill.discount_total, [note.code for note in bill.notes]) == (0, ["trial.not_new"])


@pytest.mark.django_db
def test_nobody_in_particular_tries_nothing(till: Till) -> None:
    factories.TrialFactory()
    assert till.quote("session").bill.to_pay == cents("20")


@pytest.mark.django_db
def test_a_trial_outside_its_dates_is_not_offered(till: Till, boris: Client) -> None:
    factories.TrialFactory(to_day=till.today)
    assert till.quote("session", client=boris).bill.to_pay == cents("10")
    assert till.later(days=1).quote("session", client=boris).bill.to_pay == cents("20")
