"""What the rules see of the world: the client, the place, the moment; the state before the check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from loyalty.audience import Gap, Trait
from loyalty.house import House, Place
from loyalty.ledger import Stock
from loyalty.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class TierHeld:
    """The rung a client stands on in a cashback program."""

    program: int
    tier: int
    from_spent: Money
    since: date
    falls: tuple[tuple[date, int | None, date], ...] = ()
    """What comes by itself: the day, the tier then, and the first night that is short (`loyalty.falling`)."""
    extension_days: int = 0
    hand: tuple[int, Money, date, date | None] | None = None
    """The tier that was set by hand, its threshold, since when, and its last day."""

    def tier_on(self, day: date) -> int | None:
        """The tier that the client stands on this day: time decides, whether a night has written it down or not."""
        passed = [tier for fall, tier, _short_from in self.falls if fall <= day]
        return passed[-1] if passed else self.tier


def falls_of(stored: Iterable[Sequence[Any]]) -> tuple[tuple[date, int | None, date], ...]:
    """`TierStanding.falls` as `TierHeld.falls`."""
    return tuple((date.fromisoformat(day), tier, date.fromisoformat(short)) for day, tier, short in stored)


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
    balance: Money = ZERO
    """Bonuses that can be spent now, never less than nothing; read if a segment asks."""
    services: frozenset[str] = frozenset()
    """Services, by code and by category, that the client has had; of those that a segment asks about."""
    lists: frozenset[int] = frozenset()
    """Segments on whose list the client is."""
    traits: Mapping[str, Trait] = field(default_factory=dict)
    """What mechanics say of the conditions that they bring (`Mechanic.traits`), if a segment asks."""


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
    is_promise: bool = False
    """Priced by the settings and at the moment of a quote; they may have changed since."""

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
