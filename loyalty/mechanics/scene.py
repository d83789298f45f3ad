"""What the rules see of the world: the client, the place, the moment; the state before the check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from loyalty.audience import Gap
from loyalty.house import House, Place
from loyalty.ledger import Stock
from loyalty.money import Money


@dataclass(frozen=True, slots=True)
class TierHeld:
    """The rung a client stands on in a cashback program."""

    program: int
    tier: int
    from_spent: Money
    since: date


@dataclass(frozen=True, slots=True)
class Person:
    """The client of a check, as the rules see them."""

    id: int
    account: int
    """Of bonuses."""
    name: str
    language: str
    birthday: date | None
    created_at: datetime
    total_spent: Money
    visits: int
    last_visit_at: datetime | None
    tiers: Mapping[int, TierHeld]
    tags: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()
    """Kinds of card held."""
    places: frozenset[int] = frozenset()
    """Locations where the client registered or has been; of those that a segment asks about."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a mechanic may look at while it prepares: the state before the check."""

    house: House
    place: Place
    person: Person | None
    lots: tuple[Stock, ...]
    now: datetime
    rules: Mapping[str, Any]
    ranks: frozenset[str] = frozenset()
    """Names of the tiers that the client stands on."""

    @property
    def local(self) -> datetime:
        """The moment by the clock of the location: weekdays and hours go by it."""
        return self.now.astimezone(self.place.zone)

    def gaps(self, segment: int | None) -> tuple[Gap, ...]:
        """What keeps the client out of a segment (`House.gaps`)."""
        return self.house.gaps(segment, self.person, self.today, self.ranks)

    @property
    def today(self) -> date:
        return self.house.day(self.now)
