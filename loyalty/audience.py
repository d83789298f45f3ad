"""Who a program is for: whether a client belongs to a segment at this check, and if not, what is missing.

A segment is live: it is asked at every quote, of the state before the check (`domain.md` section 6). All its
conditions must hold. "From" and "at least" include their limit; days are counted by the business's calendar. Somebody
who has never been here has no last visit, so no condition about the last visit holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from loyalty.money import ZERO, Money


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


@dataclass(frozen=True, slots=True)
class Gap:
    """A condition that does not hold. `visits` and `spent` say how much is missing."""

    what: str
    visits: int = 0
    spent: Money = ZERO


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as the owner configured it."""

    id: int
    code: str
    name: str
    visits_min: int | None = None
    spent_min: Money | None = None
    last_visit_days_max: int | None = None
    last_visit_days_min: int | None = None
    tier: str = ""
    birthday_month: int | None = None
    tag: str = ""
    location: int | None = None

    @property
    def asks_traits(self) -> bool:
        """Whether tags or visited locations must be read for it."""
        return bool(self.tag) or self.location is not None

    def gaps(self, visitor: Visitor, today: date, zone: ZoneInfo, ranks: frozenset[str]) -> tuple[Gap, ...]:
        """The conditions that do not hold; none: the client belongs. `ranks`: names of the tiers they stand on."""
        return (*self._figures(visitor), *self._recency(visitor, today, zone), *self._facts(visitor, ranks))

    def _figures(self, visitor: Visitor) -> Iterable[Gap]:
        if self.visits_min is not None and visitor.visits < self.visits_min:
            yield Gap("visits", visits=self.visits_min - visitor.visits)
        if self.spent_min is not None and visitor.total_spent < self.spent_min:
            yield Gap("spent", spent=self.spent_min - visitor.total_spent)

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

    def _facts(self, visitor: Visitor, ranks: frozenset[str]) -> Iterable[Gap]:
        if self.tier and self.tier not in ranks:
            yield Gap("tier")
        if self.birthday_month and (visitor.birthday is None or visitor.birthday.month != self.birthday_month):
            yield Gap("birthday")
        if self.tag and self.tag not in visitor.tags:
            yield Gap("tag")
        if self.location is not None and self.location not in visitor.places:
            yield Gap("location")
