"""What a night does, in this order, and why in this one:

0. What was begun and not finished: closures, so that nothing ends which was to live longer.
1. *Pending lots open.* Time opens them; they are counted before anything new comes in.
2. *Grants*: birthdays and personal dates, then win-back. Before the expiry, because a night that is made up late may
   grant a lot whose last day has passed already: it comes and ends in the same night, as it would have in time.
3. *Tiers* rise and fall by what was spent up to the day. Before the reminders, which warn of what falls next.
4. *Expiry* of every lot whose last day is over.
5. *Balances that have reached a sum*: after what came and what went, for this is then the balance of the day.
6. *Reminders*, and the chains whose occasion the day is, last: nobody is told of what is no longer there.

What the rooms above bring to the night stands between these, in the order of `settings.NIGHT`.

`run_daily` does all of it at once, as the command of that name does by hand; each task does its own part, and
`catch_up` does whatever is overdue. All three take from the watermarks which days are owed, so it does not matter
who comes first, how often, or how late. Every run leaves a `NightRun`, written before its work; a failure of one task
keeps none of the others from running, and the task owes its day until it succeeds.

One process at a time does the night: the lease `NIGHT`. Beat's tasks and `catch_up` leave it to whoever holds it and
look again five minutes later; the command does not ask, since a person does. What a night posts is the same however
many do it, so a lease that runs out (its holder was killed, or slept) costs work and nothing else.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from clients.actors import Actor
from loyalty import chains, closures, watermarks
from loyalty.birthdays import grant_birthday_bonuses
from loyalty.dates import grant_date_bonuses
from loyalty.expiry import expire_lots
from loyalty.house import House, NotSetUp, load_house
from loyalty.milestones import grant_balance_milestones
from loyalty.models import NightRun
from loyalty.occasions import Tonight
from loyalty.pending import count_activated
from loyalty.reminders import write_reminders
from loyalty.review import review_tiers
from loyalty.winback import grant_winback_bonuses

log = logging.getLogger(__name__)
KEEP_RUNS = timedelta(days=180)
NIGHT = "night"
HOLD = watermarks.LONGEST_RUN
"""Longer than Celery lets a task live: whoever holds the lease longer is dead."""


@dataclass(frozen=True, slots=True)
class Night:
    """The night that begins this day: what a task is told."""

    day: date
    house: House
    now: datetime
    by: Actor
    by_hand: bool = False
    """By the command, and not by the clock."""
    is_named: bool = False
    """This very night was asked for."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A part of the night. One that is not done night by night is done once for all nights that are owed."""

    task: str
    do: Callable[[Night], int]
    every_night: bool = True
    counts: Any = ""
    """What its number counts, lazily translated."""


def _tonight(night: Night) -> Tonight:
    return Tonight(night.day, night.house, night.now, night.by, is_named=night.is_named)


def _birthdays_and_dates(night: Night) -> int:
    return grant_birthday_bonuses(_tonight(night)) + grant_date_bonuses(_tonight(night))


def _chains_and_tiers(night: Night) -> int:
    begun = chains.before_review(day=night.day, house=night.house, now=night.now)
    return begun + review_tiers(day=night.day, now=night.now, by_hand=night.by_hand)


def _expire(night: Night) -> int:
    house = night.house
    return expire_lots(today=night.day, zone=house.zone, by=night.by, listens=house.listens)


def _reminders_and_chains(night: Night) -> int:
    told = write_reminders(day=night.day, house=night.house, now=night.now)
    return told + chains.night(day=night.day, house=night.house, now=night.now)


OPEN_PENDING = Duty(
    "loyalty.activate_pending",
    lambda n: count_activated(day=n.day, zone=n.house.zone),
    counts=gettext_lazy("Pending bonuses became usable"),
)
BIRTHDAYS = Duty(
    "loyalty.grant_birthday_bonuses",
    _birthdays_and_dates,
    counts=gettext_lazy("Bonuses for birthdays and other dates"),
)
WINBACK = Duty(
    "loyalty.grant_winback_bonuses",
    lambda night: grant_winback_bonuses(_tonight(night)),
    counts=gettext_lazy("Win-back bonuses"),
)
TIERS = Duty("loyalty.review_tiers", _chains_and_tiers, every_night=False, counts=gettext_lazy("Tiers that changed"))
EXPIRE = Duty(
    "loyalty.expire_lots",
    _expire,
    every_night=False,
    counts=gettext_lazy("Bonuses, gift cards and memberships that ended"),
)
BALANCES = Duty(
    "loyalty.review_balances",
    lambda night: grant_balance_milestones(_tonight(night)),
    counts=gettext_lazy("Bonuses for balances that reached a sum"),
)
REMIND = Duty(
    "loyalty.remind_expiring",
    _reminders_and_chains,
    every_night=False,
    counts=gettext_lazy("Letters about what ends soon"),
)


@cache
def duties() -> tuple[Duty, ...]:
    """What a night does, in its order."""
    return tuple(import_string(path) for path in settings.NIGHT)


HasCome = Callable[[str, datetime], bool]
TooLong = tuple[type[BaseException], ...]
"""What tells a worker that its time is nearly up: who runs the night there knows."""


@dataclass(slots=True)
class Shift:
    """One process at work: the moment it began, the lease it holds (None: it works without), whether its time is up."""

    house: House
    now: datetime
    by_hand: bool
    lease: datetime | None
    too_long: TooLong = ()
    is_over: bool = False
    named: date | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def today(self) -> date:
        return self.house.day(self.now)

    def clock(self) -> datetime:
        """What the time is now: what the caller said it was, and what has gone by since."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def goes_on(self) -> bool:
        """Before each piece of work: hold the lease longer. Not if the time is up, or if another took over."""
        if self.lease is not None and not self.is_over:
            self.lease = watermarks.renew(NIGHT, self.lease, now=self.clock(), for_=HOLD)
            self.is_over = self.lease is None and not self.by_hand
        return not self.is_over


@contextmanager
def _shift(house: House, now: datetime, *, by_hand: bool = False, too_long: TooLong = ()) -> Iterator[Shift]:
    """Hold the lease while it works. If another holds it there is nothing to do, but for whoever works by hand."""
    lease = watermarks.claim(NIGHT, now=now, for_=HOLD)
    shift = Shift(house, now, by_hand, lease, too_long, is_over=lease is None and not by_hand)
    try:
        _finish_what_was_begun(shift)
        yield shift
    finally:
        if shift.lease is not None:
            watermarks.release(NIGHT, shift.lease)


def _finish_what_was_begun(shift: Shift) -> None:
    if shift.is_over:
        return
    try:
        closures.go_on(house=shift.house, now=shift.now)
    except shift.too_long:
        shift.is_over = True
    except Exception:  # a closure that fails must not keep the night from running; it is tried again each time
        log.exception("a closure could not be finished")


def run_daily(*, now: datetime, day: date | None = None) -> list[NightRun]:
    """Everything a night does, in order: for all nights that are owed up to `day` (today), and for that one.

    `day` is done whatever was done before. What lies ahead of today, or behind a night that is still owed, does not
    count as done. Raises `NotSetUp`.
    """
    house = load_house()
    with _shift(house, now, by_hand=True) as shift:
        last = shift.named = day or shift.today
        return [run for duty in duties() for run in _run_days(duty, _owed(duty, last) or [last], shift)]


def run_task(task: str, *, now: datetime, too_long: TooLong = ()) -> list[NightRun]:
    """What one task owes today, for every night that is owed. Nothing before the business is set up."""
    try:
        house = load_house()
    except NotSetUp:
        return []
    duty = next(duty for duty in duties() if duty.task == task)
    with _shift(house, now, too_long=too_long) as shift:
        return _run_days(duty, _owed(duty, shift.today), shift)


def catch_up(
    *, now: datetime, has_come: HasCome = lambda _task, _since: True, too_long: TooLong = ()
) -> list[NightRun]:
    """Whatever is overdue, in the order of the night. `has_come(task, since)` says whether the task's hour has come
    since it last ran; one that never ran is not asked about.
    """
    try:
        house = load_house()
    except NotSetUp:
        return []
    runs = []
    with _shift(house, now, too_long=too_long) as shift:
        for duty in duties():
            since = watermarks.last_seen(duty.task)
            if since is None or has_come(duty.task, since):
                runs += _run_days(duty, _owed(duty, shift.today), shift)
    NightRun.objects.filter(started_at__lt=now - KEEP_RUNS).delete()
    return runs


def _owed(duty: Duty, today: date) -> list[date]:
    days = watermarks.days_due(duty.task, today)
    return days if duty.every_night else days[-1:]


def _run_days(duty: Duty, days: Iterable[date], shift: Shift) -> list[NightRun]:
    """Night after night; after one that failed the later ones wait."""
    runs: list[NightRun] = []
    for day in days:
        if not shift.goes_on():
            break
        runs.append(_run(duty, day, shift))
        if runs[-1].failure:
            break
    return runs


def _run(duty: Duty, day: date, shift: Shift) -> NightRun:
    """One night of one task, and its record. What went wrong is recorded, logged, and tried again later."""
    run = watermarks.begin_run(duty.task, day, shift.clock())
    count, failure = 0, ""
    try:
        count = duty.do(
            Night(
                day, shift.house, shift.now, Actor.task(duty.task), by_hand=shift.by_hand, is_named=day == shift.named
            )
        )
    except shift.too_long:  # what it has written stays; a minute is left to say so and to stop
        log.warning("%s for %s was stopped by its time limit", duty.task, day)
        failure, shift.is_over = watermarks.TOO_LONG, True
    except Exception as error:  # one failing task must not keep the others from running
        log.exception("%s failed for %s", duty.task, day)
        failure = "".join(traceback.format_exception_only(error)).strip()
        if not connection.in_atomic_block:  # a database that went away and came back: the next duty connects anew
            connection.close_if_unusable_or_obsolete()
    if not failure:
        watermarks.seen(duty.task, shift.now)
        if _is_next(duty, day, shift.today):
            watermarks.advance(duty.task, day)
    watermarks.end_run(run, at=shift.clock(), count=count, failure=failure)
    return run


def _is_next(duty: Duty, day: date, today: date) -> bool:
    """Done up to this day? Not if it lies ahead or far behind, nor if an earlier night is still owed."""
    owed = watermarks.days_due(duty.task, today)
    return owed[:1] == [day] if duty.every_night else owed[-1:] == [day]
