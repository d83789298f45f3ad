"""A cashback program as plain values: its rungs, when it gives more, what it gives at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.mechanics import Person, Scene
from loyalty.money import Money
from loyalty.periods import Week, is_running
from loyalty.scope import Scope
from loyalty.terms import Terms
from loyalty.tiers import Rung, next_after, reached


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

    def factor(self, scene: Scene) -> Decimal:
        """How many times its share it gives now."""
        return max((one.factor for one in self.multipliers if one.acts(scene)), default=ONCE)

    def rung_of(self, person: Person) -> Rung | None:
        """The rung the client stands on: the one on record, else the one that all their spending reaches.

        Where the owner has taken the one on record away, it is the rung that its threshold reaches, until the night.
        """
        held = person.tiers.get(self.id)
        if held is None:
            return reached(self.rungs, person.total_spent if self.window_days is None else 0)
        on_record = next((rung for rung in self.rungs if rung.id == held.tier), None)
        return on_record or reached(self.rungs, held.from_spent)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a client stands in a program, for the balance page: the rung, the next one, and how far it is."""

    program: Cumulative
    rung: Rung | None
    next: Rung | None
    remaining: Money


def ladder(program: Cumulative, person: Person, spent: Money) -> Ladder:
    """How far it is to the next rung, from what counts for this program."""
    rung = program.rung_of(person)
    above = next_after(program.rungs, rung)
    return Ladder(program, rung, above, Money(max(0, above.from_spent - spent)) if above is not None else Money(0))
