"""A cashback program as plain values: its rungs, when it gives more, what it gives at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.falling import Fall, Held, Missing, Stairs, come_to, held_of, missing_for
from loyalty.mechanics import Person, Scene
from loyalty.money import Money
from loyalty.periods import Week, is_running
from loyalty.scope import Scope
from loyalty.terms import Terms
from loyalty.tiers import Counted, Rung, next_after


@dataclass(frozen=True, slots=True)
class Multiplier:
    """So many times the share, on these days and hours."""

    factor: Decimal
    week: Week
    from_day: date | None
    to_day: date | None

    def acts(self, scene: Scene) -> bool:
        return is_running(self, scene.today) and self.week.on(scene.local)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a program gives at most."""

    check: Money | None = None
    day: Money | None = None
    month: Money | None = None


NO_CAPS = Caps()
EVERYTHING = Scope()
ONCE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Cumulative:
    """One cashback program with its rungs."""

    id: int
    code: str
    name: str
    window_days: int | None
    from_day: date | None
    to_day: date | None
    rungs: tuple[Rung, ...]
    terms: Terms
    segment: int | None = None
    scope: Scope = EVERYTHING
    multipliers: tuple[Multiplier, ...] = ()
    caps: Caps = NO_CAPS
    falls_one_step: bool = False

    @property
    def stairs(self) -> Stairs:
        """What it says of rising and falling."""
        return Stairs(self.id, self.window_days, self.falls_one_step, self.rungs)

    def counted(self, total: Money, windows: Mapping[int, Counted], today: date) -> Counted:
        """What counts: all that was spent, or what its window holds."""
        return Counted.of_total(total, today) if self.window_days is None else windows[self.window_days]

    def factor(self, scene: Scene) -> Decimal:
        """How many times its share it gives now."""
        return max((one.factor for one in self.multipliers if one.acts(scene)), default=ONCE)

    def held_by(self, person: Person, today: date) -> Held | None:
        """Where the client stands: what is on record, falls that have come included; else on the rung that all their
        spending reaches.

        Where the owner has taken the one on record away, it is the rung that its threshold reaches, until the night.
        """
        record = person.tiers.get(self.id)
        if record is not None:
            return held_of(self.stairs, record, today)
        rung = self.stairs.unrecorded(person.total_spent)
        return Held(rung, today) if rung is not None else None

    def rung_of(self, person: Person, today: date) -> Rung | None:
        held = self.held_by(person, today)
        return held.rung if held is not None else None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a client stands in a program, for the balance page: the rung, the next one, and how far it is."""

    program: Cumulative
    rung: Rung | None
    next: Rung | None
    remaining: Money
    fall: Missing | None = None
    """The next fall that comes by itself, and what keeps the tier."""
    is_near: bool = False
    """It is time to warn of it."""
    by_hand: bool = False
    """It is at least what staff have set it to."""
    by_hand_until: date | None = None


def ladder(program: Cumulative, person: Person, counted: Counted, today: date) -> Ladder:
    """How far it is to the next rung, and what keeps this one, from what counts for this program."""
    held = program.held_by(person, today)
    rung = held.rung if held is not None else None
    above = next_after(program.rungs, rung)
    floor = held.floor if held is not None and held.floor is not None and held.floor.holds(today) else None
    record = person.tiers.get(program.id)
    coming = come_to([Fall(*one) for one in record.falls], today)[1] if record is not None else ()
    return Ladder(
        program=program,
        rung=rung,
        next=above,
        remaining=Money(max(0, above.from_spent - counted.on(today))) if above is not None else Money(0),
        fall=missing_for(rung, coming[0], program.rungs, counted) if rung is not None and coming else None,
        by_hand=floor is not None,
        by_hand_until=floor.until if floor is not None else None,
    )
