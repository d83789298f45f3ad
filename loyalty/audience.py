"""Who a program is for: whether a client belongs to a segment at this check, and if not, what is missing.

A segment is live: it is asked at every quote, of the state before the check (`domain.md` section 6). All its
conditions must hold. "From" and "at least" include their limit; days are counted by the business's calendar. Somebody
who has never been here has no last visit, so no condition about the last visit holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from loyalty.money import ZERO, Money
from loyalty.rfm import Scale

Trait: TypeAlias = int | frozenset[str]
"""What a client has of a mechanic's condition: a number that must reach it, or names that it must be among."""


class Visitor(Protocol):
    """What is asked of a client."""

    @property
    def visits(self) -> int: ...
    @property
    def total_spent(self) -> Money: ...
    @property
    def last_visit_at(self) -> datetime | None: ...
    @property
    def birthday(self) -> date | None: ...
    @property
    def tags(self) -> frozenset[str]: ...
    @property
    def places(self) -> frozenset[int]: ...
    @property
    def balance(self) -> Money: ...
    @property
    def services(self) -> frozenset[str]: ...
    @property
    def lists(self) -> frozenset[int]: ...
    @property
    def traits(self) -> Mapping[str, Trait]: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A condition that does not hold. `visits`, `spent`, `balance` and `count` say how much is missing."""

    what: str
    visits: int = 0
    spent: Money = ZERO
    balance: Money = ZERO
    count: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as the owner configured it."""

    id: int
    code: str
    name: str
    is_static: bool = False
    visits_min: int | None = None
    visits_max: int | None = None
    spent_min: Money | None = None
    spent_max: Money | None = None
    balance_min: Money | None = None
    last_visit_days_max: int | None = None
    last_visit_days_min: int | None = None
    tier: str = ""
    birthday_month: int | None = None
    tag: str = ""
    location: int | None = None
    service: str = ""
    rfm: str = ""
    scale: Scale | None = None
    """What `rfm` goes by."""
    further: tuple[tuple[str, int | str], ...] = ()
    """Conditions that mechanics bring: key → value."""

    @property
    def asks_traits(self) -> bool:
        """Whether more than the figures of a client must be read for it."""
        asks = (self.is_static, self.tag, self.location is not None, self.service, self.further)
        return any(asks) or self.balance_min is not None

    def gaps(self, visitor: Visitor, today: date, zone: ZoneInfo, ranks: frozenset[str]) -> tuple[Gap, ...]:
        """The conditions that do not hold; none: the client belongs. `ranks`: names of the tiers they stand on.

        Of a list nothing is asked but whether the client is on it.
        """
        if self.is_static:
            return () if self.id in visitor.lists else (Gap("list"),)
        return (
            *self._figures(visitor),
            *self._recency(visitor, today, zone),
            *self._class(visitor, today, zone),
            *self._facts(visitor, ranks),
            *self._further(visitor),
        )

    def _figures(self, visitor: Visitor) -> Iterable[Gap]:
        if self.visits_min is not None and visitor.visits < self.visits_min:
            yield Gap("visits", visits=self.visits_min - visitor.visits)
        if self.visits_max is not None and visitor.visits > self.visits_max:
            yield Gap("visits_max")
        if self.spent_min is not None and visitor.total_spent < self.spent_min:
            yield Gap("spent", spent=self.spent_min - visitor.total_spent)
        if self.spent_max is not None and visitor.total_spent > self.spent_max:
            yield Gap("spent_max")
        if self.balance_min is not None and visitor.balance < self.balance_min:
            yield Gap("balance", balance=self.balance_min - visitor.balance)

    def _recency(self, visitor: Visitor, today: date, zone: ZoneInfo) -> Iterable[Gap]:
        most, least = self.last_visit_days_max, self.last_visit_days_min
        if most is None and least is None:
            return
        if visitor.last_visit_at is None:
            yield Gap("last_visit")
            return
        days = (today - visitor.last_visit_at.astimezone(zone).date()).days
        if (most is not None and days > most) or (least is not None and days < least):
            yield Gap("last_visit")

    def _class(self, visitor: Visitor, today: date, zone: ZoneInfo) -> Iterable[Gap]:
        if not self.rfm or self.scale is None:
            return
        if visitor.last_visit_at is None or not visitor.visits:
            yield Gap("rfm")
            return
        days = (today - visitor.last_visit_at.astimezone(zone).date()).days
        if self.scale.class_of(days, visitor.visits, visitor.total_spent) != self.rfm:
            yield Gap("rfm")

    def _facts(self, visitor: Visitor, ranks: frozenset[str]) -> Iterable[Gap]:
        if self.tier and self.tier not in ranks:
            yield Gap("tier")
        if self.birthday_month and (visitor.birthday is None or visitor.birthday.month != self.birthday_month):
            yield Gap("birthday")
        if self.tag and self.tag not in visitor.tags:
            yield Gap("tag")
        if self.location is not None and self.location not in visitor.places:
            yield Gap("location")
        if self.service and self.service not in visitor.services:
            yield Gap("service")

    def _further(self, visitor: Visitor) -> Iterable[Gap]:
        """What no mechanic knows any more, nobody has."""
        for key, value in self.further:
            trait = visitor.traits.get(key)
            if isinstance(trait, int) and isinstance(value, int):
                if trait < value:
                    yield Gap(key, count=value - trait)
            elif not isinstance(trait, frozenset) or value not in trait:
                yield Gap(key)
