"""Keys that name something else: a segment, a location, services and categories, a client, days and hours."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client, Location
from loyalty.models import CashbackProgram, Discount, PromoCode, Segment, Service, StampProgram
from loyalty.money import Currency
from loyalty.periods import WEEKDAYS
from loyalty.setup.parts import Key, Part, Values, added_and_removed, value_of
from loyalty.setup.reading import Context, Spot
from loyalty.setup.shapes import Choice, ClientId, Clock, Code, Shape, Text

CATEGORIES = "categories"
"""The namespace of the categories that a document's price list has. Many services share one, so nobody claims it."""


@dataclass(frozen=True)
class Reference(Part):
    """A row of another section, by its code. The value is the code: the same load may create the row itself."""

    name: str
    section: str
    model: type[models.Model]
    unknown: str | Promise

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if raw.get(self.name) is None:
            return {self.name: None}
        spot = at.key(self.name)
        code = value_of(Code(), raw[self.name], spot)
        if code is not None and not spot.reading.has(self.section, self.model, code):
            spot.refuse(str(self.unknown) % {"code": code})
        return {self.name: code}

    def write(self, values: Values, _currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return {self.name: values[self.name]} if full or values[self.name] else {}

    def of(self, row: models.Model) -> Values:
        named = getattr(row, self.name)
        return {self.name: named.code if named else None}

    def fill(self, row: models.Model, values: Values) -> None:
        code = values[self.name]
        setattr(row, self.name, self.model._base_manager.get(code=code) if code else None)


SEGMENT = Reference("segment", "segments", Segment, gettext_lazy('there is no segment "%(code)s"'))
LOCATION = Reference("location", "locations", Location, gettext_lazy('there is no location "%(code)s"'))


@dataclass(frozen=True)
class Names(Part):
    """A list of words. Left out, null or empty: no restriction. Their order says nothing."""

    name: str

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """What each of them looks like."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        spot = at.key(self.name)
        listed = [] if raw.get(self.name) is None else raw[self.name]
        if not isinstance(listed, list | tuple):
            spot.refuse(_("must be a list"))
            return {}
        names: list[str] = []
        for index, item in enumerate(listed):
            name = value_of(self.shape, item, spot.item(index))
            if name is not None and name in names:
                spot.item(index).refuse(_("is listed twice"))
            elif name is not None:
                self.check(name, spot.item(index))
                names.append(name)
        return {self.name: names}

    def check(self, name: str, at: Spot) -> None:
        """Refuse a name that nothing else knows."""

    def write(self, values: Values, _currency: Currency, *, full: bool = False) -> dict[str, Any]:
        names = list(dict.fromkeys(values[self.name]))
        return {self.name: names} if full or names else {}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = (self.write(values, currency, full=True)[self.name] for values in (before, after))
        return added_and_removed(self.name, old, new)


class ServiceNames(Names):
    """Services by code, and categories of services by name, of this document or of the database.

    The database knows a name also when a rule has it: its category may have been renamed since, and the setup still
    has to come back from its dump.
    """

    shape = Text(60)

    def check(self, name: str, at: Spot) -> None:
        if not is_on_the_price_list(name, at):
            at.refuse(_('there is no service or category "%(name)s"') % {"name": name})


def is_on_the_price_list(name: str, at: Spot) -> bool:
    """Whether a service or a category is called so."""
    known, codes = at.reading.remember("services and categories", _stored_names), at.reading.codes
    return name in known or name in codes.get("services", {}) or name in codes.get(CATEGORIES, {})


class PartsOfASet(ServiceNames):
    """Of a bundle one part must be on the price list; the others may come later. It acts once all of them are there.

    (The example of `contract.md` sets up a session with a towel before it sells towels.) Of other kinds all must.
    """

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        names = raw.get(self.name)
        if raw.get("kind") != Discount.Kind.BUNDLE or not isinstance(names, list | tuple):
            return super().read(raw, at)
        known = [name for name in names if isinstance(name, str) and is_on_the_price_list(name.strip(), at)]
        return Names.read(_AnyNames(self.name) if known else self, raw, at)


class _AnyNames(ServiceNames):
    def check(self, name: str, at: Spot) -> None:
        """Any will do."""


def _stored_names(context: Context) -> set[str]:
    rules = [row for model in (Discount, PromoCode, CashbackProgram, StampProgram) for row in context.rows(model)]
    named = {name for row in rules for name in (*row.services, *row.exclude, *getattr(row, "free", ()))}
    named |= {row.service for row in context.rows(Segment) if row.service}
    return named | {name for service in context.rows(Service) for name in (service.code, service.category) if name}


class LocationCodes(Names):
    """Locations by their code."""

    shape = Code()

    def check(self, name: str, at: Spot) -> None:
        if not at.reading.has(LOCATION.section, Location, name):
            at.refuse(str(LOCATION.unknown) % {"code": name})


class Weekdays(Names):
    """Days of the week, kept as a text: "mon,tue"."""

    shape = Choice(WEEKDAYS)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        return {name: ",".join(sorted(days, key=WEEKDAYS.index)) for name, days in super().read(raw, at).items()}

    def write(self, values: Values, _currency: Currency, *, full: bool = False) -> dict[str, Any]:
        days = values[self.name].split(",") if values[self.name] else []
        return {self.name: days} if full or days else {}


HOURS: tuple[Part, ...] = (
    Weekdays("weekdays"),
    Key("from_time", Clock(), default=None),
    Key("to_time", Clock(), default=None),
)
"""The columns of `loyalty.models.Hours`."""


def check_hours(values: Values, at: Spot) -> None:
    """From a time until the same time is nothing, or everything: nobody can tell."""
    if values.get("from_time") is not None and values["from_time"] == values.get("to_time"):
        at.key("to_time").refuse(_("must not be the same as from_time"))


def check_names(values: Values, at: Spot) -> None:
    """What is in is not out."""
    for index, name in enumerate(values["exclude"]):
        if name in values["services"]:
            at.key("exclude").item(index).refuse(_("is among the services too"))


class OneClient(Key):
    """A client, by the id that the API gives."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        values = super().read(raw, at)
        for client_id in filter(None, values.values()):
            if not (at.reading.context.has_tables and Client.objects.filter(pk=client_id).exists()):
                at.key(self.name).refuse(_('there is no client "%(id)s"') % {"id": client_id})
        return values


CLIENT = OneClient("client", ClientId(), "client_id", default=None)
