"""The section `discounts`, and the keys that discounts and promo codes share."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Card
from loyalty.models import Discount, DiscountStep
from loyalty.money import ZERO, Currency
from loyalty.setup.children import Ladder
from loyalty.setup.naming import (
    CLIENT,
    HOURS,
    SEGMENT,
    LocationCodes,
    PartsOfASet,
    ServiceNames,
    check_hours,
    check_names,
)
from loyalty.setup.parts import NAME, PROGRAM, Key, Part, Values, check_dates
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Flag, Percent, Text, Whole
from loyalty.setup.table import Table
from loyalty.terms import ALL

REWARD: tuple[Part, ...] = (
    Key("percent", Percent(), default=None),
    Key("amount", Amount(positive=True), default=None),
)
CONDITIONS: tuple[Part, ...] = (
    SEGMENT,
    CLIENT,
    LocationCodes("locations"),
    PartsOfASet("services"),
    ServiceNames("exclude"),
    *HOURS,
    Key("min_check", Amount(), default=ZERO),
    Key("max_discount", Amount(positive=True), default=None),
    Key("combinable", Flag(), default=False, shown=True),
    Key("earns", Flag(), default=True),
)
"""On which checks a discount or a promo code acts, on what of them, and how far."""

THRESHOLD = Key("from", Amount(), "from_spent")
Kind = Discount.Kind

KINDS: dict[str, Kind] = {"steps": Kind.CUMULATIVE, "days": Kind.REPEAT, "buy": Kind.CHEAPEST}
"""Keys that belong to one kind. It cannot do without."""

FREE = {Kind.CHEAPEST, Kind.DELIVERY}
"""Kinds that give a thing for nothing unless a share is given."""


class Discounts(Table):
    """Discounts that act by themselves."""

    key = "discounts"
    noun = gettext_lazy("discount")
    model = Discount
    related = ("segment",)
    parts = (
        NAME,
        Key("kind", Choice(tuple(Kind.values))),
        *REWARD,
        Ladder("steps", DiscountStep, "discount", (THRESHOLD, Key("percent", Percent())), THRESHOLD, required=False),
        Key("days", Whole(1, MAX_DAYS), default=None),
        Key("buy", Whole(2, 100), default=None),
        Key("tier", Text(60), default=""),
        Key("card", Choice(tuple(kind for kind, _name in Card.KINDS)), "card_kind", default=""),
        *CONDITIONS,
        *PROGRAM,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_rule(values, at)
        for key, kind in KINDS.items():
            if kind != values["kind"]:
                if raw.get(key) is not None:
                    at.key(key).refuse(_("goes with kind %(kind)s only") % {"kind": kind.value})
                del values[key]
            elif raw.get(key) is None:
                at.key(key).refuse(_("is missing"))
            elif raw[key] == []:
                at.key(key).refuse(_("must have at least one"))
        _check_kind(values, at)
        _check_reward(values, at)

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        written = super().write(row, currency)
        return {key: value for key, value in written.items() if KINDS.get(key, written["kind"]) == written["kind"]}


def check_rule(values: Values, at: Spot) -> None:
    """What discounts and promo codes cannot say at once."""
    check_dates(values, at)
    check_hours(values, at)
    check_names(values, at)


def _check_kind(values: Values, at: Spot) -> None:
    """What a kind cannot do without, beside the keys of its own."""
    kind, services = values["kind"], values["services"]
    if kind in {Kind.REPEAT, Kind.BUNDLE, Kind.DELIVERY} and not services:
        at.key("services").refuse(_("is missing"))
    elif kind == Kind.BUNDLE and len(services) < 2:
        at.key("services").refuse(_("must name at least two"))
    if kind == Kind.HOURS and not (values["weekdays"] or values["from_time"] or values["to_time"]):
        at.refuse(_("must have weekdays, from_time or to_time"))


def _check_reward(values: Values, at: Spot) -> None:
    """A percent or an amount; steps have percents of their own, and of several things the cheapest takes a percent."""
    kind, given = values["kind"], [key for key in ("percent", "amount") if values[key] is not None]
    if kind == Kind.CUMULATIVE:
        for key in given:
            at.key(key).refuse(_("a cumulative discount takes its percents from steps"))
    elif kind == Kind.CHEAPEST and "amount" in given:
        at.key("amount").refuse(_("a discount of kind %(kind)s takes percent instead") % {"kind": kind})
    elif len(given) == 2:
        at.refuse(_("must have an amount or a percent, not both"))
    elif not given and kind in FREE:
        values["percent"] = ALL
    elif not given:
        at.refuse(_("must have an amount or a percent"))
