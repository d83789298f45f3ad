"""What a night does, in this order: pending lots open, birthdays, win-back, tiers, expiry.

`run_daily` does all of it at once, as the command of that name does by hand; each task does its own part, and
`catch_up` does whatever is overdue. All three take from the watermarks which days are owed, so it does not matter
who comes first, how often, or how late. Every run leaves a `NightRun`; a failure of one task keeps none of the others
from running, and the task owes its day until it succeeds.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clients.actors import Actor
from loyalty import watermarks
from loyalty.birthdays import grant_birthday_bonuses
from loyalty.expiry import expire_lots
from loyalty.house import House, NotSetUp, load_house
from loyalty.models import NightRun
from loyalty.pending import count_activated
from loyalty.review import review_tiers
from loyalty.winback import grant_winback_bonuses

log = logging.getLogger(__name__)
KEEP_RUNS = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Night:
    """The night that begins this day: what a task is told."""

    day: date
    house: House
    now: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Duty:
    """A part of the night. One that is not done night by night is done once for all nights that are owed."""

    task: str
    do: Callable[[Night], int]
    every_night: bool = True


DUTIES = (
    Duty("loyalty.activate_pending", lambda n: count_activated(day=n.day, zone=n.house.zone)),
    Duty("loyalty.grant_birthday_bonuses", lambda n: grant_birthday_bonuses(day=n.day, zone=n.house.zone, by=n.by)),
    Duty("loyalty.grant_winback_bonuses", lambda n: grant_winback_bonuses(day=n.day, zone=n.house.zone, by=n.by)),
    Duty("loyalty.review_tiers", lambda n: review_tiers(day=n.day, now=n.now), every_night=False),
    Duty("loyalty.expire_lots", lambda n: expire_lots(today=n.day, zone=n.house.zone, by=n.by), every_night=False),
)
BY_TASK = {duty.task: duty for duty in DUTIES}
HasCome = Callable[[str, datetime], bool]


def run_daily(*, now: datetime, day: date | None = None) -> list[NightRun]:
    """Everything a night does, in order: for all nights that are owed and for today once more, or for `day` alone.

    A night that is named is done whatever was done before, and counts as done only if it is the next one owed.
    Raises `NotSetUp`.
    """
    house = load_house()
    if day is not None:
        return [_run(duty, day, house, now) for duty in DUTIES]
    today = house.day(now)
    return [run for duty in DUTIES for run in _run_days(duty, _owed(duty, today) or [today], house, now)]


def run_task(task: str, *, now: datetime) -> list[NightRun]:
    """What one task owes today, for every night that is owed. Nothing before the business is set up."""
    try:
        house = load_house()
    except NotSetUp:
        return []
    duty = BY_TASK[task]
    return _run_days(duty, _owed(duty, house.day(now)), house, now)


def catch_up(*, now: datetime, has_come: HasCome = lambda _task, _since: True) -> list[NightRun]:
    """Whatever is overdue, in the order of the night. `has_come(task, since)` says whether the task's hour has come
    since it last ran; one that never ran is not asked about.
    """
    try:
        house = load_house()
    except NotSetUp:
        return []
    today = house.day(now)
    runs = []
    for duty in DUTIES:
        since = watermarks.last_seen(duty.task)
        if since is None or has_come(duty.task, since):
            runs += _run_days(duty, _owed(duty, today), house, now)
    NightRun.objects.filter(started_at__lt=now - KEEP_RUNS).delete()
    return runs


def _owed(duty: Duty, today: date) -> list[date]:
    days = watermarks.days_due(duty.task, today)
    return days if duty.every_night else days[-1:]


def _run_days(duty: Duty, days: Iterable[date], house: House, now: datetime) -> list[NightRun]:
    """Night after night; after one that failed the later ones wait."""
    runs: list[NightRun] = []
    for day in days:
        runs.append(_run(duty, day, house, now))
        if runs[-1].failure:
            break
    return runs


def _run(duty: Duty, day: date, house: House, now: datetime) -> NightRun:
    """One night of one task, and its record. What went wrong is recorded, logged, and tried again later."""
    began = time.monotonic()
    count, failure = 0, ""
    try:
        count = duty.do(Night(day=day, house=house, now=now, by=Actor.task(duty.task)))
    except Exception as error:  # one failing task must not keep the others from running
        log.exception("%s failed for %s", duty.task, day)
        failure = "".join(traceback.format_exception_only(error)).strip()
    if not failure:
        watermarks.seen(duty.task, now)
        if _is_next(duty, day, house.day(now)):
            watermarks.advance(duty.task, day)
    took = round((time.monotonic() - began) * 1000)
    return NightRun.objects.create(
        task=duty.task, day=day, started_at=now, took_ms=took, count=count, failure=failure[:2000]
    )


def _is_next(duty: Duty, day: date, today: date) -> bool:
    """Done up to this day? Not if it lies ahead or far behind, nor if an earlier night is still owed."""
    owed = watermarks.days_due(duty.task, today)
    return owed[:1] == [day] if duty.every_night else owed[-1:] == [day]
