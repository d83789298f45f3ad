"""The way through a chain, step by step. Pure: what is known goes in, what is to be done and when it goes on comes out.

A step has a moment at which it is due: so many days (by the calendar where the business is) and hours after the step
before it was due, never after it was done. A worker that was away does all steps that have become due, each by what
was true when it was due, so the way through a chain and the bonuses on it are the same whenever the worker comes. One
thing is asked of the present: a letter is not written any more if what would stop the chain has happened since, or if
what it is about is over.

Worked example. The lot ends on Monday the 9th; the chain begins on Monday the 2nd, seven days before, at midnight:

1. at once, a letter;                               due Monday 2nd, 00:00
2. after 4 days, if not spent, an SMS;              due Friday 6th, 00:00

and it stops when the client has been here. Boris comes on Wednesday: on Friday he is found to have been here, and the
chain stops. Alice does not come: on Friday she gets the SMS, and her chain has come to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from loyalty.models import ChainRun, ChainStep

Action = ChainStep.Action
Condition = ChainStep.Condition
State = ChainRun.State

SKIPPED = "skipped"
VISITED, SPENT, SAID_STOP, BY_HAND, ERASED = "visited", "spent", "step", "hand", "erased"
"""Why a chain stopped, as it is stored."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a client on the way at a moment."""

    visited: bool = False
    """They have been here since the chain began, on a check that has not wholly come back."""
    spent: bool = False
    """Nothing is left of the bonuses that it began with, and not because they ended."""
    over: bool = False
    """Those bonuses have ended, or are no longer there: there is nothing to write about."""
    has_email: bool = False
    segments: frozenset[int] = frozenset()


FactsAt: TypeAlias = "Callable[[datetime], Facts]"


@dataclass(frozen=True, slots=True)
class Step:
    """After so long, if the condition holds, do this, then go on with `then`; else nothing, and on with `otherwise`."""

    number: int
    action: str
    days: int = 0
    hours: int = 0
    condition: str = Condition.ALWAYS
    segment: int | None = None
    template: int | None = None
    channel: str = ""
    program: int | None = None
    then: int | None = None
    otherwise: int | None = None

    def due(self, before: datetime, zone: ZoneInfo) -> datetime:
        """When it is due after a step that was due at `before`: the same time of day, also where the clocks change."""
        local = (before.astimezone(zone).replace(tzinfo=None) + timedelta(days=self.days)).replace(tzinfo=zone)
        return local.astimezone(UTC) + timedelta(hours=self.hours)

    def holds(self, facts: Facts) -> bool:
        return {
            Condition.ALWAYS: True,
            Condition.VISITED: facts.visited,
            Condition.NOT_VISITED: not facts.visited,
            Condition.SPENT: facts.spent,
            Condition.NOT_SPENT: not facts.spent,
            Condition.HAS_EMAIL: facts.has_email,
            Condition.IN_SEGMENT: self.segment in facts.segments,
        }[Condition(self.condition)]


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain with its steps, in the order of their numbers."""

    id: int
    code: str
    name: str
    steps: tuple[Step, ...]
    stop_when_visited: bool = True
    stop_when_spent: bool = False

    def at(self, number: int) -> Step | None:
        """The step of this number; where it was taken away, the next one."""
        return next((step for step in self.steps if step.number >= number), None)

    def after(self, step: Step, *, held: bool) -> Step | None:
        """Where it goes on from here. Only ever forward, so that every way has an end."""
        wanted = (step.then if held else step.otherwise) or step.number + 1
        return self.at(max(wanted, step.number + 1))

    def stops(self, facts: Facts) -> str:
        """Why it stops by itself; "" if it does not."""
        if self.stop_when_visited and facts.visited:
            return VISITED
        return SPENT if self.stop_when_spent and facts.spent else ""

    def gives_from(self, step: Step) -> bool:
        """Whether bonuses may still come at this step or a later one."""
        return any(one.action == Action.BONUS for one in self.steps if one.number >= step.number)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was looked at when it was due: `did` is its action, or `skipped`."""

    step: Step
    did: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Way:
    """How far a client has come."""

    taken: tuple[Taken, ...]
    state: str
    step: int
    next_at: datetime
    reason: str = ""


def walk(chain: Chain, number: int, due: datetime, facts_at: FactsAt, *, now: datetime, zone: ZoneInfo) -> Way:
    """All steps that are due by now, from this one on."""
    taken: list[Taken] = []
    step, present = chain.at(number), facts_at(now)
    while step is not None and due <= now:
        facts = facts_at(due)
        if reason := chain.stops(facts):
            taken.append(Taken(step, Action.STOP, due))
            return Way(tuple(taken), State.STOPPED, step.number, due, reason)
        held = step.holds(facts)
        taken.append(Taken(step, _did(chain, step, held, present), due))
        if taken[-1].did == Action.STOP:
            return Way(tuple(taken), State.STOPPED, step.number, due, SAID_STOP)
        following = chain.after(step, held=held)
        if following is None:
            return Way(tuple(taken), State.DONE, step.number, due)
        step = following
        due = step.due(due, zone)
    if step is None:
        return Way(tuple(taken), State.DONE, number, due)
    # What has happened since stops it at once, unless bonuses may still come: those go by what is true when they do.
    if (reason := chain.stops(present)) and not chain.gives_from(step):
        taken.append(Taken(step, Action.STOP, due))
        return Way(tuple(taken), State.STOPPED, step.number, due, reason)
    return Way(tuple(taken), State.WAITING, step.number, due)


def _did(chain: Chain, step: Step, held: bool, present: Facts) -> str:
    if not held:
        return SKIPPED
    too_late = step.action == Action.LETTER and (present.over or bool(chain.stops(present)))
    return SKIPPED if too_late else step.action
