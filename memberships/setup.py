"""The section `memberships` of the setup document.

    - {code: five, name: 5 sessions, sessions: 5, services: [session], valid: {days: 90}, price: "90.00"}
    - {code: month, name: A month, sessions: null, categories: [training], valid: {months: 1}, price: "50.00"}
    - {code: spa, name: Spa, services: [{service: massage, sessions: 3}, {service: sauna, sessions: 5}], price: "200"}

`sessions: null` is any number; it must be said, so that nobody gives it away by leaving the key out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Service
from loyalty.money import Currency
from loyalty.setup.children import ServicePicks
from loyalty.setup.naming import CATEGORIES, HOURS, LocationCodes, Names, check_hours
from loyalty.setup.parts import (
    BONUS,
    ENABLED,
    NAME,
    Group,
    Key,
    Part,
    Span,
    Values,
    added_and_removed,
    read_mapping,
    value_of,
)
from loyalty.setup.reading import Context, Spot
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Code, Flag, Lines, Percent, Text, Whole
from loyalty.setup.table import Table
from memberships.models import Plan, PlanService, RefundBy, Starts

MOST = 10_000
LONGEST_TEXT = 2000
COUNT = Key("sessions", Whole(1, MOST))
ONE = (Key("service", Code()), COUNT)


@dataclass(frozen=True)
class Covered(ServicePicks):
    """Services by their code, or {service, sessions}: with its own count. Held as code → count or None."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        counts: dict[str, int | None] = {}
        for item, spot in self.items(raw, at):
            code, count = self._one(item, spot)
            if code is not None and code in counts:
                spot.refuse(_("is listed twice"))
            elif code is not None:
                self.check(code, spot)
                counts[code] = count
        return {self.name: counts}

    def _one(self, item: Any, at: Spot) -> tuple[str | None, int | None]:
        if not isinstance(item, Mapping):
            return value_of(self.shape, item, at), None
        said = read_mapping(item, ONE, at)
        return said.get("service"), said.get("sessions")

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        held: Mapping[str, int | None] = values[self.name]
        said = [code if count is None else {"service": code, "sessions": count} for code, count in held.items()]
        return {self.name: said} if full or said or not values["categories"] else {}  # what covers nothing says so

    def of(self, row: models.Model) -> Values:
        present = self.present(row) if row.pk else {}
        return {self.name: {code: child.sessions for code, child in present.items()}}

    def store(self, row: models.Model, values: Values) -> None:
        stored, wanted = self.present(row), values[self.name]
        for code in stored.keys() - wanted.keys():
            stored[code].delete()
        for code, count in wanted.items():
            child = stored.get(code) or PlanService(plan_id=row.pk, service=Service.objects.get(code=code))
            if child.pk is None or child.sessions != count:
                child.sessions = count
                child.save()

    def present(self, row: models.Model) -> dict[Hashable, Any]:
        through = PlanService.objects.filter(plan=row.pk).select_related("service")
        return {child.service.code: child for child in through.order_by("pk")}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = (_in_words(values[self.name]) for values in (before, after))
        return added_and_removed(self.name, old, new)


def _in_words(held: Mapping[str, int | None]) -> list[str]:
    """ "massage x 3"."""
    return [code if count is None else f"{code} x {count}" for code, count in held.items()]


class CategoryNames(Names):
    """Categories of services, of this document or of the database; also those that a plan has already."""

    shape = Text(60)

    def check(self, name: str, at: Spot) -> None:
        known = at.reading.remember("categories", _stored_categories)
        if name not in known and name not in at.reading.codes.get(CATEGORIES, {}):
            at.refuse(_('there is no category "%(name)s"') % {"name": name})


def _stored_categories(context: Context) -> set[str]:
    named = {name for plan in context.rows(Plan) for name in plan.categories}
    return named | {service.category for service in context.rows(Service) if service.category}


@dataclass(frozen=True)
class Sessions(Key):
    """One count for all that it covers, or null; not there where each service has its own."""

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return {} if any(values["services"].values()) else super().write(values, currency, full=full)


SUBSCRIPTION: tuple[Part, ...] = (
    Key("renews", Flag(), default=False),
    Key("grace_days", Whole(0, MAX_DAYS), default=3),
    Key("remind_days", Whole(0, MAX_DAYS), default=3),
)
PRIVILEGES = Group(
    "privileges",
    (
        Key("discount_percent", Percent(), default=None),
        Key("cashback_percent", Percent(), default=None),
        Key("text", Lines(LONGEST_TEXT), "privileges", default=""),
        Key("priority_booking", Flag(), default=False),
        Key("early_access", Flag(), default=False),
    ),
)


class Memberships(Table):
    """Plans on sale."""

    key = "memberships"
    noun = gettext_lazy("membership plan")
    model = Plan
    parts = (
        NAME,
        Sessions("sessions", Whole(1, MOST), default=None, shown=True),
        Span("valid", "valid_days", "valid_months", shown=True),
        Key("price", Amount()),
        Covered("services", PlanService, "plan", "service", Code(), required=False),
        CategoryNames("categories"),
        Key("starts", Choice(tuple(Starts.values)), default=Starts.PURCHASE.value),
        LocationCodes("locations"),
        *HOURS,
        Key("per_day", Whole(1, MOST), default=None),
        Key("people", Whole(1, 100), default=1),
        Key("unnamed", Flag(), default=False),
        Key("transferable", Flag(), default=True),
        Key("no_show", Flag(), default=True),
        Key("freeze_days", Whole(0, MAX_DAYS), default=0),
        Key("refund", Choice(tuple(RefundBy.values)), default=RefundBy.PROPORTIONAL.value),
        *SUBSCRIPTION,
        PRIVILEGES,
        BONUS,
        ENABLED,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_hours(values, at)
        _check_counts(values, raw, at)
        if values["renews"] and not (values["valid_days"] or values["valid_months"]):
            at.key("valid").refuse(_("must be given: it is the period of the subscription"))


def _check_counts(values: Values, raw: Mapping[str, Any], at: Spot) -> None:
    """One count, one for each service, or any number; and something that it covers."""
    services: Mapping[str, int | None] = values["services"]
    counted = [count is not None for count in services.values()]
    if "services" not in raw and not values["categories"]:
        at.key("services").refuse(_("is missing"))
    if not any(counted):
        if "sessions" not in raw:
            at.key("sessions").refuse(_("is missing"))
        return
    if not all(counted):
        at.key("services").refuse(_("all of them have sessions of their own, or none has"))
    if values["sessions"] is not None:
        at.key("sessions").refuse(_("each service has its own: leave out one of the two"))
    if values["categories"]:
        at.key("categories").refuse(_("cannot be counted service by service: leave out one of the two"))
