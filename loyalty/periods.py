"""Whether a program runs on a day: its first and last date are both included."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Dated(Protocol):
    @property
    def from_day(self) -> date | None: ...

    @property
    def to_day(self) -> date | None: ...


def is_running(program: Dated, today: date) -> bool:
    return (program.from_day is None or program.from_day <= today) and (
        program.to_day is None or today <= program.to_day
    )
