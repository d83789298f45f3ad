"""What letters need of the rooms above: how they look, and figures of a client that are kept there.

`settings.STATIONERY` names the class, as `MECHANICS` does for the mechanics: this room knows no other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from clients.letters.places import Piece
from clients.models import Business

Figures = Mapping[str, str]
Reader = tuple[int, str]
"""(client, language in which the figures are written)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is written on the paper of a letter. `unsubscribe` and `preferences` are addresses."""

    business: Business
    language: str
    subject: str
    text: tuple[Piece, ...]
    topic: str
    unsubscribe: str
    preferences: str


class Stationery(Protocol):
    """The paper, and what is known of a client."""

    def pages(self, sheet: Sheet) -> tuple[str, str]:
        """The letter as plain text and as HTML, with why the client gets it and how to get no more."""

    def figures(self, readers: Collection[Reader], *, now: datetime) -> Mapping[Reader, Figures]:
        """{link} and {balance} of each. The number of queries does not grow with the readers."""

    def example(self, reader: Reader, *, now: datetime) -> Figures:
        """Every place, with the client's own figures where there are any, else with made-up ones."""


def stationery() -> Stationery:
    """The paper of this installation."""
    paper: Stationery = import_string(settings.STATIONERY)()
    return paper
