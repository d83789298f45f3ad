"""The same service again within N days: day N itself counts, a purchase that has wholly come back does not."""

from __future__ import annotations

import pytest

from clients.models import Client, Location
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def again(till: Till) -> Discount:
    discount: Discount = factories.DiscountFactory(code="again", name="Same again", kind="repeat", days=30)
    return discount


def off(till: Till, *services: str, client: Client) -> int:
    return till.quote(*services, client=client).bill.discount_total


def test_only_what_was_bought_before_is_cheaper(till: Till, again: Discount, boris: Client) -> None:
    till.sell("session", client=boris)
    bill = till.later(days=3).quote("personal", "session", client=boris).bill
    assert [line.discount for line in bill.lines] == [0, cents("2.00")]


def test_the_first_time_costs_its_price(till: Till, again: Discount, boris: Client) -> None:
    bill = till.quote("session", client=boris).bill
    assert (bill.discount_total, [note.code for note in bill.notes]) == (0, ["discount.not_again"])


def test_what_another_client_bought_does_not_count(till: Till, again: Discount, boris: Client, alice: Client) -> None:
    till.sell("session", client=alice)
    till.sell("session")
    assert off(till.later(days=1), "session", client=boris) == 0


@pytest.mark.parametrize(
    ("hours", "counts"),
    [
        (1, True),
        (24 * 30, True),
        (24 * 30 + 10, True),  # 23:00 of the 30th day: the clocks of New York went forward on 8 March
        (24 * 30 + 11, False),  # midnight
        (24 * 31, False),
    ],
)
def test_the_last_day_counts_to_its_end(till: Till, again: Discount, boris: Client, hours: float, counts: bool) -> None:
    till.sell("session", client=boris)
    assert off(till.later(hours=hours), "session", client=boris) == (cents("2.00") if counts else 0)


def test_a_purchase_that_wholly_came_back_does_not_count(till: Till, again: Discount, boris: Client) -> None:
    sold = till.sell("session", client=boris)
    till.refund(sold)
    assert off(till.later(days=1), "session", client=boris) == 0


def test_a_line_that_wholly_came_back_does_not_count_though_the_check_stands(
    till: Till, again: Discount, boris: Client
) -> None:
    sold = till.sell("session", "personal", client=boris)
    till.refund(sold, (1, 1))
    bill = till.later(days=1).quote("session", "personal", client=boris).bill
    assert [line.discount for line in bill.lines] == [0, cents("6.00")]


def test_one_of_two_that_was_kept_counts(till: Till, again: Discount, boris: Client) -> None:
    sold = till.sell("2 x session", client=boris)
    till.refund(sold, (1, 1))
    assert off(till.later(days=1), "session", client=boris) == cents("2.00")
    till.refund(sold, (1, 1))
    assert off(till.later(days=1), "session", client=boris) == 0


def test_an_older_purchase_does_not_hide_a_newer_one_nor_the_other_way_round(
    till: Till, again: Discount, boris: Client
) -> None:
    till.sell("session", client=boris)
    newer = till.later(days=20)
    sold = newer.sell("session", client=boris)
    assert off(till.later(days=45), "session", client=boris) == cents("2.00")
    newer.refund(sold)
    assert off(till.later(days=30), "session", client=boris) == cents("2.00")
    assert off(till.later(days=45), "session", client=boris) == 0


def test_two_rules_of_different_length_each_look_back_their_own_way(till: Till, again: Discount, boris: Client) -> None:
    factories.DiscountFactory(code="soon", kind="repeat", days=7, percent=25)
    till.sell("session", client=boris)
    assert off(till.later(days=7), "session", client=boris) == cents("5.00")
    assert off(till.later(days=8), "session", client=boris) == cents("2.00")


def test_only_the_named_services_are_cheaper_the_second_time(till: Till, again: Discount, boris: Client) -> None:
    again.services = ["personal"]
    again.save()
    till.sell("session", "personal", client=boris)
    assert off(till.later(days=1), "session", "personal", client=boris) == cents("6.00")


def test_it_counts_at_which_location_ever_it_was(till: Till, again: Discount, boris: Client) -> None:
    riverside: Location = factories.LocationFactory(code="riverside", name="Riverside")
    basket = till.basket("session", client=boris, location=riverside.code)
    till.settle(basket, cash=cents("20.00"))
    assert off(till.later(days=1), "session", client=boris) == cents("2.00")


def test_a_check_of_an_earlier_moment_does_not_see_what_came_after(till: Till, again: Discount, boris: Client) -> None:
    till.later(days=2).sell("session", client=boris)
    assert off(till, "session", client=boris) == 0
