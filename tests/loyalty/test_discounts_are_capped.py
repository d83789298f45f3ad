"""At most so much off a check: the cap is spread over the lines by largest remainder, ties to the earlier line."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def offs(till: Till, *services: str | dict[str, Any]) -> list[int]:
    return [line.discount for line in till.quote(*services).bill.lines]


def test_the_cap_is_spread_in_proportion(till: Till) -> None:
    factories.DiscountFactory(percent=50, max_discount=cents("10"))
    assert offs(till, "personal", "session") == [cents("7.50"), cents("2.50")]


def test_a_cent_that_is_left_over_goes_to_the_largest_remainder_then_to_the_earlier_line(till: Till) -> None:
    factories.DiscountFactory(percent=50, max_discount=cents("10"))
    assert offs(till, "session", "session", "session") == [cents("3.34"), cents("3.33"), cents("3.33")]
    # 10.00, 1.50 and 30.00 would come off: 2.4096..., 0.3614... and 7.2289... of the cap
    assert offs(till, "session", "towel", "personal") == [cents("2.41"), cents("0.36"), cents("7.23")]


@pytest.mark.parametrize(("cap", "off"), [("5.99", "5.99"), ("6.00", "6.00"), ("6.01", "6.00")])
def test_a_cap_that_is_not_reached_changes_nothing(till: Till, cap: str, off: str) -> None:
    factories.DiscountFactory(max_discount=cents(cap))
    assert offs(till, "personal") == [cents(off)]


def test_an_amount_may_be_capped_too(till: Till) -> None:
    factories.DiscountFactory(amount=cents("20"), max_discount=cents("8"))
    assert offs(till, "personal", "session") == [cents("6.00"), cents("2.00")]


def test_what_comes_after_it_sees_what_the_cap_has_left(till: Till) -> None:
    factories.DiscountFactory(code="a", percent=50, max_discount=cents("10"), combinable=True, priority=1)
    factories.DiscountFactory(code="b", percent=10, combinable=True, priority=2)
    assert offs(till, "personal") == [cents("15.00")]  # 10.00 and 5.00


def test_the_best_exclusive_is_chosen_by_what_it_really_takes(till: Till) -> None:
    factories.DiscountFactory(code="half", percent=50, max_discount=cents("5"))
    factories.DiscountFactory(code="ten", percent=10)
    bill = till.quote("personal").bill
    assert bill.discount_total == cents("6.00")
    assert [(note.rule, note.code) for note in bill.notes] == [("ten", "discount.percent"), ("half", "discount.outbid")]


def test_the_trace_tells_what_it_would_have_been(till: Till) -> None:
    factories.DiscountFactory(percent=50, max_discount=cents("10"))
    (note,) = till.quote("personal", "session").bill.notes
    assert (note.code, note.amount) == ("discount.capped", cents("10.00"))
    assert (note.facts["would_be"], note.facts["most"], note.facts["base"]) == (cents("40"), cents("10"), cents("80"))
    assert note.facts["lines"] == [[1, 750], [2, 250]]


def test_an_amount_goes_over_the_lines_in_proportion(till: Till) -> None:
    factories.DiscountFactory(amount=cents("1.00"))
    assert offs(till, "session", "session", "session") == [cents("0.34"), cents("0.33"), cents("0.33")]
    assert offs(till, "personal", "towel") == [cents("0.95"), cents("0.05")]  # 0.9523... and 0.0476...


def test_no_line_goes_below_nothing(till: Till) -> None:
    factories.DiscountFactory(amount=cents("1000"))
    assert offs(till, "session", "towel") == [cents("20.00"), cents("3.00")]


def test_a_free_line_takes_nothing_of_it(till: Till) -> None:
    factories.DiscountFactory(amount=cents("10"))
    assert offs(till, {"service": "session", "price": "0"}, "personal") == [0, cents("10.00")]
