"""The rule itself, pure: from the rungs, the tier held and what counts, the days on which a client falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from loyalty.tiers import DAY, Counted, Rung, higher, next_below, reached


@dataclass(frozen=True, slots=True)
class Stairs:
    """What a cashback program says of rising and falling. A fall is to what was earned, or one step."""

    program: int
    window_days: int | None
    one_step: bool
    rungs: tuple[Rung, ...]

    def rung(self, tier: int | None, from_spent: int) -> Rung | None:
        """The rung of this tier; where the owner has taken it away, the one that its threshold reaches."""
        if tier is None:
            return None
        return next((rung for rung in self.rungs if rung.id == tier), None) or reached(self.rungs, from_spent)

    def unrecorded(self, total: int) -> Rung | None:
        """Where a client stands of whom nothing is on record: on the rung that all their spending reaches."""
        return reached(self.rungs, total if self.window_days is None else 0)


@dataclass(frozen=True, slots=True)
class Fall:
    """On this day the client comes to this tier (None: to none)."""

    day: date
    tier: int | None
    short_from: date
    """The first night in which the spending did not reach the tier that is left."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A tier that was set by hand: nobody falls below it up to its last day (None: for ever)."""

    rung: Rung
    since: date
    until: date | None

    def holds(self, day: date) -> bool:
        return self.until is None or day <= self.until


@dataclass(frozen=True, slots=True)
class Held:
    """The rung a client stands on, and what bears on their fall from it."""

    rung: Rung
    since: date
    short_from: date | None = None
    """The first night in which the spending did not reach it, where that is known from before."""
    extension_days: int = 0
    floor: Floor | None = None

    @property
    def is_given(self) -> bool:
        """From a hand alone: the client did not stand on it before, and has reached no higher one since."""
        floor = self.floor
        return floor is not None and self.rung.from_spent <= floor.rung.from_spent and self.since >= floor.since


@dataclass(frozen=True, slots=True)
class Plan:
    """All the falls that will come, soonest first."""

    falls: tuple[Fall, ...] = ()
    is_due: bool = False
    """Already short, and nothing but the next night is waited for."""


NOTHING_COMES = Plan()


def come_to(falls: Sequence[Fall], day: date) -> tuple[Fall | None, tuple[Fall, ...]]:
    """The last fall that has come by this day, and those that are still to come."""
    passed = [fall for fall in falls if fall.day <= day]
    return (passed[-1] if passed else None), tuple(falls[len(passed) :])


def stand(
    stairs: Stairs,
    held: Held | None,
    counted: Counted,
    *,
    today: date,
    is_night: bool = False,
    climbs: bool = True,
    at_once: bool = False,
) -> tuple[Held | None, Plan]:
    """Where the client stands now, and what will come. `held` is as of today, falls that have come included.

    `is_night`: asked in the night that begins today, which may lower; else only later nights do. `climbs`: the spending
    lifts the client. `at_once`: it lowers the client too, whatever the terms of the tier (never below a floor).
    """
    held = _moved(stairs, held, counted.on(today), today, climbs=climbs, at_once=at_once)
    if held is None:
        return None, NOTHING_COMES
    still_short = held.short_from is not None and held.short_from <= today
    if not (still_short and counted.on(today) < held.rung.from_spent):
        held = replace(held, short_from=None)
    coming = plan(stairs, held, counted, today=today, is_night=is_night)
    fall, rest = come_to(coming.falls, today)
    return (held, coming) if fall is None else (fallen(stairs, held, fall), Plan(rest))


def fallen(stairs: Stairs, held: Held, fall: Fall) -> Held | None:
    """Where a client stands after a fall: on a tier that begins its own terms."""
    rung = next((rung for rung in stairs.rungs if rung.id == fall.tier), None)
    return Held(rung, fall.day, floor=held.floor) if rung is not None else None


def _moved(stairs: Stairs, held: Held | None, counts: int, today: date, *, climbs: bool, at_once: bool) -> Held | None:
    """Up to what was earned, and to what was set by hand; down with `at_once` only."""
    earned, now = reached(stairs.rungs, counts), held.rung if held is not None else None
    floor = held.floor if held is not None else None
    goes_to = earned if at_once else (higher(earned, now) if climbs else now)
    if floor is not None and floor.holds(today):
        goes_to = higher(goes_to, floor.rung)
    if goes_to == now:
        return held
    return Held(goes_to, today, floor=floor) if goes_to is not None else None


def plan(stairs: Stairs, held: Held, counted: Counted, *, today: date, is_night: bool = False) -> Plan:
    """The falls that come if nothing is spent any more. `held.short_from` counts as said in `stand`."""
    falls: list[Fall] = []
    at: Held | None = held
    night = today if is_night else _later(today, 1)
    short = held.short_from or counted.first_below(held.rung.from_spent, night)
    while at is not None and short is not None and (fall := _next_fall(stairs, at, counted, short, night)) is not None:
        falls.append(fall)
        at = fallen(stairs, at, fall)
        night = _later(fall.day, 1)
        short = counted.first_below(at.rung.from_spent, fall.day) if at is not None else None
    return Plan(tuple(falls), not is_night and _is_due(held, counted, falls, today))


def _next_fall(stairs: Stairs, at: Held, counted: Counted, short: date, night: date) -> Fall | None:
    """The next fall of whoever is short from a night on; in `night` at the soonest."""
    day = max(_due(at, short), night)
    # A floor that has ended the day before still decides about this night.
    floor = at.floor if at.floor is not None and at.floor.holds(night - DAY) else None
    if floor is not None and at.rung.from_spent <= floor.rung.from_spent:
        if floor.until is None:
            return None
        end = _later(floor.until, 1)
        if short <= end and (at.is_given or day <= end):
            return Fall(end, _id(reached(stairs.rungs, counted.on(end))), short)
    to = next_below(stairs.rungs, at.rung) if stairs.one_step else reached(stairs.rungs, counted.on(day))
    if floor is not None and floor.holds(day):
        to = higher(to, floor.rung)
    return Fall(day, _id(to), short)


def _due(at: Held, short: date) -> date:
    """The day on which the terms of the tier let go of whoever is short from this night on."""
    term = max(short, _later(at.since, at.rung.min_days))
    return _later(term, at.rung.grace_days + at.extension_days)


def _is_due(held: Held, counted: Counted, falls: Sequence[Fall], today: date) -> bool:
    if not falls or falls[0].day != _later(today, 1) or counted.on(today) >= held.rung.from_spent:
        return False
    floor = held.floor
    if floor is not None and floor.holds(today) and held.rung.from_spent <= floor.rung.from_spent:
        return False
    return _due(held, min(falls[0].short_from, today)) <= today


def _id(rung: Rung | None) -> int | None:
    return rung.id if rung is not None else None


def _later(day: date, days: int) -> date:
    """So many days later, or the end of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
