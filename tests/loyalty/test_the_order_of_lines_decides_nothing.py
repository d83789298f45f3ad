"""The result depends on what is on the check, not on where it stands; a unit fills one part of a set."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from clients.models import Client
from loyalty.models import CashbackProgram, Discount, HouseRules, PromoCode
from loyalty.money import Money
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def discount(code: str, kind: str = "permanent", **columns: object) -> Discount:
    return Discount.objects.create(code=code, name=code, kind=kind, combinable=True, **columns)


def totals(till: Till, *services: str) -> set[Money]:
    return {till.quote(*order).bill.to_pay for order in permutations(services)}


def test_of_equal_prices_the_free_one_is_the_same_in_any_order(till: Till) -> None:
    factories.ServiceFactory(code="yoga", price=cents("20"))
    discount("half", services=["session"], percent=50, priority=10)
    discount("third", "cheapest", buy=2, percent=100, priority=20)
    assert totals(till, "session", "yoga") == {cents("20")}


def test_a_part_of_a_set_is_the_same_in_any_order(till: Till) -> None:
    factories.ServiceFactory(code="yoga", price=cents("20"))
    discount("half", services=["yoga"], percent=50, priority=10)
    discount("set", "bundle", services=["training", "towel"], percent=50, priority=20)
    assert len(totals(till, "session", "yoga", "towel")) == 1


def test_a_cent_left_over_of_a_spread_falls_on_the_same_goods_in_any_order(till: Till) -> None:
    factories.ServiceFactory(code="ace", price=cents("9.95"))
    factories.ServiceFactory(code="bee", price=cents("9.95"))
    discount("cent", amount=cents("0.01"), priority=10)
    discount("tenth", services=["ace"], percent=10, priority=20)
    assert len(totals(till, "ace", "bee")) == 1


def test_a_unit_fills_one_part_of_a_set(till: Till) -> None:
    discount("set", "bundle", services=["training", "session"], percent=50)
    assert totals(till, "session") == {cents("20")}
    assert totals(till, "session", "personal") == {cents("40")}
    assert till.quote("2 x session").bill.to_pay == cents("20")
    assert till.quote("3 x session").bill.to_pay == cents("40")


def test_caps_count_what_was_settled_after_the_moment_that_a_quote_is_held_from(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    cashback.max_per_day = cents("1")
    cashback.save()
    till.sell("personal", client=boris)
    assert till.later(minutes=-10).quote("personal", client=boris).bill.earned_total == 0


def test_bonuses_of_a_code_go_back_with_the_goods_where_nothing_was_paid_that_earns(
    till: Till, boris: Client, house_rules: HouseRules
) -> None:
    PromoCode.objects.create(code="B50", name="B50", bonus_amount=cents("50"))
    factories.ServiceFactory(code="silent", price=cents("90"), earns=False)
    factories.ServiceFactory(code="mute", price=cents("10"), earns=False)
    sold = till.sell("silent", "mute", client=boris, promo_codes=["b50"])
    assert till.refund(sold, (1, 1)).bonus_taken_back == cents("45")
    assert till.refund(sold, (2, 1)).bonus_taken_back == cents("5")
    assert till.balance(boris) == 0


def test_a_cent_by_hand_and_bonuses_on_some_of_the_lines_are_the_same_in_any_order(till: Till, boris: Client) -> None:
    factories.ServiceFactory(code="ace", price=cents("1"))
    factories.ServiceFactory(code="bee", price=cents("3"), accepts_bonus=False)
    discount("cents", amount=cents("0.02"))
    till.give(boris, "10", program="gift")
    half = {"percent": "50", "reason": "late"}
    for offers in ({"discount": half}, {"redeem": "max"}):
        bills = [till.quote(*order, client=boris, **offers).bill for order in (("ace", "bee"), ("bee", "ace"))]
        assert bills[0].to_pay == bills[1].to_pay


def test_the_same_again_counts_days_of_the_calendar_also_when_the_clocks_go_back(till: Till, boris: Client) -> None:
    discount("again", "repeat", services=["session"], days=1, percent=10)
    Till(now=datetime(2026, 10, 31, 4, 30, tzinfo=UTC)).sell("session", client=boris)  # 31 October, 0:30
    late = Till(now=datetime(2026, 11, 2, 4, 50, tzinfo=UTC))  # 1 November, 23:50
    assert late.quote("session", client=boris).bill.discount_total == cents("2")
