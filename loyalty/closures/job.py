"""One closure at work: what every batch of it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from clients.actors import Actor
from loyalty.closures.affected import Closing
from loyalty.house import House
from loyalty.models import Closure

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """A closure that is being made or undone."""

    closure: Closure
    house: House
    now: datetime

    @property
    def today(self) -> date:
        return self.house.day(self.now)

    @property
    def closing(self) -> Closing:
        return Closing.of(self.closure, self.house.zone)

    @property
    def operation(self) -> str:
        return f"closure:{self.closure.pk}"

    @property
    def undoing(self) -> str:
        return f"{self.operation}:undo"

    def is_undone(self) -> bool:
        """Lock the closure until the transaction ends, and look: whoever undoes it waits for this batch."""
        row = Closure.objects.select_for_update(no_key=True).get(pk=self.closure.pk)
        return row.undone_at is not None

    def made_by(self) -> Actor:
        kind, _colon, name = self.closure.by.partition(":")
        return Actor(kind, name)

    def undone_by(self) -> Actor:
        kind, _colon, name = self.closure.undone_by.partition(":")
        return Actor(kind, name)


Step = Callable[[Job, int], tuple[int, int | None]]
"""One batch after this id, in a transaction of its own: how much it moved, and the last id it looked at (None: all)."""
