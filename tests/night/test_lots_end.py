"""A lot ends with its last day, in the business's time zone, once, whatever becomes of the task that says so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from loyalty import expiry
from loyalty.expiry import expire_lots
from loyalty.models import Entry, Lot
from tests import factories
from tests.conftest import Together
from tests.night.value import NEW_YORK, TASK, account_of, entries, give
from tests.till import statements

MARCH_2 = date(2026, 3, 2)

pytestmark = pytest.mark.django_db


def test_a_lot_is_usable_to_the_end_of_its_last_day(boris: Client) -> None:
    lot = give(boris, 10000, until=MARCH_2)

    assert expire_lots(today=MARCH_2, zone=NEW_YORK, by=TASK) == 0
    assert expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK) == 1

    lot.refresh_from_db()
    assert (lot.remaining, lot.entry_count) == (0, 2)


def test_the_entry_says_what_was_lost_when_and_under_which_name(boris: Client) -> None:
    lot = give(boris, 10000, until=MARCH_2)

    expire_lots(today=date(2026, 3, 9), zone=NEW_YORK, by=TASK)

    entry = Entry.objects.get(lot=lot, number=2)
    midnight_in_new_york = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    assert (entry.kind, entry.amount, entry.remaining, entry.last_day) == ("expire", -10000, 0, MARCH_2)
    assert (entry.operation, entry.by, entry.at) == (f"expire:{lot.pk}:2026-03-02:2", "task:test", midnight_in_new_york)


@pytest.mark.parametrize("unit", ["bonus", "money", "session"])
def test_every_unit_ends_by_the_same_lots(unit: str, boris: Client) -> None:
    account = factories.AccountFactory(client=boris, unit=unit)
    give(account, 5, until=MARCH_2)

    assert expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK) == 1


def test_what_never_ends_or_is_used_up_or_owed_stays(boris: Client) -> None:
    for amount, until in ((100, None), (100, MARCH_2), (-30, None)):
        give(boris, amount, until=until)

    expire_lots(today=MARCH_2, zone=NEW_YORK, by=TASK)

    assert list(Lot.objects.order_by("pk").values_list("remaining", flat=True)) == [100, 100, -30]


def test_twice_and_late_come_to_the_same_entries(boris: Client, alice: Client) -> None:
    lots = [give(boris, 100, until=date(2026, 2, 27)), give(alice, 70, until=date(2026, 3, 1))]
    expected = [
        (lots[0].pk, -100, f"expire:{lots[0].pk}:2026-02-27:2", datetime(2026, 2, 28, 5, 0, tzinfo=UTC)),
        (lots[1].pk, -70, f"expire:{lots[1].pk}:2026-03-01:2", datetime(2026, 3, 2, 5, 0, tzinfo=UTC)),
    ]

    counts = [expire_lots(today=date(2026, 3, 5), zone=NEW_YORK, by=TASK) for _again in range(3)]

    assert counts == [2, 0, 0]
    assert entries("expire") == expected


@pytest.mark.parametrize(
    ("zone", "ended"),
    [
        pytest.param("America/New_York", datetime(2026, 3, 9, 4, 0, tzinfo=UTC), id="after a day of 23 hours"),
        pytest.param("Europe/Moscow", datetime(2026, 3, 8, 21, 0, tzinfo=UTC), id="Moscow"),
        pytest.param("Pacific/Kiritimati", datetime(2026, 3, 8, 10, 0, tzinfo=UTC), id="fourteen hours ahead"),
    ],
)
def test_the_day_ends_where_the_business_is(zone: str, ended: datetime, boris: Client) -> None:
    give(boris, 100, until=date(2026, 3, 8))  # the clocks of New York go forward on this day

    expire_lots(today=date(2026, 3, 9), zone=ZoneInfo(zone), by=TASK)

    assert entries("expire")[0][3] == ended


def test_a_midnight_that_the_clocks_skip_is_the_moment_they_skip_it(boris: Client) -> None:
    give(boris, 100, until=date(2024, 4, 25), since=date(2024, 1, 1))  # Cairo: 00:00 on the 26th became 01:00

    expire_lots(today=date(2024, 4, 26), zone=ZoneInfo("Africa/Cairo"), by=TASK)

    assert entries("expire")[0][3] == datetime(2024, 4, 25, 22, 0, tzinfo=UTC)


def test_a_debt_is_repaid_from_a_lot_before_it_ends(boris: Client) -> None:
    debt = give(boris, -30, until=None, since=date(2026, 2, 1))
    lot = give(boris, 100, until=MARCH_2)

    expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK)

    debt.refresh_from_db()
    assert debt.remaining == 0
    moved = list(Entry.objects.filter(lot=lot).order_by("number").values_list("kind", "amount", "remaining"))
    assert moved == [("grant", 100, 100), ("transfer", -30, 70), ("expire", -70, 0)]


def test_a_debt_that_came_after_the_last_day_is_not(boris: Client) -> None:
    debt = give(boris, -30, until=None, since=date(2026, 3, 3))
    give(boris, 100, until=MARCH_2)

    expire_lots(today=date(2026, 3, 5), zone=NEW_YORK, by=TASK)

    debt.refresh_from_db()
    assert (debt.remaining, [row[1] for row in entries("expire")]) == (-30, [-100])


@pytest.mark.parametrize("at_once", [2000, 1])
def test_several_lots_repay_one_debt_soonest_first(
    at_once: int, boris: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they are expired in different ranges, and the later one first: it came in earlier."""
    monkeypatch.setattr(expiry, "AT_ONCE", at_once)
    give(boris, -120, until=None, since=date(2026, 2, 1))
    later, sooner = give(boris, 100, until=MARCH_2), give(boris, 100, until=date(2026, 3, 1))

    expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK)

    assert [(row[0], row[1]) for row in entries("expire")] == [(later.pk, -80)]
    assert Lot.objects.exclude(remaining=0).count() == 0
    assert Entry.objects.filter(lot=sooner).order_by("number").last().amount == -100  # type: ignore[union-attr]


def test_a_range_after_the_other_until_nothing_is_left(business: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 2)
    for _client in range(5):
        give(factories.ClientFactory(), 10, until=MARCH_2)

    assert expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK) == 5


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 6])
def test_ranges_leave_no_lot_between_them(at_once: int, business: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", at_once)
    account = account_of(factories.ClientFactory())
    for number in range(6):
        give(account, 10, until=date(2026, 3, 1 + number % 2))
        give(account, 10, until=date(2026, 4, 1))

    assert expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK) == 6
    assert Lot.objects.exclude(remaining=0).count() == 6


def test_a_night_with_nothing_to_expire_asks_twice(boris: Client) -> None:
    give(boris, 10, until=MARCH_2)

    assert len(statements(lambda: expire_lots(today=MARCH_2, zone=NEW_YORK, by=TASK))) == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_expire_each_lot_once(boris: Client, alice: Client, together: Together) -> None:
    for client in (boris, alice):
        account = account_of(client)
        for _lot in range(20):
            give(account, 10, until=MARCH_2)

    def work() -> int:
        return expire_lots(today=date(2026, 3, 3), zone=NEW_YORK, by=TASK)

    counts = together(work, work, work)

    assert sum(counts) == 40
    assert (len(entries("expire")), Lot.objects.exclude(remaining=0).count()) == (40, 0)
