"""A stamp for each service that is paid for; so many give a free one, for the next check."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clients.models import Client, Location
from loyalty.checkout import quote
from loyalty.models import FreeService, Lot
from loyalty.money import Money
from loyalty.receipts import receipt_of
from tests import factories
from tests.memberships.conftest import buy
from tests.presents import factories as presents
from tests.presents.conftest import assert_proved, free_of, give_free, stamps_of, told
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def program(**values: Any) -> None:
    presents.StampProgramFactory(**values)


def test_each_unit_of_the_set_gives_one(till: Till, boris: Client) -> None:
    program(needed=10)
    sold = till.sell("2 x session", "towel", client=boris)
    assert (stamps_of(boris), free_of(boris), told(sold, "stamps")) == (2, 0, ["stamps.given"])
    till.sell("session", client=boris)
    assert stamps_of(boris) == 3
    assert_proved()


def test_the_third_brings_a_free_one_for_the_next_check(till: Till, boris: Client) -> None:
    program(free_days=30)
    till.sell("2 x session", client=boris)
    sold = till.sell("session", client=boris)
    assert (sold.visit.to_pay, stamps_of(boris), free_of(boris)) == (2000, 0, 1)
    assert told(sold, "stamps") == ["stamps.given", "stamps.turned"]
    free = FreeService.objects.get()
    assert (free.program, free.name, free.services, free.client) == ("three", "Three sessions", ["session"], boris)
    assert free.account.lots.get().last_day == date(2026, 4, 1)
    after = till.sell("session", client=boris)
    assert (after.visit.to_pay, stamps_of(boris), free_of(boris)) == (0, 0, 0)  # a free one gives no stamp
    assert_proved()


def test_one_check_may_bring_several_and_leaves_the_rest(till: Till, boris: Client) -> None:
    program()
    till.sell("session", client=boris)
    till.sell("7 x session", client=boris)
    assert (stamps_of(boris), free_of(boris), FreeService.objects.count()) == (2, 2, 1)


def test_what_is_free_may_be_something_else(till: Till, boris: Client) -> None:
    program(needed=1, free=["towel"])
    till.sell("session", client=boris)
    assert till.quote("towel", client=boris).bill.to_pay == 0
    assert till.quote("session", client=boris).bill.to_pay == 2000


def test_with_services_left_out_the_free_one_is_none_of_them(till: Till, boris: Client) -> None:
    program(needed=1, services=["training"], exclude=["personal"])
    till.sell("personal", client=boris)
    assert stamps_of(boris) == free_of(boris) == 0
    till.sell("session", client=boris)
    assert FreeService.objects.get().services == ["session"]


def test_covered_and_free_units_give_none(till: Till, boris: Client) -> None:
    program(needed=10)
    buy(till, boris, factories.PlanFactory(sessions=1))
    give_free(till, boris, "session")
    till.sell("3 x session", client=boris)
    assert stamps_of(boris) == 1


@pytest.mark.parametrize(
    ("discount", "stamps"),
    [
        ({"percent": 40}, 3),
        ({"percent": 100}, 0),
        ({"kind": "cheapest", "buy": 3, "percent": 100}, 2),
        ({"kind": "cheapest", "buy": 3, "percent": 50}, 3),
        ({"amount": Money(6000)}, 0),
    ],
)
def test_what_a_discount_made_free_gives_none(till: Till, boris: Client, discount: dict[str, Any], stamps: int) -> None:
    program(needed=10)
    factories.DiscountFactory(**discount)
    till.sell("3 x session", client=boris)
    assert stamps_of(boris) == stamps


def test_paying_with_bonuses_is_paying(till: Till, boris: Client) -> None:
    program(needed=10)
    till.give(boris, "20")
    assert till.sell("session", client=boris, redeem="max").visit.to_pay == 0
    assert stamps_of(boris) == 1


def test_a_check_that_earns_nothing_gives_none(till: Till, boris: Client) -> None:
    program()
    till.sell("3 x session", client=boris, earn=False)
    assert stamps_of(boris) == free_of(boris) == 0


def test_nobody_in_particular_gets_none(till: Till) -> None:
    program()
    till.sell("3 x session")
    assert Lot.objects.count() == 0


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"from_day": date(2026, 3, 3)},
        {"to_day": date(2026, 3, 1)},
        {"locations": ["riverside"]},
    ],
)
def test_a_program_gives_only_when_and_where_it_runs(till: Till, boris: Client, values: dict[str, Any]) -> None:
    factories.LocationFactory(code="riverside", name="Riverside")
    program(**values)
    till.sell("3 x session", client=boris)
    assert stamps_of(boris) == free_of(boris) == 0


def test_a_program_is_for_its_segment(till: Till, boris: Client, location: Location) -> None:
    program(segment=factories.SegmentFactory(visits_min=1))
    sold = till.sell("session", client=boris)
    assert (stamps_of(boris), told(sold, "stamps")) == (0, ["stamps.not_for"])
    till.sell("session", client=boris)
    assert stamps_of(boris) == 1


def test_stamps_end(till: Till, boris: Client) -> None:
    program(stamp_days=30)
    till.sell("2 x session", client=boris)
    later = till.later(days=31)
    later.sell("session", client=boris)
    assert free_of(boris) == 0
    later.sell("2 x session", client=boris)
    assert free_of(boris) == 1


def test_the_soonest_to_end_are_turned_first(till: Till, boris: Client) -> None:
    program(stamp_days=30)
    till.sell("2 x session", client=boris)
    till.later(days=5).sell("2 x session", client=boris)
    left = Lot.objects.filter(account__unit="stamp", remaining__gt=0).get()
    assert (left.remaining, left.last_day) == (1, till.today + timedelta(days=35))


def test_programs_collect_side_by_side(till: Till, boris: Client) -> None:
    program()
    program(code="any", name="Any two", services=[], needed=2)
    till.sell("session", "towel", client=boris)
    assert (stamps_of(boris), stamps_of(boris, "any"), free_of(boris)) == (1, 0, 1)


# --- miles ---


def test_a_mile_for_each_whole_sum_that_is_paid(till: Till, boris: Client) -> None:
    program(code="miles", name="Miles", kind="miles", per_amount=cents("10"), needed=10, services=[], free=["personal"])
    till.give(boris, "5")
    sold = till.sell("session", "towel", client=boris, redeem="5")  # 18.00 in money
    assert (stamps_of(boris, "miles"), told(sold, "stamps")) == (1, ["stamps.miles"])
    till.sell("personal", "2 x session", client=boris)
    assert (stamps_of(boris, "miles"), free_of(boris)) == (1, 1)
    assert till.quote("personal", client=boris).bill.to_pay == 0


def test_too_little_is_told(till: Till, boris: Client) -> None:
    program(code="miles", kind="miles", per_amount=cents("10"), services=[])
    sold = till.sell("towel", client=boris)
    assert (stamps_of(boris, "miles"), told(sold, "stamps")) == (0, ["stamps.too_small"])


# --- what is told ---


def test_the_receipt_says_what_was_collected(till: Till, boris: Client) -> None:
    program()
    till.sell("2 x session", client=boris)
    sold = till.sell("2 x session", client=boris)
    currency = quote(till.basket("session", client=boris), now=till.now).scene.house.currency
    why = receipt_of(sold.visit, currency).why
    texts = [(chapter.title, reason.text, reason.amount) for chapter in why.acted for reason in chapter.reasons]
    assert texts == [
        ("Stamps", "“Three sessions”, stamps for this check: 2. Collected: 4 of 3.", None),
        ("Stamps", "“Three sessions”: 3 were collected, so the next free ones are here: 1. Left over: 1.", None),
    ]


def test_a_promise_is_kept_and_counts_what_came_meanwhile(till: Till, boris: Client) -> None:
    program()
    till.sell("session", client=boris)
    basket = till.basket("session", client=boris)
    promised = till.promise(basket)
    till.sell("session", client=boris)
    till.later(minutes=5).settle(basket, cash=2000, token=promised.token)
    assert (stamps_of(boris), free_of(boris)) == (0, 1)
