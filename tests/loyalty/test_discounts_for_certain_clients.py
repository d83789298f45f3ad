"""Permanent discounts: for a segment, a tier, a kind of card, one person, or for everybody (`domain.md` section 7)."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from loyalty.models import CashbackProgram, Segment, Standing
from loyalty.pricing import Bill
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def came(till: Till, client: Client, *, visits: int = 0, spent: str = "0") -> None:
    till.account(client)
    Standing.objects.filter(client=client).update(visits=visits, total_spent=cents(spent))


def why(bill: Bill) -> list[str]:
    return [note.code for note in bill.notes if note.stage == "discount"]


def test_everybody_gets_one_that_is_for_nobody_in_particular(till: Till, boris: Client) -> None:
    factories.DiscountFactory()
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    assert till.quote("personal").bill.discount_total == cents("6.00")


def test_a_client_of_the_segment_gets_it_and_another_does_not(till: Till, boris: Client, alice: Client) -> None:
    factories.DiscountFactory(segment=factories.SegmentFactory())
    came(till, boris, visits=5)
    came(till, alice, visits=4)
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    bill = till.quote("personal", client=alice).bill
    assert (bill.discount_total, why(bill)) == (0, ["discount.outside"])


def test_the_fifth_visit_itself_is_still_paid_in_full(till: Till, boris: Client) -> None:
    """The segment is asked of the state before the check."""
    factories.DiscountFactory(segment=factories.SegmentFactory())
    came(till, boris, visits=4)
    assert till.sell("personal", client=boris).visit.to_pay == cents("60.00")
    assert till.later(hours=1).sell("personal", client=boris).visit.to_pay == cents("54.00")


def test_a_visit_that_wholly_came_back_takes_the_client_out_again(till: Till, boris: Client) -> None:
    factories.DiscountFactory(segment=factories.SegmentFactory())
    came(till, boris, visits=4)
    sold = till.sell("session", client=boris)
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    till.refund(sold)
    assert till.quote("personal", client=boris).bill.discount_total == 0


def test_nobody_belongs_to_a_segment_that_is_off(till: Till, boris: Client) -> None:
    factories.DiscountFactory(segment=factories.SegmentFactory())
    came(till, boris, visits=5)
    Segment.objects.update(enabled=False)
    assert till.quote("personal", client=boris).bill.discount_total == 0


def test_it_is_for_those_who_stand_on_a_tier(
    till: Till, cashback: CashbackProgram, boris: Client, alice: Client
) -> None:
    factories.DiscountFactory(tier="Silver")
    came(till, boris, spent="500.00")
    came(till, alice, spent="499.99")
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    bill = till.quote("personal", client=alice).bill
    assert (bill.discount_total, why(bill)) == (0, ["discount.other_tier"])


def test_the_check_that_reaches_the_tier_is_paid_in_full(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(tier="Silver")
    came(till, boris, spent="440.00")
    assert till.sell("personal", client=boris).visit.to_pay == cents("60.00")
    assert till.quote("personal", client=boris).bill.to_pay == cents("54.00")


def test_it_is_for_holders_of_a_kind_of_card(till: Till, boris: Client, alice: Client) -> None:
    factories.DiscountFactory(card_kind="plastic")
    factories.CardFactory(client=boris, kind="plastic", is_primary=False)
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    bill = till.quote("personal", client=alice).bill
    assert (bill.discount_total, why(bill)) == (0, ["discount.other_card"])


def test_it_is_for_one_person(till: Till, boris: Client, alice: Client) -> None:
    factories.DiscountFactory(client=boris)
    assert till.quote("personal", client=boris).bill.discount_total == cents("6.00")
    bill = till.quote("personal", client=alice).bill
    assert (bill.discount_total, why(bill)) == (0, ["discount.another_client"])


@pytest.mark.parametrize("audience", ["segment", "tier", "card", "client", "cumulative", "repeat"])
def test_nobody_in_particular_gets_what_is_for_clients(till: Till, boris: Client, audience: str) -> None:
    columns: dict[str, dict[str, Any]] = {
        "segment": {"segment": factories.SegmentFactory(visits_min=0)},
        "tier": {"tier": "Start"},
        "card": {"card_kind": "electronic"},
        "client": {"client": boris},
        "cumulative": {"kind": "cumulative"},
        "repeat": {"kind": "repeat", "days": 30},
    }
    discount = factories.DiscountFactory(**columns[audience])
    if audience == "cumulative":
        factories.DiscountStepFactory(discount=discount, from_spent=0)
    bill = till.quote("personal").bill
    assert (bill.discount_total, why(bill)) == (0, ["discount.nobody"])


def test_two_for_the_same_client_are_used_in_the_order_of_their_priority(till: Till, boris: Client) -> None:
    factories.DiscountFactory(code="a", amount=cents("10.00"), combinable=True, priority=20)
    factories.DiscountFactory(code="b", percent=50, combinable=True, priority=10)
    bill = till.quote("personal", client=boris).bill
    assert bill.to_pay == cents("20.00")  # half of 60.00, then 10.00
    assert [(note.rule, note.amount) for note in bill.notes] == [("b", cents("30.00")), ("a", cents("10.00"))]
