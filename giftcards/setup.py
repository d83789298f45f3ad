"""The section `gift_cards` of the setup document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from giftcards.models import Denomination, Design, GiftCardType
from loyalty.money import Currency
from loyalty.setup.children import Picks
from loyalty.setup.naming import LocationCodes, ServiceNames
from loyalty.setup.parts import ENABLED, NAME, Key, Part, Values, in_words, read_mapping
from loyalty.setup.reading import Context, Spot
from loyalty.setup.shapes import MAX_DAYS, Amount, Choice, Day, Flag, Whole
from loyalty.setup.table import Table

SPAN = (
    Key("days", Whole(1, MAX_DAYS), "valid_days", default=None),
    Key("until", Day(), "valid_until", default=None),
)


@dataclass(frozen=True)
class Valid(Part):
    """{days: N} from the sale, {until: DATE} for all of them, or null for ever."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for key in SPAN for column in key.columns)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if raw.get(self.name) is None:
            return dict.fromkeys(self.columns)
        spot, wanted = at.key(self.name), _("must be {days: N} or {until: DATE}")
        if not isinstance(raw[self.name], Mapping):
            spot.refuse(wanted)
            return {}
        errors = at.errors
        values = read_mapping(raw[self.name], SPAN, spot)
        if at.errors == errors and sum(value is not None for value in values.values()) != 1:
            spot.refuse(wanted)
        return values

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        span = {key: value for one in SPAN for key, value in one.write(values, currency).items()}
        return {self.name: span or None}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = (_how_long(values["valid_days"], values["valid_until"]) for values in (before, after))
        return "" if old == new else f"{self.name} {old} → {new}"


def _how_long(days: int | None, until: date | None) -> str:
    if days is not None:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    return _("until %(day)s") % {"day": until.isoformat()} if until is not None else in_words(None)


class Services(ServiceNames):
    """Services and categories, also those that only a type still names: the setup comes back from its dump."""

    def check(self, name: str, at: Spot) -> None:
        if name not in at.reading.remember("services of gift cards", _named):
            super().check(name, at)


def _named(context: Context) -> set[str]:
    return {name for row in context.rows(GiftCardType) for name in row.services}


def _is_stored(code: str, at: Spot) -> bool:
    """Whether a type is on sale for no amount already: an earlier document could say so, and its dump must load."""
    return code in at.reading.remember("gift cards for no amount", _for_no_amount)


def _for_no_amount(context: Context) -> set[str]:
    priced = {row.type_id for row in context.rows(Denomination)}
    kinds = (row for row in context.rows(GiftCardType) if row.enabled and row.min_amount is None)
    return {row.code for row in kinds if row.pk not in priced}


class GiftCards(Table):
    """Kinds of gift cards on sale. A sold card keeps its amount when its denomination is no longer listed."""

    key = "gift_cards"
    noun = gettext_lazy("gift card type")
    model = GiftCardType
    parts = (
        NAME,
        Picks("denominations", Denomination, "type", "amount", Amount(positive=True), required=False),
        Key("min", Amount(positive=True), "min_amount", default=None),
        Key("max", Amount(positive=True), "max_amount", default=None),
        Valid("valid"),
        Key("single_use", Flag(), default=True, shown=True),
        Key("reloadable", Flag(), default=False),
        Services("services"),
        LocationCodes("locations"),
        Key("design", Choice(tuple(Design.values)), default=Design.PLAIN.value),
        ENABLED,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        least, most = values["min_amount"], values["max_amount"]
        if (least is None) != (most is None):
            at.key("min" if least is None else "max").refuse(_("is missing"))
        elif least is not None and most < least:
            at.key("max").refuse(_("must not be less than min"))
        if least is None and "denominations" not in raw:
            at.key("denominations").refuse(_("is missing"))
        elif least is None and not values["denominations"] and values["enabled"] and not _is_stored(values["code"], at):
            message = _("must list at least one amount, unless min and max say from what to what it is sold")
            at.key("denominations").refuse(message)
        if values["single_use"] and values["reloadable"]:
            at.key("reloadable").refuse(_("goes with single_use: false only"))
