"""A discount by hand: off what the programs have left, a percentage or an amount, off some lines, with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty.models import CashbackProgram, Visit
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
GIFT = {"gift_card_type": "gift", "amount": "50"}


def given(till: Till, *services: str | dict[str, Any], **said: Any) -> list[int]:
    bill = till.quote(*services, discount={"reason": "waited for an hour", **said}).bill
    return [line.discount for line in bill.lines]


def test_a_percentage_of_every_service(till: Till) -> None:
    assert given(till, "personal", "towel", percent="12.5") == [cents("7.50"), cents("0.38")]  # 0.375


def test_an_amount_over_all_lines(till: Till) -> None:
    assert given(till, "personal", "session", amount="10") == [cents("7.50"), cents("2.50")]


def test_of_some_lines_only(till: Till) -> None:
    assert given(till, "personal", "session", "towel", percent="50", lines=[3, 2]) == [0, cents("10"), cents("1.50")]
    assert given(till, "personal", "session", "towel", amount="2.30", lines=[2, 3]) == [0, cents("2.00"), cents("0.30")]


def test_a_line_named_twice_counts_once(till: Till) -> None:
    assert given(till, "personal", percent="10", lines=[1, 1]) == [cents("6.00")]


def test_it_is_of_what_the_programs_have_left(till: Till) -> None:
    factories.DiscountFactory(percent=50)
    assert given(till, "personal", percent="10") == [cents("33.00")]
    assert given(till, "personal", amount="100") == [cents("60.00")]


def test_it_neither_keeps_an_exclusive_discount_out_nor_is_kept_out(till: Till) -> None:
    factories.DiscountFactory(percent=10)
    bill = till.quote("personal", discount={"percent": "90", "reason": "regular"}).bill
    assert bill.check_total == cents("5.40")
    assert {note.code for note in bill.notes} == {"discount.percent", "discount.by_hand_percent"}


def test_no_more_than_is_left_comes_off(till: Till) -> None:
    assert given(till, "session", "towel", amount="1000") == [cents("20.00"), cents("3.00")]


def test_the_check_keeps_the_reason_and_the_lines_still_earn(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    visit = till.sell("personal", client=boris, discount={"amount": "10", "reason": "waited for an hour"}).visit
    assert (visit.discount_total, visit.earned_total) == (cents("10.00"), cents("1.50"))
    note = next(note for note in visit.facts["trace"] if note["code"] == "discount.by_hand_amount")
    assert (note["stage"], note["amount"], note["facts"]["reason"]) == ("discount", 1000, "waited for an hour")


def test_gift_cards_and_memberships_stay_at_their_price(till: Till, boris: Client) -> None:
    factories.DenominationFactory()
    assert given(till, "personal", GIFT, percent="100") == [cents("60.00"), 0]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"percent": "10"}, "discount.reason"),
        ({"percent": "10", "reason": ""}, "discount.reason"),
        ({"percent": "10", "reason": "   "}, "discount.reason"),
        ({"percent": "10", "reason": "x" * 251}, "discount.reason"),
        ({"reason": "late"}, "discount"),
        ({"percent": "10", "amount": "1", "reason": "late"}, "discount"),
        ({"percent": "0", "reason": "late"}, "discount.percent"),
        ({"percent": "100.001", "reason": "late"}, "discount.percent"),
        ({"percent": "-1", "reason": "late"}, "discount.percent"),
        ({"percent": 10, "reason": "late"}, "discount.percent"),
        ({"amount": "0", "reason": "late"}, "discount.amount"),
        ({"amount": "-1.00", "reason": "late"}, "discount.amount"),
        ({"amount": "1.001", "reason": "late"}, "discount.amount"),
        ({"percent": "10", "reason": "late", "lines": [2]}, "discount.lines[0]"),
        ({"percent": "10", "reason": "late", "lines": [1, 0]}, "discount.lines[1]"),
        ({"percent": "10", "reason": "late", "lines": ["1"]}, "discount.lines[0]"),
        ({"percent": "10", "reason": "late", "lines": [True]}, "discount.lines[0]"),
        ({"percent": "10", "reason": "late", "lines": []}, "discount.lines"),
        ({"percent": "10", "reason": "late", "more": 1}, "discount.more"),
        ("10", "discount"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(till: Till, said: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        till.settle(till.basket("personal", discount=said), cash=6000)
    assert refused.value.field == field
    assert not Visit.objects.exists()


@pytest.mark.parametrize("lines", [[2], [3]], ids=["a gift card", "a covered session"])
def test_a_line_that_is_no_service_that_is_paid_for_is_refused(till: Till, boris: Client, lines: list[int]) -> None:
    factories.DenominationFactory()
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    said = {"percent": "10", "reason": "late", "lines": lines}
    with pytest.raises(Invalid) as refused:
        till.quote("personal", GIFT, "session", client=boris, discount=said)
    assert refused.value.field == "discount.lines[0]"


def test_a_check_of_gift_cards_only_cannot_be_made_cheaper(till: Till) -> None:
    factories.DenominationFactory()
    with pytest.raises(Invalid) as refused:
        till.quote(GIFT, discount={"percent": "10", "reason": "late"})
    assert refused.value.field == "discount"
