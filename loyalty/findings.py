"""What the linter tells the owner (`loyalty.linter`); here, because a mechanic may tell something too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """`GRAVE`: it does not do what it says, or gives away more than it seems. `NOTE`: it may be meant."""

    GRAVE = "grave"
    NOTE = "note"


class Where(NamedTuple):
    """A row with a page in the admin: its model ("loyalty.promocode") and id. Of what there is one of, no id."""

    label: str
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `text` is whole sentences in the language that is active: what is, and what to do."""

    severity: Severity
    rule: str
    """Of the linter, for programs and tests: "ended", "limit_zero", ..."""
    where: Where | None
    text: str
    also: tuple[Where, ...] = ()
    """Other programs that it is about."""

    def is_about(self, label: str, pk: int) -> bool:
        """Whether it is about this row."""
        told = (*((self.where,) if self.where is not None else ()), *self.also)
        return any(one.label == label and one.pk in (None, pk) for one in told)


@dataclass(frozen=True, slots=True)
class Known:
    """What findings need to know besides the settings."""

    today: date
    usual_return: int | None = None
    """After how many days half of the clients have come back; None while too few returns are known."""
