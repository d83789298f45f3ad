"""No letters by night, by the clock on the wall of the business, also when that clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.letters.quiet import is_quiet, quiet_until
from clients.letters.sending import send_due
from clients.models import Client, LetterRules, LetterTemplate
from tests.letters.conftest import Mailbox, fate, put

NEW_YORK = ZoneInfo("America/New_York")
FORWARD = datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
"""2:00 in New York becomes 3:00."""
BACK = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
"""2:00 in New York becomes 1:00."""


def until(at: datetime, begins: str, ends: str) -> str:
    """When letters go again, by the wall clock of New York; "now" if they go at once."""
    end = quiet_until(at, time.fromisoformat(begins), time.fromisoformat(ends), NEW_YORK)
    return f"{end.astimezone(NEW_YORK):%d %H:%M %Z}" if end else "now"


def wall(day: int, clock: str, month: int = 3) -> datetime:
    return datetime.combine(date(2026, month, day), time.fromisoformat(clock), tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "begins", "ends", "expected"),
    [
        (wall(2, "20:59"), "21:00", "09:00", "now"),
        (wall(2, "21:00"), "21:00", "09:00", "03 09:00 EST"),
        (wall(2, "23:59"), "21:00", "09:00", "03 09:00 EST"),
        (wall(3, "00:00"), "21:00", "09:00", "03 09:00 EST"),
        (wall(3, "08:59"), "21:00", "09:00", "03 09:00 EST"),
        (wall(3, "09:00"), "21:00", "09:00", "now"),
        (wall(3, "13:30"), "13:00", "14:00", "03 14:00 EST"),
        (wall(3, "14:00"), "13:00", "14:00", "now"),
        (wall(3, "13:30"), "13:00", "13:00", "now"),
        # Forward: the night of 8 March is an hour shorter, the morning still begins at nine.
        (wall(7, "22:00"), "21:00", "09:00", "08 09:00 EDT"),
        (FORWARD - timedelta(minutes=10), "21:00", "02:30", "08 03:00 EDT"),
        (FORWARD, "21:00", "02:30", "now"),
        # Back: the night of 1 November is an hour longer.
        (wall(31, "22:00", 10), "21:00", "09:00", "01 09:00 EST"),
        (BACK - timedelta(minutes=50), "21:00", "01:30", "01 01:30 EDT"),
        (BACK - timedelta(minutes=20), "21:00", "01:30", "now"),
        (BACK + timedelta(minutes=10), "21:00", "01:30", "01 01:30 EST"),
    ],
)
def test_the_end_of_the_quiet_hours(at: datetime, begins: str, ends: str, expected: str) -> None:
    assert until(at, begins, ends) == expected


@given(
    at=st.integers(0, 365 * 24 * 60 - 1).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    begins=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["America/New_York", "Europe/Moscow", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_at_the_end_it_is_not_quiet_and_just_before_it_is(at: datetime, begins: time, ends: time, zone: str) -> None:
    end = quiet_until(at, begins, ends, ZoneInfo(zone))
    if end is None:
        assert not is_quiet(at, begins, ends, ZoneInfo(zone))
        return
    assert end > at
    assert is_quiet(end - timedelta(minutes=1), begins, ends, ZoneInfo(zone))
    assert not is_quiet(end, begins, ends, ZoneInfo(zone))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (wall(7, "23:00"), datetime(2026, 3, 8, 13, 0, tzinfo=UTC)),
        (wall(31, "23:00", 10), datetime(2026, 11, 1, 14, 0, tzinfo=UTC)),
    ],
)
def test_letters_wait_for_the_morning_through_a_change_of_the_clock(
    mailbox: Mailbox,
    rules: LetterRules,
    boris: Client,
    template: LetterTemplate,
    evening: datetime,
    morning: datetime,
) -> None:
    letter = put(boris, template, evening)
    at = evening
    while at < morning:
        assert send_due(now=at) == 0
        at += timedelta(minutes=30)
    assert at == morning

    assert send_due(now=morning) == 1
    assert fate(letter) == ("sent", "")
