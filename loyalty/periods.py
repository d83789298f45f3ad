"""Days: when one begins, and whether a program runs on it."""

from __future__ import annotations

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
