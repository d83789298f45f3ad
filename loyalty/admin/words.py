"""What the codes in a rule are called: services, categories, locations, segments, weekdays, clients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Field, ForeignKey
from django.utils.dates import WEEKDAYS as WEEKDAYS_CALLED
from django.utils.translation import gettext as _

from clients.models import Client, Location
from loyalty.admin.currency import once
from loyalty.admin.sentences import listed, quoted
from loyalty.explanations import show_weekday
from loyalty.models import CashbackTier, Segment, Service
from loyalty.money import Money
from loyalty.periods import WEEKDAYS

WEEKDAY_NAMES = {day: WEEKDAYS_CALLED[number] for number, day in enumerate(WEEKDAYS)}


@dataclass(frozen=True, slots=True)
class Ware:
    """Something on the price list."""

    code: str
    name: str
    category: str
    price: Money
    on_sale: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """Names by code (segments by id), in the order in which lists show them."""

    wares: Mapping[str, Ware] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    open_places: frozenset[str] = frozenset()
    segments: Mapping[int, str] = field(default_factory=dict)
    tiers: Sequence[str] = ()

    @property
    def on_sale(self) -> list[Ware]:
        return [ware for ware in self.wares.values() if ware.on_sale]

    def meant(self, names: Iterable[str]) -> list[Ware]:
        """What is on sale of these services and categories; all of it, if none is named."""
        wanted = set(names)
        return [ware for ware in self.on_sale if not wanted or wanted & {ware.code, ware.category}]

    def called(self, name: str) -> str:
        """A service by its name, in quotes; what is no service is a category, or was once something."""
        if name in self.wares:
            return quoted(self.wares[name].name)
        return _("everything in “%(name)s”") % {"name": name}

    def all_called(self, names: Iterable[str]) -> str:
        """ "“Session” and everything in “goods”"."""
        return listed([self.called(name) for name in names])

    def at(self, codes: Iterable[str]) -> str:
        return listed([quoted(self.places.get(code, code)) for code in codes])


def words() -> Words:
    """Read once a page, in four queries."""
    known: Words = once("words", _read)
    return known


def _read() -> Words:
    wares = [
        Ware(row.code, row.name, row.category, row.price, on_sale=row.enabled)
        for row in Service.objects.order_by("category", "name", "pk")
    ]
    places = list(Location.objects.order_by("name", "pk"))
    tiers = CashbackTier.objects.filter(enabled=True).order_by("from_spent", "pk").values_list("name", flat=True)
    return Words(
        wares={ware.code: ware for ware in wares},
        places={place.code: place.name for place in places},
        open_places=frozenset(place.code for place in places if place.enabled),
        segments=dict(Segment.objects.order_by("name", "code").values_list("pk", "name")),
        tiers=list(dict.fromkeys(tiers)),
    )


def weekdays_called(text: str) -> str:
    """ "mon,tue" → "Monday and Tuesday"."""
    return listed([show_weekday(WEEKDAYS.index(day)) for day in text.split(",") if day in WEEKDAYS])


# --- in the record of changes ----------------------------------------------------------------------------------------


def told(column: Field[Any, Any] | None, text: str) -> str | None:
    """A stored value of a rule as a person reads it; None if it is none of those that need a name."""
    if isinstance(column, ForeignKey) and text.isdecimal():
        return _row_called(column, int(text))
    name = column.name if column is not None else ""
    if name == "weekdays":
        return weekdays_called(text) or None
    if name not in ("services", "exclude", "free", "locations"):
        return None
    codes = _codes(text)
    if not codes:
        return _("—")
    return words().at(codes) if name == "locations" else words().all_called(codes)


def _row_called(column: ForeignKey[Any, Any], key: int) -> str | None:
    model = column.remote_field.model
    if model is Segment:
        return words().segments.get(key)
    if model is Client:
        client = Client.objects.filter(pk=key).first()
        return str(client) if client is not None else None
    return None


def _codes(text: str) -> list[str]:
    try:
        codes = json.loads(text)
    except ValueError:
        return []
    return [str(code) for code in codes] if isinstance(codes, list) else []
