"""Often, late, after outages, killed anywhere, across changes of the clocks: the same entries at the same moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from clients.models import Business, Client
from loyalty import ledger, night
from loyalty.models import Entry, Lot, NightRun, Standing
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.night.value import account_of, entries, give

pytestmark = pytest.mark.django_db
FIRST, DAYS = date(2026, 3, 1), 40
Nights = Iterable[tuple[int, int]]
"""(day of the forty on which the worker runs, how often)."""


@pytest.fixture
def gym(business: Business, boris: Client, alice: Client) -> Business:
    """Birthdays, an absence, lots that end on twelve days and one that opens, a debt: something for many nights."""
    for client, born in ((boris, date(1990, 3, 9)), (alice, date(1984, 4, 4))):
        client.birthday = born
        client.save()
    factories.BonusProgramFactory(
        code="birthday", name="Birthday", trigger="birthday", amount=Money(100000), days_before=7, lifetime_days=10
    )
    factories.BonusProgramFactory(
        code="missyou",
        name="We miss you",
        trigger="inactivity",
        days=20,
        repeat_days=15,
        amount=Money(300),
        lifetime_days=5,
    )
    visit = factories.VisitFactory(client=alice, at=factories.NOW - timedelta(days=12))
    Standing.objects.update_or_create(client=alice, defaults={"visits": 1, "last_visit_at": visit.at})
    for days in range(0, 36, 3):
        give(boris, 1000, until=FIRST + timedelta(days=days), since=date(2026, 1, 1))
    give(boris, 500, until=date(2026, 4, 2), since=date(2026, 3, 20))
    give(alice, -250, until=None, since=date(2026, 3, 1))
    return business


def state() -> list[tuple[Any, ...]]:
    """What the ledger holds: everything but the ids and the order in which it was written."""
    return sorted(
        Entry.objects.values_list("lot__operation", "number", "kind", "amount", "remaining", "last_day", "at"), key=str
    )


def wrong_lots() -> list[str]:
    """What the proof finds wrong with the ledger; the visit here is a bare row."""
    return [line for line in prove() if line.startswith(("lot", "account", "entry"))]


def after(nights: Nights) -> list[tuple[Any, ...]]:
    """Live through forty days, with the worker there on these, at noon; what comes of it. Nothing is kept."""
    with transaction.atomic():
        for day, times in nights:
            for _again in range(times):
                night.catch_up(now=datetime.combine(FIRST + timedelta(days=day), time(17), tzinfo=UTC))
        found = state()
        assert wrong_lots() == []
        transaction.set_rollback(True)
    return found


EVERY_DAY = [(day, 1) for day in range(DAYS)]
PATTERNS = {
    "twice": [(day, 2) for day in range(DAYS)],
    "five times": [(day, 5) for day in range(DAYS)],
    "every second day": [(0, 1), *((day, 1) for day in range(1, DAYS, 2))],
    "five days off": [(day, 1) for day in range(DAYS) if day % 6 == 0 or day in (0, DAYS - 1)],
    "thirty days off": [(day, 1) for day in range(DAYS) if day < 3 or day > 33],
    "only at the end": [(0, 1), (DAYS - 1, 1)],
    "now and then": [(0, 1), (1, 3), (6, 1), (7, 1), (12, 2), (13, 1), (29, 5), (DAYS - 1, 1)],
}


@pytest.mark.long
def test_every_pattern_comes_to_the_same(gym: Business) -> None:
    expected = after(EVERY_DAY)

    for name, nights in PATTERNS.items():
        assert after(nights) == expected, name
    assert sum(row[2] == "expire" for row in expected) >= 12
    assert sum(row[0].startswith(("birthday:", "winback:")) and row[1] == 1 for row in expected) >= 3


# --- killed ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


def kill(patch: pytest.MonkeyPatch, name: str, at: int) -> None:
    """The call of this function of the ledger after so many others is the last thing the process does."""
    whole: Callable[..., Any] = getattr(ledger, name)
    left = [at]

    def cut(*args: Any, **kwargs: Any) -> Any:
        done = whole(*args, **kwargs)
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return done

    patch.setattr(ledger, name, cut)


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("name", ["post", "expire_due"])
def test_killed_anywhere_the_next_night_goes_on(
    name: str, at: int, gym: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = after([(0, 1), (25, 1), (DAYS - 1, 1)])
    night.catch_up(now=datetime(2026, 3, 1, 17, tzinfo=UTC))
    with monkeypatch.context() as patch, transaction.atomic():
        kill(patch, name, at)
        try:
            night.catch_up(now=datetime(2026, 3, 26, 17, tzinfo=UTC))
        except Killed:
            killed = NightRun.objects.latest("pk")
            assert (killed.failure, killed.count) == ("interrupted", 0)

    night.catch_up(now=datetime(2026, 3, 26, 18, tzinfo=UTC))
    night.catch_up(now=datetime(2026, 4, 9, 17, tzinfo=UTC))

    assert (state(), wrong_lots()) == (expected, [])


# --- clocks ----------------------------------------------------------------------------------------------------------

CHANGES = [
    pytest.param("America/New_York", date(2026, 3, 8), id="New York, an hour less"),
    pytest.param("America/New_York", date(2026, 11, 1), id="New York, an hour more"),
    pytest.param("Africa/Cairo", date(2026, 4, 24), id="Cairo, midnight is skipped"),
    pytest.param("Africa/Cairo", date(2026, 10, 29), id="Cairo, midnight comes twice"),
    pytest.param("America/Santiago", date(2026, 9, 6), id="Santiago, midnight is skipped"),
    pytest.param("America/Santiago", date(2026, 4, 4), id="Santiago, midnight comes twice"),
]


@pytest.mark.parametrize("minutes", [-90, -31, -1, 1, 29, 59, 61, 119])
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_a_day_whose_clocks_change_is_one_night(
    zone: str, change: date, minutes: int, business: Business, boris: Client
) -> None:
    """A lot ends on each day around the change. However near to midnight one looks, only what is over has ended."""
    Business.objects.update(timezone=zone)
    days = [change + timedelta(days=offset) for offset in range(-2, 3)]
    lots = {give(boris, 100, until=day).pk: day for day in days}
    local = ZoneInfo(zone)

    for day in (*days, days[-1] + timedelta(days=1), days[-1] + timedelta(days=2)):
        now = datetime.combine(day, time.min, tzinfo=local).astimezone(UTC) + timedelta(minutes=minutes)
        for _again in range(2):
            night.catch_up(now=now)
        today = now.astimezone(local).date()
        alive = set(Lot.objects.filter(remaining__gt=0).values_list("pk", flat=True))
        assert alive == {lot for lot, last_day in lots.items() if last_day >= today}

    moments = {lot: at for lot, _amount, _operation, at in entries("expire")}
    assert {at.astimezone(local).date() for at in moments.values()} == {day + timedelta(days=1) for day in days}
    assert len(moments) == len(lots)
    assert all((at - timedelta(seconds=1)).astimezone(local).date() == lots[lot] for lot, at in moments.items())


def test_the_business_moves_east_on_an_expiry_day(business: Business, boris: Client) -> None:
    """At eight in the evening of 4 March it moves from New York to Moscow, where it is 5 March: the day is over."""
    give(boris, 100, until=date(2026, 3, 4))
    evening = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
    night.catch_up(now=evening)
    assert entries("expire") == []

    Business.objects.update(timezone="Europe/Moscow")
    night.catch_up(now=evening + timedelta(minutes=5))

    assert [row[3] for row in entries("expire")] == [datetime(2026, 3, 4, 21, 0, tzinfo=UTC)]
    assert prove() == []


def test_the_business_moves_west_on_an_expiry_day(business: Business, boris: Client) -> None:
    """In Moscow 5 March has begun and the lot has ended; in New York it is 4 March again.

    What ended stays so, nothing is done twice, and the night of 5 March is not missed.
    """
    Business.objects.update(timezone="Europe/Moscow")
    give(boris, 100, until=date(2026, 3, 4))
    other = give(boris, 70, until=date(2026, 3, 5))
    night.catch_up(now=datetime(2026, 3, 4, 21, 30, tzinfo=UTC))
    assert len(entries("expire")) == 1

    Business.objects.update(timezone="America/New_York")
    for hours in (1, 12, 24, 36):
        night.catch_up(now=datetime(2026, 3, 4, 21, 30, tzinfo=UTC) + timedelta(hours=hours))

    assert [(row[0], row[3]) for row in entries("expire")][1:] == [(other.pk, datetime(2026, 3, 6, 5, 0, tzinfo=UTC))]
    assert (len(entries("expire")), prove()) == (2, [])
    assert account_of(boris).pk == other.account_id
