"""Of every N units the cheapest is free, or cheaper; what a membership covers does not count."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def third(till: Till) -> Discount:
    """Of three the cheapest is free."""
    discount: Discount = factories.DiscountFactory(code="third", name="Third", kind="cheapest", buy=3, percent=100)
    return discount


def offs(till: Till, *services: str, client: Client | None = None) -> list[int]:
    return [line.discount for line in till.quote(*services, client=client).bill.lines]


@pytest.mark.parametrize(("units", "free"), [(1, 0), (2, 0), (3, 1), (5, 1), (6, 2), (7, 2), (9, 3)])
def test_of_every_three_one_is_free(till: Till, third: Discount, units: int, free: int) -> None:
    assert offs(till, f"{units} x session") == [cents("20.00") * free]


def test_it_is_the_cheapest_of_all_that_is_free(till: Till, third: Discount) -> None:
    assert offs(till, "personal", "towel", "session") == [0, cents("3.00"), 0]
    assert offs(till, "4 x personal", "towel", "session") == [0, cents("3.00"), cents("20.00")]


def test_of_equal_prices_it_is_the_same_service_wherever_it_stands(till: Till, third: Discount) -> None:
    factories.ServiceFactory(code="yoga", name="Yoga", price=cents("20"))
    assert offs(till, "session", "yoga", "2 x personal") == [cents("20.00"), 0, 0]
    assert offs(till, "yoga", "2 x personal", "session") == [0, 0, cents("20.00")]


def test_the_cheapest_may_be_half_price(till: Till, third: Discount) -> None:
    third.percent, third.buy = 50, 2
    third.save()
    assert offs(till, "personal", "session") == [0, cents("10.00")]


def test_only_what_it_is_for_is_counted(till: Till, third: Discount) -> None:
    third.services = ["training"]
    third.save()
    assert offs(till, "2 x session", "9 x towel") == [0, 0]
    assert offs(till, "2 x session", "9 x towel", "personal") == [cents("20.00"), 0, 0]


def test_covered_units_do_not_count(till: Till, third: Discount, boris: Client) -> None:
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    assert offs(till, "7 x session", client=boris) == [0]
    assert offs(till, "8 x session", client=boris) == [cents("20.00")]


def test_how_many_are_missing_is_told(till: Till, third: Discount) -> None:
    bill = till.quote("2 x session").bill
    assert [(note.stage, note.code) for note in bill.notes] == [
        ("discount", "discount.too_few"),
        ("hint", "hint.one_more"),
    ]
    assert bill.notes[0].facts["missing_units"] == 1


def test_the_free_unit_is_its_share_of_what_an_earlier_discount_left(till: Till, third: Discount) -> None:
    """Three sessions less 10 % are 54.00; a third of that is 18.00."""
    third.combinable = True
    third.save()
    factories.DiscountFactory(combinable=True, priority=10)
    assert offs(till, "3 x session") == [cents("24.00")]
