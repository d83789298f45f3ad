"""The house and the rules of every mechanic, kept in memory until anything that is configured changes.

The key is `Business.revision`, which every change renews with a random value; reading it costs one query, or
none where a quote reads it together with the client. It may be a moment older than what is read after it, never
newer, and a rolled-back value never comes again, so nobody works by settings that were not committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from clients.models import Business
from loyalty.house import House, NotSetUp, load_house
from loyalty.mechanics import mechanics


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The settings as they were at a revision."""

    revision: UUID
    house: House
    rules: Mapping[str, Any]
    asks_traits: bool
    """Whether any rule asks for a client's tags, cards or visited locations."""


_kept: list[Rulebook] = []


def rulebook(revision: UUID | None = None) -> Rulebook:
    """The settings of this revision (of the present one, if none is given). Raises `NotSetUp`."""
    revision = revision or present_revision()
    for book in _kept:
        if book.revision == revision:
            return book
    book = _load(revision)
    _kept[:] = [book]
    return book


def present_revision() -> UUID:
    """The mark of the present settings. Raises `NotSetUp`."""
    revision = Business.objects.values_list("revision", flat=True).first()
    if revision is None:
        raise NotSetUp(_("The business is not set up yet: choose a preset on the first page of the admin."))
    return revision


def _load(revision: UUID) -> Rulebook:
    house = load_house()
    rules = {mechanic.code: mechanic.rules(house) for mechanic in mechanics()}
    asks = any(segment.asks_traits for segment in house.segments.values()) or any(
        mechanic.asks_traits(rules[mechanic.code]) for mechanic in mechanics()
    )
    return Rulebook(revision, house, rules, asks)
