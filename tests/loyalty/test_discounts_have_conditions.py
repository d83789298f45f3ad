"""What every discount may have: a minimum check, services in and out, locations, dates. Limits are included."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from clients.models import Client
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
GIFT = {"gift_card_type": "gift", "amount": "50"}


def offs(till: Till, *services: str | dict[str, Any], **offers: Any) -> list[int]:
    return [line.discount for line in till.quote(*services, **offers).bill.lines]


# --- a minimum check --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "off"), [("49.99", "0"), ("50.00", "5.00"), ("50.01", "5.00"), ("50.05", "5.01")])
def test_from_so_much_includes_it(till: Till, price: str, off: str) -> None:
    factories.DiscountFactory(min_check=cents("50"))
    assert offs(till, {"service": "session", "price": price}) == [cents(off)]


def test_how_much_is_missing_is_told_and_hinted_at_when_it_is_near(till: Till) -> None:
    factories.DiscountFactory(min_check=cents("50"))
    near = till.quote("2 x session").bill.notes
    assert [(note.code, note.facts["missing"]) for note in near] == [
        ("discount.check_too_small", cents("10.00")),
        ("hint.more", cents("10.00")),
    ]
    assert [note.code for note in till.quote("session").bill.notes] == ["discount.check_too_small"]


def test_it_is_tested_on_the_price_before_any_discount(till: Till) -> None:
    """Half off comes first and leaves 30.00; the check came to 60.00 all the same."""
    factories.DiscountFactory(code="half", percent=50, combinable=True, priority=1)
    factories.DiscountFactory(code="more", min_check=cents("60"), combinable=True, priority=2)
    assert till.quote("personal").bill.check_total == cents("27.00")


def test_a_discount_cannot_undo_its_own_condition(till: Till) -> None:
    factories.DiscountFactory(min_check=cents("60"), percent=90)
    assert till.quote("personal").bill.check_total == cents("6.00")


def test_all_services_count_towards_it_also_those_it_is_not_for(till: Till) -> None:
    factories.DiscountFactory(min_check=cents("63"), services=["towel"])
    assert offs(till, "personal", "towel") == [0, cents("0.30")]
    assert offs(till, "2 x session", "towel") == [0, 0]


def test_what_a_membership_covers_does_not_count_towards_it(till: Till, boris: Client) -> None:
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    factories.DiscountFactory(min_check=cents("40"))
    assert offs(till, "6 x session", client=boris) == [0]
    assert offs(till, "7 x session", client=boris) == [cents("4.00")]


def test_a_gift_card_that_is_sold_does_not_count_towards_it(till: Till) -> None:
    factories.DenominationFactory()
    factories.DiscountFactory(min_check=cents("60"))
    assert offs(till, "2 x session", GIFT) == [0, 0]


def test_a_price_by_hand_is_the_price(till: Till) -> None:
    factories.DiscountFactory(min_check=cents("60"))
    assert offs(till, {"service": "personal", "price": "59.99"}) == [0]


# --- services in and out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("services", "exclude", "off"),
    [
        ([], [], ["2.00", "6.00", "0.30"]),
        (["session"], [], ["2.00", "0", "0"]),
        (["training"], [], ["2.00", "6.00", "0"]),
        (["training", "towel"], [], ["2.00", "6.00", "0.30"]),
        (["training"], ["personal"], ["2.00", "0", "0"]),
        ([], ["training"], ["0", "0", "0.30"]),
        ([], ["towel", "session"], ["0", "6.00", "0"]),
        (["session"], ["training"], ["0", "0", "0"]),
        (["nothing"], [], ["0", "0", "0"]),
    ],
)
def test_services_and_categories_are_in_or_out(
    till: Till, services: list[str], exclude: list[str], off: list[str]
) -> None:
    factories.DiscountFactory(services=services, exclude=exclude)
    assert offs(till, "session", "personal", "towel") == [cents(text) for text in off]


def test_a_check_with_nothing_of_it_says_so(till: Till) -> None:
    factories.DiscountFactory(services=["personal"])
    assert [note.code for note in till.quote("session").bill.notes] == ["discount.nothing_fits"]


@pytest.mark.parametrize("discount", [{"percent": 100}, {"amount": cents("999")}], ids=["percent", "amount"])
def test_gift_cards_and_memberships_are_sold_at_their_price(
    till: Till, boris: Client, discount: dict[str, Any]
) -> None:
    factories.DenominationFactory()
    factories.PlanFactory()
    factories.DiscountFactory(**discount)
    sold = offs(till, GIFT, "personal", {"membership_plan": "five"}, client=boris)
    assert sold == [0, cents("60.00"), 0]


def test_a_name_of_a_gift_card_or_a_plan_names_no_service(till: Till, boris: Client) -> None:
    factories.DenominationFactory()
    factories.PlanFactory()
    factories.DiscountFactory(services=["gift", "five", "gift_card", "membership"])
    assert offs(till, GIFT, {"membership_plan": "five"}, client=boris) == [0, 0]


# --- where and when ---------------------------------------------------------------------------------------------------


def test_it_is_given_at_some_locations(till: Till) -> None:
    factories.LocationFactory(code="riverside", name="Riverside")
    factories.DiscountFactory(locations=["riverside", "elsewhere"])
    assert offs(till, "personal", location="riverside") == [cents("6.00")]
    bill = till.quote("personal").bill
    assert (bill.discount_total, [note.code for note in bill.notes]) == (0, ["discount.elsewhere"])


@pytest.mark.parametrize(
    ("moment", "runs"),
    [
        (datetime(2026, 3, 3, 4, 59, 59, tzinfo=UTC), False),  # 2 March, 23:59:59 in New York
        (datetime(2026, 3, 3, 5, 0, tzinfo=UTC), True),  # 3 March, midnight
        (datetime(2026, 3, 10, 3, 59, 59, tzinfo=UTC), True),  # 9 March, 23:59:59: summer time by now
        (datetime(2026, 3, 10, 4, 0, tzinfo=UTC), False),
    ],
)
def test_its_first_and_its_last_day_are_days_of_the_business_to_their_end(
    till: Till, moment: datetime, runs: bool
) -> None:
    factories.DiscountFactory(from_day=date(2026, 3, 3), to_day=date(2026, 3, 9))
    factories.LocationFactory(code="west", name="West", timezone="America/Los_Angeles")
    assert offs(Till(now=moment), "personal") == [cents("6.00") if runs else 0]
    assert offs(Till(now=moment), "personal", location="west") == [cents("6.00") if runs else 0]


def test_one_that_is_switched_off_does_nothing(till: Till) -> None:
    factories.DiscountFactory(enabled=False)
    bill = till.quote("personal").bill
    assert (bill.discount_total, bill.notes) == (0, ())


def test_one_that_is_changed_acts_as_it_is_now(till: Till) -> None:
    factories.DiscountFactory()
    assert offs(till, "personal") == [cents("6.00")]
    Discount.objects.update(percent="12.345")
    assert offs(till, "personal") == [cents("7.41")]  # 7.407
