"""An action that is confirmed brings bonuses: once a key; and once a client or once in so many days, if so set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from clients.models import Client, Location
from clients.refusals import Invalid, NotFound, Refusal
from loyalty.actions import ActionAlreadyCounted, ActionNotApplicable, record_action
from loyalty.models import BonusProgram, Budget, Entry, Lot
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.conftest import Together
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(till: Till, boris: Client) -> BonusProgram:
    """5.00 for a review."""
    till.account(boris)
    program: BonusProgram = factories.BonusProgramFactory(
        code="review", name="Review", trigger="action", amount=Money(500)
    )
    return program


def record(till: Till, client: Client, key: str = "1", code: str = "review", **more: Any) -> Entry:
    return record_action(client=client, code=code, key=key, by=VERA, now=till.now, **more)


def refused(till: Till, client: Client, key: str = "2", **more: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        record(till, client, key, **more)
    return str(refusal.value)


def changed(program: BonusProgram, **values: Any) -> None:
    for name, value in values.items():
        setattr(program, name, value)
    program.save()


def test_an_action_brings_a_lot_without_limits(till: Till, review: BonusProgram, boris: Client) -> None:
    entry = record(till, boris, note="four stars")
    lot = entry.lot
    assert (entry.kind, int(entry.amount), entry.by, entry.note) == ("grant", 500, "staff:vera", "four stars")
    assert (lot.program, lot.name, lot.operation) == ("review", "Review", f"action:review:{boris.pk}:1")
    assert (lot.limit_percent, lot.min_check, lot.last_day) == (Decimal(100), Money(0), None)
    assert till.balance(boris) == cents("5")
    assert prove() == []


def test_the_terms_are_those_of_the_program(till: Till, review: BonusProgram, boris: Client) -> None:
    changed(review, lifetime_days=30, pending_days=2, limit_percent=50)
    lot = record(till, boris).lot
    assert (lot.first_day, lot.last_day, lot.limit_percent) == (date(2026, 3, 4), date(2026, 4, 3), Decimal(50))


def test_the_same_key_answers_the_same_entry(till: Till, review: BonusProgram, boris: Client) -> None:
    first = record(till, boris)
    changed(review, enabled=False)
    assert record(till.later(days=9), boris).pk == first.pk
    assert Lot.objects.count() == 1


def test_each_client_has_keys_of_their_own(till: Till, review: BonusProgram, boris: Client, alice: Client) -> None:
    """A survey is answered by many."""
    first = record(till, boris, "survey-2026-03")
    till.account(alice)
    second = record(till, alice, "survey-2026-03")
    assert {first.account_id, second.account_id} == {till.account(boris), till.account(alice)}
    assert Lot.objects.count() == 2


def test_every_new_key_counts_and_each_program_has_keys_of_its_own(
    till: Till, review: BonusProgram, boris: Client
) -> None:
    factories.BonusProgramFactory(code="survey", trigger="action", amount=Money(100))
    record(till, boris, "1")
    record(till, boris, "2")
    record(till, boris, "1", "survey")
    assert till.balance(boris) == cents("11")


def test_once_is_once_a_client_for_ever(till: Till, review: BonusProgram, boris: Client, alice: Client) -> None:
    changed(review, once=True)
    record(till, boris)
    later = till.later(days=900)
    assert refused(later, boris) == "Review was counted on 2 March 2026, and counts once a client."
    till.account(alice)
    record(later, alice, "3")


def test_again_after_so_many_days_of_the_calendar(till: Till, review: BonusProgram, boris: Client) -> None:
    """Counted on 2 March at noon with 30 days; again from 1 April, also at midnight."""
    changed(review, repeat_days=30)
    record(till, boris)
    with pytest.raises(ActionAlreadyCounted) as refusal:
        record(till.later(days=29, hours=6), boris, "2")
    assert str(refusal.value) == "Review was counted on 2 March 2026; again from 1 April 2026."
    assert (refusal.value.code, refusal.value.facts["again_from"]) == ("action_already_counted", date(2026, 4, 1))
    record(till.later(days=29, hours=12), boris, "2")


def test_what_keeps_it_from_counting_is_said(till: Till, review: BonusProgram, boris: Client) -> None:
    changed(review, enabled=False)
    assert refused(till, boris) == "Review is switched off."
    changed(review, enabled=True, from_day=date(2026, 3, 3))
    assert refused(till, boris) == "Review begins on 3 March 2026."
    changed(review, from_day=None, to_day=date(2026, 3, 1))
    assert refused(till, boris) == "Review ended on 1 March 2026."
    regulars = factories.SegmentFactory()
    changed(review, to_day=None, segment=regulars)
    assert refused(till, boris) == "Review is for certain clients; this one is not among them."
    assert not Lot.objects.exists()


def test_a_program_that_is_no_action_is_not_known(till: Till, review: BonusProgram, boris: Client) -> None:
    factories.BonusProgramFactory(code="welcome")
    for code in ("welcome", "nothing"):
        with pytest.raises(NotFound):
            record(till, boris, code=code)


def test_it_is_where_it_is_confirmed_or_where_the_client_joined(
    till: Till, review: BonusProgram, boris: Client, location: Location
) -> None:
    changed(review, locations=["main"])
    assert refused(till, boris) == "Review is for other locations."
    assert refused(till, boris, place="riverside") == "Review is for other locations."
    record(till, boris, "3", place="main")
    boris.home = location
    boris.save()
    record(till, boris, "4")


def test_a_budget_that_is_used_up_says_so(till: Till, review: BonusProgram, boris: Client) -> None:
    changed(review, budget=cents("7"))
    record(till, boris)
    with pytest.raises(ActionNotApplicable, match="has given all"):
        record(till, boris, "2")
    assert (int(Budget.objects.get().given), prove()) == (500, [])


@pytest.mark.parametrize("key", ["", "x" * 65, "nine\n", "ключ", 7, None])
def test_a_key_that_cannot_be_kept_is_refused(till: Till, review: BonusProgram, boris: Client, key: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        record(till, boris, key)
    assert refusal.value.field == "key"


def test_a_long_note_is_refused(till: Till, review: BonusProgram, boris: Client) -> None:
    with pytest.raises(Invalid):
        record(till, boris, note="x" * 251)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_at_once_count_once(
    till: Till, review: BonusProgram, boris: Client, alice: Client, together: Together
) -> None:
    """The same key for one client, the same key for two (each is counted), and keys of a program that counts once."""
    till.account(alice)
    same = together(*[lambda: record(till, boris) for _till in range(4)])
    assert len({entry.pk for entry in same}) == 1
    two = together(lambda: record(till, boris, "two"), lambda: record(till, alice, "two"))
    assert {entry.account.client_id for entry in two} == {boris.pk, alice.pk}
    factories.BonusProgramFactory(code="post", trigger="action", once=True)
    once = together(*[lambda n=n: record(till, boris, str(n), "post") for n in range(4)])
    assert sorted(type(answer).__name__ for answer in once) == ["ActionAlreadyCounted"] * 3 + ["Entry"]
    assert Lot.objects.count() == 4
