"""The sections about the house: the business with its rules, its locations, its price list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import LANGUAGES, Business, Location
from loyalty import watermarks
from loyalty.models import HouseRules, Lot, Service, Visit
from loyalty.money import BadAmount, Currency, Money
from loyalty.setup.naming import CATEGORIES
from loyalty.setup.parts import ENABLED, NAME, Key, Part, Values, read_mapping, write_all
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change, sections
from loyalty.setup.shapes import MAX_DAYS, MAX_HOURS, Amount, Choice, CurrencyCode, Flag, Percent, Text, Whole, Zone
from loyalty.setup.table import Table, keep
from loyalty.terms import ALL

WHO: tuple[Part, ...] = (
    NAME,
    Key("currency", CurrencyCode()),
    Key("timezone", Zone()),
    Key("language", Choice(tuple(code for code, _name in LANGUAGES)), default="en", shown=True),
)
RULES: tuple[Part, ...] = (
    Key("bonus_step", Amount(positive=True), default=Money(1), shown=True),
    Key("bonus_limit_percent", Percent(), default=ALL, shown=True),
    Key("refund_min_days", Whole(0, MAX_DAYS), default=14, shown=True),
    Key("allow_debt", Flag(), default=True, shown=True),
    Key("earns_before_discounts", Flag(), default=False, shown=True),
    Key("gift_cards_earn", Flag(), default=True, shown=True),
    Key("memberships_earn", Flag(), default=True, shown=True),
    Key("desk_refund_hours", Whole(0, MAX_HOURS), default=0, shown=True),
    Key("manager_refund_days", Whole(0, MAX_DAYS), default=None, shown=True),
)


class BusinessSection:
    """Who the business is (what is left out stays as it is), and its bonus rules (what is left out is the default)."""

    key = "business"

    def read(self, raw: Any, at: Spot) -> Values:
        if isinstance(raw, Mapping):
            raw = {**self._present(at.reading.context), **raw}
        values = read_mapping(raw, (*WHO, *RULES), at)
        _check_currency(values.get("currency"), at)
        return values

    def _present(self, context: Context) -> dict[str, str]:
        return {part.name: getattr(row, part.name) for row in context.rows(Business) for part in WHO}

    def apply(self, data: Values, context: Context) -> list[Change]:
        business = (context.rows(Business) or [Business()])[0]
        rules = (context.rows(HouseRules) or [HouseRules()])[0]
        is_new = business._state.adding
        changes = [
            *keep(business, data, parts=WHO, noun=_("business"), code=business.name or data["name"], context=context),
            *keep(rules, data, parts=RULES, noun=_("house rules"), context=context),
        ]
        if is_new and not context.dry_run:
            watermarks.set_up(timezone.now().astimezone(business.zone).date())
        return changes

    def dump(self, currency: Currency) -> dict[str, Any] | None:
        rules = HouseRules.objects.select_related("business").first()
        if rules is None:
            return None
        held = [part.of(row) for row, parts in ((rules.business, WHO), (rules, RULES)) for part in parts]
        return write_all((*WHO, *RULES), {key: value for values in held for key, value in values.items()}, currency)


def _check_currency(code: str | None, at: Spot) -> None:
    """Amounts are kept in minor units: another currency would change what every stored one means."""
    present = next((str(row.currency) for row in at.reading.context.rows(Business)), None)
    if code is None or present is None or code == present:
        return
    spot = at.key("currency")
    if Visit.objects.exists() or Lot.objects.exists():
        spot.refuse(_("cannot change from %(currency)s: there are checks or bonuses in it") % {"currency": present})
    elif Currency.of(code).digits != Currency.of(present).digits and _has_amounts(Currency.of(present)):
        spot.refuse(
            _("cannot change from %(currency)s: amounts that are set up have its digits after the point")
            % {"currency": present}
        )


def _has_amounts(currency: Currency) -> bool:
    return any(section.dump(currency) for section in sections() if section.key != BusinessSection.key)


class Locations(Table):
    """Branches."""

    key = "locations"
    noun = gettext_lazy("location")
    model = Location
    parts = (
        NAME,
        Key("address", Text(250, blank=True), default=""),
        Key("timezone", Zone(blank=True), default=""),
        ENABLED,
    )


class Services(Table):
    """The price list. Its categories are names that discounts and cashback may use."""

    key = "services"
    noun = gettext_lazy("service")
    model = Service
    parts = (
        NAME,
        Key("category", Text(60, blank=True), default=""),
        Key("price", Amount()),
        Key("earns", Flag(), default=True, shown=True),
        Key("accepts_bonus", Flag(), default=True, shown=True),
        ENABLED,
    )

    def claim(self, values: Values, at: Spot) -> None:
        super().claim(values, at)
        if values.get("category"):
            at.reading.codes.setdefault(CATEGORIES, {}).setdefault(values["category"], at.path)


def currency_of(document: Mapping[str, Any], present: Business | None) -> Currency | None:
    """The currency of the document's amounts: its own, else the present one; None, if there is neither."""
    business = document.get(BusinessSection.key)
    code = business.get("currency") if isinstance(business, Mapping) else None
    if code is None and present is not None:
        code = present.currency
    try:
        return Currency.of(code) if isinstance(code, str) else None
    except BadAmount:
        return None
