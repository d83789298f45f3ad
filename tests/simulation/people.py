"""What the reference keeps of a client: lots, checks, rungs; nothing of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.simulation import business as b

DAY = timedelta(days=1)


@dataclass
class Lot:
    """Value that came in together."""

    program: str | None
    amount: int
    remaining: int
    first: date
    last: date | None
    limit: str = "100"
    min_check: int = 0

    def is_active(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


LIMITS = {"club": ("50", 1000), "season": ("30", 0), "referral": ("40", 0)}


@dataclass
class Visited:
    """A check that was paid, and what must be undone when it comes back."""

    day: date
    is_visit: bool
    base: int
    spent: int
    service: str = ""
    used: list[tuple[Lot, int]] = field(default_factory=list)
    earned: list[tuple[Person, Lot]] = field(default_factory=list)
    sessions: list[tuple[Lot, int]] = field(default_factory=list)
    card: tuple[Lot, int] | None = None
    is_back: bool = False


@dataclass
class Rung:
    """Where a client stands in a cashback program, and since when they no longer should."""

    tier: int
    since: date
    short_since: dict[int, date] = field(default_factory=dict)
    """Tier → the first night from which on the spending did not reach it."""


@dataclass
class Person:
    joined: date
    birthday: date | None
    child: date | None
    referrer: Person | None
    lots: list[Lot] = field(default_factory=list)
    sessions: list[Lot] = field(default_factory=list)
    cards: list[Lot] = field(default_factory=list)
    stamps: list[Lot] = field(default_factory=list)
    coffees: list[Lot] = field(default_factory=list)
    checks: list[Visited] = field(default_factory=list)
    by_number: dict[int, Visited] = field(default_factory=dict)
    rungs: dict[str, Rung] = field(default_factory=dict)
    granted: dict[str, list[date]] = field(default_factory=dict)
    """Program → days on which the night, or an action, gave it."""

    @property
    def kept(self) -> list[Visited]:
        return [check for check in self.checks if not check.is_back]

    @property
    def visits(self) -> int:
        return sum(check.is_visit for check in self.kept)

    @property
    def total(self) -> int:
        return sum(check.spent for check in self.kept)

    def spent_in_window(self, day: date) -> int:
        return sum(check.spent for check in self.kept if day <= check.day + b.SEASON_WINDOW * DAY)

    def grant(self, program: str, amount: int, day: date, life: str = "") -> Lot:
        limit, least = LIMITS.get(program, ("100", 0))
        lot = Lot(program, amount, amount, day, day + b.LIFE[life or program] * DAY, limit, least)
        self.lots.append(lot)
        return lot


def soonest(lots: list[Lot]) -> list[Lot]:
    """Soonest last day, then oldest. Python's sort keeps the order in which they came."""
    return sorted((lot for lot in lots if lot.amount > 0), key=lambda lot: lot.last or date.max)
