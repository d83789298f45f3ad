"""Chains: what is done for a client after an occasion, step by step, until it has worked.

`occasions` finds whom a chain begins for, `beginning` makes their ways, `steps` says purely what is to be done and when
it goes on, `going` does it in batches, `acting` gives and writes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from loyalty import watermarks
from loyalty.chains.beginning import AT_ANY_HOUR, BEFORE_THE_REVIEW, WITH_BONUSES, begin_due
from loyalty.chains.going import EndedAlready, go_on, stop
from loyalty.house import House
from loyalty.models import ChainStep

__all__ = ["EndedAlready", "before_review", "begin_due", "go_on", "night", "run", "stop"]

TASK = "loyalty.chains"
NIGHT = "loyalty.chains.night"
"""How far the nights have come: after what they gave, which `run` may not have seen yet."""


def run(*, today: date, now: datetime) -> int:
    """Everything that chains owe by now: the nights that were not looked at, who joined or came since, what is due.

    How many ways began or went on. Safe to run at any hour, twice, late and in parallel. Raises `NotSetUp`.
    """
    count = 0
    for day in watermarks.days_due(TASK, today):
        count += begin_due(day=day, now=now) + _go_on(day, now)
        watermarks.advance(TASK, day)
    for day in (today - timedelta(days=1), today):
        count += begin_due(day=day, now=now, kinds=AT_ANY_HOUR)
    watermarks.seen(TASK, now)
    return count + _go_on(today, now)


def night(*, day: date, house: House, now: datetime) -> int:
    """Every night that is owed, each by itself, today's once more, and what is due by now. The last duty of the night.

    A night that is named and lies ahead or behind is looked at alone, and leaves what is owed.
    """
    if day != house.day(now):
        return begin_due(day=day, now=now) + _go_on(day, now)
    count = 0
    for one in _owed(day):
        count += begin_due(day=one, now=now) + _go_on(one, now)
        watermarks.advance(TASK, one)
        watermarks.advance(NIGHT, one)
    return count + run(today=day, now=now)


def before_review(*, day: date, house: House, now: datetime) -> int:
    """What begins before a tier falls, for every night that is owed; how many ways began.

    The review writes down the falls of all these nights at once, and then nobody can tell who was to fall. Raises
    `NotSetUp`.
    """
    owed = _owed(day) if day == house.day(now) else [day]
    return sum(begin_due(day=one, now=now, kinds=BEFORE_THE_REVIEW) for one in owed)


def _owed(today: date) -> list[date]:
    """The nights that nobody has looked at, or not after what they gave; today's in any case."""
    return sorted({*watermarks.days_due(TASK, today), *watermarks.days_due(NIGHT, today), today})


def _go_on(day: date, now: datetime) -> int:
    """What is due by now, and what begins on this day with the bonuses that chains have just given."""
    count = gone = go_on(now=now)
    while gone and _gives():
        begun = begin_due(day=day, now=now, kinds=WITH_BONUSES)
        gone = go_on(now=now) if begun else 0
        count += begun + gone
    return count


def _gives() -> bool:
    return ChainStep.objects.filter(chain__enabled=True, enabled=True, action=ChainStep.Action.BONUS).exists()
