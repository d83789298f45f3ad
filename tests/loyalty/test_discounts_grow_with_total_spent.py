"""The cumulative discount: by what the client had spent before the check; "from 500" includes 500."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Discount, DiscountStep, Standing
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(till: Till) -> Discount:
    """3 % from 500.00, 7.5 % from 1,000.00."""
    discount: Discount = factories.DiscountFactory(code="ladder", name="Ladder", kind="cumulative")
    factories.DiscountStepFactory(discount=discount)
    factories.DiscountStepFactory(discount=discount, from_spent=cents("1000"), percent="7.5")
    return discount


def spent(till: Till, client: Client, amount: str) -> None:
    till.account(client)
    Standing.objects.filter(client=client).update(total_spent=cents(amount))


@pytest.mark.parametrize(
    ("before", "off"),
    [
        ("0", "0"),
        ("499.99", "0"),
        ("500.00", "1.80"),
        ("999.99", "1.80"),
        ("1000.00", "4.50"),
        ("9000.00", "4.50"),
    ],
)
def test_from_so_much_includes_it(till: Till, ladder: Discount, boris: Client, before: str, off: str) -> None:
    spent(till, boris, before)
    assert till.quote("personal", client=boris).bill.discount_total == cents(off)


def test_what_this_check_adds_counts_for_the_next(till: Till, ladder: Discount, boris: Client) -> None:
    spent(till, boris, "480.00")
    assert till.sell("session", client=boris).visit.to_pay == cents("20.00")
    assert till.sell("session", client=boris).visit.to_pay == cents("19.40")


def test_a_refund_counts_from_the_next_check_on(till: Till, ladder: Discount, boris: Client) -> None:
    spent(till, boris, "480.00")
    sold = till.sell("session", client=boris)
    till.refund(sold)
    assert till.quote("session", client=boris).bill.to_pay == cents("20.00")


def test_who_is_below_the_first_step_is_told_how_far_it_is(till: Till, ladder: Discount, boris: Client) -> None:
    spent(till, boris, "380.00")
    notes = till.quote("session", client=boris).bill.notes
    assert [(note.stage, note.code, note.facts["missing"]) for note in notes] == [
        ("discount", "discount.no_step", cents("120.00")),
        ("hint", "hint.spend_more", cents("120.00")),
    ]


def test_a_step_that_was_taken_away_gives_nothing(till: Till, ladder: Discount, boris: Client) -> None:
    spent(till, boris, "1000.00")
    DiscountStep.objects.filter(from_spent=cents("1000")).update(enabled=False)
    assert till.quote("personal", client=boris).bill.discount_total == cents("1.80")


def test_a_ladder_without_steps_gives_nothing(till: Till, boris: Client) -> None:
    factories.DiscountFactory(kind="cumulative")
    assert till.quote("personal", client=boris).bill.discount_total == 0


def test_a_newcomer_has_spent_nothing(till: Till, boris: Client) -> None:
    factories.DiscountStepFactory(from_spent=cents("0.01"), percent=50)
    assert till.quote("personal", client=boris).bill.discount_total == 0
