"""Free delivery: a service costs nothing, or less, when the other services of the check come to a sum."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
GIFT = {"gift_card_type": "gift", "amount": "50"}


@pytest.fixture
def free(till: Till) -> Discount:
    """Delivery costs 5.00, and nothing when the rest comes to 60.00."""
    factories.ServiceFactory(code="delivery", name="Delivery", category="delivery", price=cents("5.00"))
    discount: Discount = factories.DiscountFactory(
        code="free", name="Free delivery", kind="delivery", percent=100, services=["delivery"], min_check=cents("60")
    )
    return discount


def offs(till: Till, *services: str, client: Client | None = None) -> list[int]:
    return [line.discount for line in till.quote(*services, client=client).bill.lines]


def test_from_the_sum_on_delivery_is_free(till: Till, free: Discount) -> None:
    assert offs(till, "personal", "delivery") == [0, cents("5.00")]
    assert offs(till, "personal", "towel", "delivery") == [0, 0, cents("5.00")]


def test_delivery_itself_does_not_count_towards_the_sum(till: Till, free: Discount) -> None:
    bill = till.quote("2 x session", "4 x delivery").bill
    assert (bill.check_total, bill.discount_total) == (cents("60.00"), 0)
    assert [(note.code, note.facts["missing"]) for note in bill.notes] == [
        ("discount.check_too_small", cents("20.00")),
        ("hint.more", cents("20.00")),
    ]


def test_nothing_else_on_the_line_of_delivery_is_touched(till: Till, free: Discount) -> None:
    assert offs(till, "personal") == [0]


def test_a_gift_card_that_is_sold_does_not_count(till: Till, free: Discount) -> None:
    factories.DenominationFactory()
    assert till.quote("2 x session", GIFT, "delivery").bill.discount_total == 0


def test_what_a_membership_covers_does_not_count(till: Till, free: Discount, boris: Client) -> None:
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    assert offs(till, "7 x session", "delivery", client=boris) == [0, 0]
    assert offs(till, "8 x session", "delivery", client=boris) == [0, cents("5.00")]


def test_another_discount_does_not_undo_the_sum(till: Till, free: Discount) -> None:
    free.combinable = True
    free.save()
    factories.DiscountFactory(percent=50, combinable=True, priority=1)
    assert offs(till, "personal", "delivery") == [cents("30.00"), cents("5.00")]


def test_it_may_be_less_than_free(till: Till, free: Discount) -> None:
    free.percent, free.amount = None, cents("1.50")
    free.save()
    assert offs(till, "personal", "2 x delivery") == [0, cents("1.50")]
