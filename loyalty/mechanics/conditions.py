"""Conditions on clients that a mechanic brings to segments: a running membership, friends brought.

A condition is of one of two kinds. Of numbers: the client's (`Mechanic.traits`) must reach the segment's. Of names:
the segment's must be among the client's. `loyalty.audience` compares them for one client, `where` finds all clients
in the database; a test holds the two together for every condition there is.

A condition of numbers may be missed by one. Then the check says so, with the text `hint.<key>` of the mechanic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import Q
from django.utils.functional import Promise

from loyalty.money import Currency

Value = int | str
ANY = "*"
"""Of names: whichever of them."""


class Shape(Protocol):
    """How a value stands in the setup document (`loyalty.setup.shapes`)."""

    def read(self, raw: Any, currency: Currency) -> Any: ...

    def write(self, value: Any, currency: Currency) -> Any: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """A key of a segment's rule."""

    key: str
    label: str | Promise
    help_text: str | Promise
    shape: Shape
    where: Callable[[Any, date], Q]
    """The clients (`Client`) who meet this value on a day of the business."""
    told: Callable[[Any], str]
    """What follows "A client belongs who has ...", of a number or of the name of what was chosen."""
    choices: Callable[[], Sequence[tuple[Value, str]]] | None = None
    """Of names: those to choose from. None: a whole number."""
    section: str = ""
    """Of names: the section of the setup document whose codes they are. Then no other is taken, but `ANY`."""
