"""Days and hours: when a day begins, whether a program runs on it, and at which hours of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo


class Dated(Protocol):
    @property
    def from_day(self) -> date | None: ...

    @property
    def to_day(self) -> date | None: ...


def is_running(program: Dated, today: date) -> bool:
    """Its first and its last date are both included."""
    return (program.from_day is None or program.from_day <= today) and (
        program.to_day is None or today <= program.to_day
    )


def starts_at(day: date, zone: ZoneInfo) -> datetime:
    """The moment this day begins. Where the clocks skip midnight it is the moment they skip it."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Weekly(Protocol):
    """The columns of `loyalty.models.Hours`."""

    weekdays: str
    from_time: time | None
    to_time: time | None


@dataclass(frozen=True, slots=True)
class Week:
    """Hours of the week. No weekdays means all, no time means the day's own end.

    The first minute is included, the last is not: until 12:00 ends when the clock shows 12:00. From 22:00 until 02:00
    goes over midnight and belongs to the weekday on which it began.
    """

    weekdays: frozenset[int] = frozenset()
    """0 is Monday."""
    from_time: time | None = None
    to_time: time | None = None

    @classmethod
    def of(cls, row: Weekly) -> Week:
        days = frozenset(WEEKDAYS.index(name) for name in row.weekdays.split(",") if name)
        return cls(days, row.from_time, row.to_time)

    def on(self, local: datetime) -> bool:
        """Whether this moment, by the clock on the wall, is within it."""
        begins, ends, clock = self.from_time or time.min, self.to_time or time.min, local.time()
        day = local.weekday()
        if ends > begins:
            return self._is_on(day) and begins <= clock < ends
        if clock >= begins:
            return self._is_on(day)
        return clock < ends and self._is_on((day - 1) % 7)

    def _is_on(self, weekday: int) -> bool:
        return not self.weekdays or weekday in self.weekdays
