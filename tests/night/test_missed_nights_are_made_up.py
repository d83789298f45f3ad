"""Watermarks decide which nights are owed: beat may be silent, the broker emptied, a task may run often or fail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from clients.models import Business, Client
from config import tasks, timetable
from loyalty import night, watermarks
from loyalty.models import BonusProgram, Entry, Lot, NightRun
from loyalty.money import Money
from loyalty.tasks import expire_lots, grant_birthday_bonuses
from tests import factories
from tests.conftest import Together
from tests.night.value import TASK, account_of, give
from tests.published import load_preset

pytestmark = pytest.mark.django_db
ORDER = [
    "loyalty.activate_pending",
    "referrals.give_due",
    "loyalty.grant_birthday_bonuses",
    "loyalty.grant_winback_bonuses",
    "loyalty.review_tiers",
    "memberships.expire",
    "loyalty.expire_lots",
    "memberships.renew_subscriptions",
    "loyalty.review_balances",
    "loyalty.remind_expiring",
    "referrals.look_for_suspicion",
    "referrals.make_statements",
]
NIGHT_BY_NIGHT = (*ORDER[:4], "loyalty.review_balances")
AT_ONCE = tuple(task for task in ORDER if task not in NIGHT_BY_NIGHT)
"""Done once for all nights that are owed."""


def noon(day: int, month: int = 3) -> datetime:
    """Noon in New York on a day of 2026."""
    return datetime(2026, month, day, 17, 0, tzinfo=UTC)


@pytest.fixture
def gym(business: Business, boris: Client) -> BonusProgram:
    """Boris celebrates on 9 March, a week before it he gets 1000 bonuses, and 100 of his end with 3 March."""
    boris.birthday = date(1990, 3, 9)
    boris.save()
    give(boris, 10000, until=date(2026, 3, 3))
    program: BonusProgram = factories.BonusProgramFactory(
        code="birthday", name="Birthday", trigger="birthday", amount=Money(100000), days_before=7, lifetime_days=14
    )
    return program


def did(runs: list[NightRun]) -> dict[str, int]:
    """Task → how many, of those that did anything."""
    return {run.task: run.count for run in runs if run.count}


def state() -> list[tuple[Any, ...]]:
    """Everything the ledger holds, without the order in which it was written."""
    return sorted(
        Entry.objects.values_list("lot__operation", "number", "kind", "amount", "operation", "last_day", "at")
    )


def test_a_night_does_its_work_in_order(gym: BonusProgram) -> None:
    runs = night.run_daily(now=noon(4))

    assert [run.task for run in runs] == ORDER
    assert did(runs) == {"loyalty.grant_birthday_bonuses": 1, "loyalty.expire_lots": 1}
    assert {(run.day, run.failure) for run in runs} == {(date(2026, 3, 4), "")}


def test_a_night_by_hand_is_repeatable(gym: BonusProgram) -> None:
    night.run_daily(now=noon(4))
    once = state()

    again = night.run_daily(now=noon(4))

    assert (did(again), state()) == ({}, once)


@pytest.mark.parametrize("days_late", [1, 3, 9, 30])
def test_late_comes_to_the_same_as_in_time(gym: BonusProgram, days_late: int) -> None:
    for day in range(1, 3):
        night.run_daily(now=noon(day))
    night.catch_up(now=noon(2) + timedelta(days=days_late))

    late = [
        (lot.operation, lot.first_day, lot.last_day, lot.created_at) for lot in Lot.objects.filter(program="birthday")
    ]
    boris = Client.objects.get().pk
    began = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    assert late == [(f"birthday:2026:birthday:client:{boris}", date(2026, 3, 2), date(2026, 3, 16), began)]
    expired = dict(Entry.objects.filter(kind="expire").values_list("lot__program", "at"))
    assert expired.get(None) == (datetime(2026, 3, 4, 5, 0, tzinfo=UTC) if days_late > 1 else None)
    assert expired.get("birthday") == (datetime(2026, 3, 17, 4, 0, tzinfo=UTC) if days_late == 30 else None)


def test_a_missed_birthday_is_granted_as_of_its_night(gym: BonusProgram) -> None:
    night.run_task("loyalty.grant_birthday_bonuses", now=noon(1))

    night.run_task("loyalty.grant_birthday_bonuses", now=noon(20))

    lot = Lot.objects.get(program="birthday")
    assert (lot.first_day, lot.last_day) == (date(2026, 3, 2), date(2026, 3, 16))
    days = NightRun.objects.filter(task="loyalty.grant_birthday_bonuses").order_by("pk").values_list("day", flat=True)
    assert list(days) == [date(2026, 3, day) for day in range(1, 21)]


def test_a_named_night_is_run_after_those_that_are_owed_until_then(gym: BonusProgram) -> None:
    night.run_daily(now=noon(1))

    runs = night.run_daily(now=noon(4), day=date(2026, 3, 3))

    assert [run.day.day for run in runs if run.task == "loyalty.grant_birthday_bonuses"] == [2, 3]
    assert [run.day.day for run in runs if run.task == "loyalty.expire_lots"] == [3]
    assert [day.day for day in watermarks.days_due("loyalty.grant_birthday_bonuses", date(2026, 3, 4))] == [4]
    assert Lot.objects.get(program="birthday").first_day == date(2026, 3, 2)


def test_a_named_night_that_is_done_is_run_once_more(gym: BonusProgram) -> None:
    night.run_daily(now=noon(4))

    assert {run.day.day for run in night.run_daily(now=noon(4), day=date(2026, 3, 2))} == {2}


def test_named_nights_with_gaps_between_them_miss_nobody(gym: BonusProgram) -> None:
    for day in (date(2026, 2, 20), date(2026, 3, 20)):
        night.run_daily(now=noon(20, month=2), day=day)

    lot = Lot.objects.get(program="birthday")
    assert (lot.first_day, lot.last_day) == (date(2026, 3, 2), date(2026, 3, 16))


@pytest.mark.parametrize("day", [10, 20])
def test_the_first_night_of_all_makes_up_those_since_the_business_was_set_up(gym: BonusProgram, day: int) -> None:
    watermarks.set_up(date(2026, 2, 27))

    night.catch_up(now=noon(day))

    lot = Lot.objects.get(program="birthday")
    assert (lot.first_day, lot.last_day) == (date(2026, 3, 2), date(2026, 3, 16))


def test_a_business_that_is_loaded_owes_its_nights_from_that_day(db: None, time_machine: Any) -> None:
    time_machine.move_to(noon(2), tick=False)
    load_preset("flexgym", by=TASK)

    due = watermarks.days_due("loyalty.grant_birthday_bonuses", date(2026, 3, 4))

    assert [day.day for day in due] == [2, 3, 4]


def test_nobody_is_paid_for_nights_before_a_program_was_switched_on(gym: BonusProgram) -> None:
    gym.enabled = False
    gym.save()
    night.run_daily(now=noon(1))
    gym.enabled, gym.on_since = True, noon(10)
    gym.save()

    night.run_daily(now=noon(12))

    assert not Lot.objects.filter(program="birthday").exists()


def test_a_night_that_lies_ahead_does_not_count_as_done(gym: BonusProgram) -> None:
    night.run_daily(now=noon(4), day=date(2026, 3, 20))

    assert watermarks.days_due("loyalty.expire_lots", date(2026, 3, 5)) == [date(2026, 3, 5)]


def test_a_failure_is_recorded_tried_again_and_stops_nobody_else(
    gym: BonusProgram, boris: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    BonusProgram.objects.update(limit_percent=0, lifetime_days=4_000_000)  # no date is that far away
    failed = night.run_daily(now=noon(4))

    (failure,) = [run for run in failed if run.failure]
    assert (failure.task, "OverflowError" in failure.failure) == ("loyalty.grant_birthday_bonuses", True)
    assert did(failed) == {"loyalty.expire_lots": 1}
    BonusProgram.objects.update(lifetime_days=14)
    repaired = night.catch_up(now=noon(4) + timedelta(minutes=5))
    assert [(run.task, run.count) for run in repaired] == [("loyalty.grant_birthday_bonuses", 1)]


def test_nothing_is_done_before_the_business_is_set_up() -> None:
    assert night.catch_up(now=noon(4)) == []
    assert night.run_task("loyalty.expire_lots", now=noon(4)) == []


def test_the_tasks_do_what_their_names_say(gym: BonusProgram, time_machine: Any) -> None:
    time_machine.move_to(noon(4), tick=False)

    assert (expire_lots(), expire_lots()) == (1, 0)
    assert (grant_birthday_bonuses(), grant_birthday_bonuses()) == (1, 0)


def test_catching_up_leaves_a_sign_of_life(gym: BonusProgram, time_machine: Any) -> None:
    time_machine.move_to(noon(4), tick=False)

    assert tasks.catch_up() == 2
    assert watermarks.last_seen("loyalty.catch_up") == noon(4)
    assert tasks.catch_up() == 0


def test_catching_up_waits_for_the_hour_of_the_day_and_for_no_missed_one(gym: BonusProgram) -> None:
    timetable.follow_the_business()
    night.run_daily(now=noon(3))

    def caught_up(at: datetime) -> list[str]:
        return [
            run.task for run in night.catch_up(now=at, has_come=lambda task, since: timetable.has_come(task, since, at))
        ]

    midnight = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
    assert caught_up(midnight + timedelta(minutes=1)) == []
    assert caught_up(midnight + timedelta(minutes=25)) == ORDER[:4]
    owed = {**dict.fromkeys(ORDER[:4], 3), **dict.fromkeys(AT_ONCE, 1), "loyalty.review_balances": 4}
    assert caught_up(midnight + timedelta(days=3, minutes=2)) == [task for task in ORDER for _n in range(owed[task])]


def test_what_the_owner_switched_off_is_left_alone(gym: BonusProgram) -> None:
    PeriodicTask.objects.filter(task="loyalty.expire_lots").update(enabled=False)
    night.run_daily(now=noon(3))

    at = noon(5)
    runs = night.catch_up(now=at, has_come=lambda task, since: timetable.has_come(task, since, at))

    assert "loyalty.expire_lots" not in [run.task for run in runs]


def test_the_command_says_what_a_night_did(gym: BonusProgram, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("run_daily", "--date", "2026-03-04")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "2026-03-04  Pending bonuses became usable: 0",
        "2026-03-04  Rewards for bringing friends: 0",
        "2026-03-04  Bonuses for birthdays and other dates: 1",
        "2026-03-04  Win-back bonuses: 0",
        "2026-03-04  Tiers that changed: 0",
        "2026-03-04  Memberships that ended, subscriptions suspended, and letters about a last session: 0",
        "2026-03-04  Bonuses, gift cards and memberships that ended: 1",
        "2026-03-04  Periods of subscriptions that are to be paid: 0",
        "2026-03-04  Bonuses for balances that reached a sum: 0",
        "2026-03-04  Letters about what ends soon: 0",
        "2026-03-04  Referrals that look suspicious: 0",
        "2026-03-04  Statements of partners: 0",
    ]


@pytest.mark.parametrize("said", ["2026-02-30", "tomorrow", "9999-12-31", "1999-12-31"])
def test_the_command_refuses_what_is_no_date_of_a_night(gym: BonusProgram, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("run_daily", f"--date={said}")

    assert not NightRun.objects.exists()


def test_pending_lots_are_counted_on_the_day_they_open(boris: Client) -> None:
    give(boris, 500, until=None, since=date(2026, 3, 9))
    give(boris, 500, until=None, since=date(2026, 3, 2))

    counts = [night.run_daily(now=noon(day))[0].count for day in (8, 9, 10)]

    assert counts == [0, 1, 0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_do_everything_once(gym: BonusProgram, together: Together) -> None:
    account_of(factories.ClientFactory(birthday=date(1980, 3, 10)))
    calls = [lambda: night.run_daily(now=noon(5))] * 3

    nights = together(*calls)

    done = {task: sum(run.count for runs in nights for run in runs if run.task == task) for task in ORDER}
    assert {task: count for task, count in done.items() if count} == {
        "loyalty.grant_birthday_bonuses": 2,
        "loyalty.expire_lots": 1,
    }
    assert {run.failure for runs in nights for run in runs} == {""}
