"""Services together: as many units of each part as there are complete sets, the dearer ones first."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def bundle(till: Till) -> Discount:
    """A session of 20.00 with a towel of 3.00: 15 % off both."""
    discount: Discount = factories.DiscountFactory(
        code="set", name="Set", kind="bundle", percent=15, services=["session", "towel"]
    )
    return discount


def offs(till: Till, *services: str, client: Client | None = None) -> list[int]:
    return [line.discount for line in till.quote(*services, client=client).bill.lines]


def test_a_complete_set_is_cheaper(till: Till, bundle: Discount) -> None:
    assert offs(till, "session", "towel") == [cents("3.00"), cents("0.45")]


def test_what_is_not_of_the_set_costs_its_price(till: Till, bundle: Discount) -> None:
    assert offs(till, "personal", "towel", "session") == [0, cents("0.45"), cents("3.00")]


def test_a_part_alone_is_no_set_and_what_is_missing_is_told(till: Till, bundle: Discount) -> None:
    bill = till.quote("3 x session", client=None).bill
    assert bill.discount_total == 0
    assert [(note.stage, note.code) for note in bill.notes] == [
        ("discount", "discount.not_complete"),
        ("hint", "hint.complete"),
    ]
    assert bill.notes[1].facts["part"] == "Towel"


def test_only_units_of_complete_sets_are_cheaper(till: Till, bundle: Discount) -> None:
    """Three sessions and two towels are two sets: the third session costs its price."""
    assert offs(till, "3 x session", "2 x towel") == [cents("6.00"), cents("0.90")]


def test_a_part_may_stand_on_several_lines(till: Till, bundle: Discount) -> None:
    assert offs(till, "session", "session", "2 x towel") == [cents("3.00"), cents("3.00"), cents("0.90")]
    assert offs(till, "session", "session", "towel") == [cents("3.00"), 0, cents("0.45")]


def test_a_category_may_be_a_part_and_its_dearer_units_are_taken(till: Till, bundle: Discount) -> None:
    bundle.services = ["training", "towel"]
    bundle.save()
    assert offs(till, "session", "personal", "towel") == [0, cents("9.00"), cents("0.45")]
    assert offs(till, "session", "personal", "2 x towel") == [cents("3.00"), cents("9.00"), cents("0.90")]


def test_three_parts_make_a_set(till: Till, bundle: Discount) -> None:
    bundle.services = ["session", "towel", "personal"]
    bundle.save()
    assert offs(till, "session", "towel") == [0, 0]
    assert offs(till, "2 x session", "towel", "personal") == [cents("3.00"), cents("0.45"), cents("9.00")]


def test_units_that_a_membership_covers_do_not_count(till: Till, bundle: Discount, boris: Client) -> None:
    """Five sessions are covered: with six the sixth makes the only set that is paid."""
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    assert offs(till, "5 x session", "towel", client=boris) == [0, 0]
    assert offs(till, "6 x session", "2 x towel", client=boris) == [cents("3.00"), cents("0.45")]


def test_what_is_left_out_is_no_part(till: Till, bundle: Discount) -> None:
    bundle.services, bundle.exclude = ["training", "towel"], ["personal"]
    bundle.save()
    assert offs(till, "personal", "towel") == [0, 0]
    assert offs(till, "personal", "session", "towel") == [0, cents("3.00"), cents("0.45")]


def test_an_amount_is_off_the_check_however_many_sets_there_are(till: Till, bundle: Discount) -> None:
    bundle.percent, bundle.amount = None, cents("4.60")
    bundle.save()
    assert offs(till, "session", "towel") == [cents("4.00"), cents("0.60")]
    assert sum(offs(till, "2 x session", "2 x towel")) == cents("4.60")


def test_no_more_than_the_set_costs_comes_off(till: Till, bundle: Discount) -> None:
    bundle.percent, bundle.amount = None, cents("100.00")
    bundle.save()
    assert offs(till, "2 x session", "towel") == [cents("20.00"), cents("3.00")]
