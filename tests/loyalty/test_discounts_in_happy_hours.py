"""Happy hours: by the clock of the location; the first minute is in, the last is out; over midnight."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from clients.models import Location
from loyalty.models import Discount
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def happy(**columns: Any) -> Discount:
    discount: Discount = factories.DiscountFactory(code="happy", name="Happy hours", kind="hours", **columns)
    return discount


def at(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> Till:
    """The desk at this moment of 2026, in UTC."""
    return Till(now=datetime(2026, month, day, hour, minute, second, tzinfo=UTC))


def is_happy(till: Till, **offers: Any) -> bool:
    bill = till.quote("personal", **offers).bill
    assert bill.discount_total in (0, cents("6.00"))
    return bool(bill.discount_total)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "inside"),
    [
        (13, 59, 59, False),
        (14, 0, 0, True),  # 9:00 in New York
        (16, 59, 59, True),
        (17, 0, 0, False),  # 12:00
    ],
)
def test_the_first_minute_is_in_and_the_last_is_out(
    till: Till, hour: int, minute: int, second: int, inside: bool
) -> None:
    happy(from_time=time(9), to_time=time(12))
    assert is_happy(at(3, 2, hour, minute, second)) is inside


def test_outside_it_says_so(till: Till) -> None:
    happy(from_time=time(9), to_time=time(12))
    assert [note.code for note in till.quote("personal").bill.notes] == ["discount.other_hours"]


@pytest.mark.parametrize(("day", "inside"), [(2, True), (3, True), (4, False), (8, False), (9, True)])
def test_it_is_for_some_weekdays(till: Till, day: int, inside: bool) -> None:
    happy(weekdays="mon,tue")
    assert is_happy(at(3, day, 17)) is inside


def test_the_clock_is_that_of_the_location(till: Till) -> None:
    """Noon in New York is 9:00 in Los Angeles."""
    happy(from_time=time(9), to_time=time(12))
    factories.LocationFactory(code="west", name="West", timezone="America/Los_Angeles")
    assert not is_happy(till)
    assert is_happy(till, location="west")
    assert is_happy(till.later(hours=2, minutes=59), location="west")
    assert not is_happy(till.later(hours=3), location="west")


def test_the_weekday_is_that_of_the_location(till: Till) -> None:
    """In Tokyo it is Tuesday while it is Monday in New York."""
    happy(weekdays="tue")
    tokyo: Location = factories.LocationFactory(code="tokyo", name="Tokyo", timezone="Asia/Tokyo")
    assert not is_happy(till)
    assert is_happy(till, location=tokyo.code)


@pytest.mark.parametrize(
    ("day", "hour", "inside"),
    [
        (3, 2, False),  # Monday, 21:00
        (3, 3, True),  # Monday, 22:00
        (3, 6, True),  # Tuesday, 1:00
        (3, 7, False),  # Tuesday, 2:00
        (2, 6, False),  # Monday, 1:00: that night began on Sunday
        (4, 4, False),  # Tuesday, 23:00
    ],
)
def test_a_night_belongs_to_the_weekday_on_which_it_began(till: Till, day: int, hour: int, inside: bool) -> None:
    happy(weekdays="mon", from_time=time(22), to_time=time(2))
    assert is_happy(at(3, day, hour)) is inside


def test_a_night_from_sunday_to_monday(till: Till) -> None:
    happy(weekdays="sun", from_time=time(22), to_time=time(2))
    assert is_happy(at(3, 2, 6))
    assert not is_happy(at(3, 3, 6))


def test_until_midnight_and_from_midnight(till: Till) -> None:
    happy(from_time=time(18))
    assert is_happy(at(3, 3, 4, 59))  # Monday, 23:59
    assert not is_happy(at(3, 3, 5))
    Discount.objects.update(from_time=None, to_time=time(18))
    assert is_happy(at(3, 3, 5))
    assert not is_happy(at(3, 2, 23))


@pytest.mark.parametrize(
    ("month", "day", "hour", "inside"),
    [
        (3, 7, 14, True),  # 9:00 of the day before the clocks go forward
        (3, 8, 13, True),  # 9:00 of the day itself
        (3, 8, 16, False),  # 12:00
        (10, 31, 13, True),
        (11, 1, 14, True),  # the clocks went back
        (11, 1, 13, False),
    ],
)
def test_a_day_on_which_the_clocks_change_has_its_hours_all_the_same(
    till: Till, month: int, day: int, hour: int, inside: bool
) -> None:
    happy(from_time=time(9), to_time=time(12))
    assert is_happy(at(month, day, hour)) is inside


def test_any_discount_may_be_for_some_hours(till: Till) -> None:
    factories.DiscountFactory(weekdays="mon", to_time=time(12, 1))
    assert is_happy(till)
    assert not is_happy(till.later(minutes=1))
