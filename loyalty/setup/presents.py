"""The sections about what clients are given besides bonuses: stamps and miles, gifts, prizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.mechanics import Mechanic, mechanics
from loyalty.models import GiftProgram, Prize, Service, StampProgram
from loyalty.money import Currency
from loyalty.setup.naming import SEGMENT, LocationCodes, Reference, ServiceNames, check_names
from loyalty.setup.parts import (
    BONUS,
    DATES,
    ENABLED,
    NAME,
    Key,
    Part,
    Span,
    Values,
    check_dates,
    in_words,
    priority,
    read_mapping,
)
from loyalty.setup.programs import BONUS_PROGRAMS
from loyalty.setup.reading import Context, Spot
from loyalty.setup.shapes import MAX_COUNT, Amount, Choice, Code, Flag, Lines, Whole
from loyalty.setup.table import Table

SERVICE = Reference("service", "services", Service, gettext_lazy('there is no service "%(code)s"'))
CALENDAR: tuple[Part, ...] = (ENABLED, *DATES, priority(100))


class Stamps(Table):
    """So many stamps or miles give a free service."""

    key = "stamps"
    noun = gettext_lazy("stamp program")
    model = StampProgram
    related = ("segment",)
    parts = (
        NAME,
        Key("kind", Choice(tuple(StampProgram.Kind.values)), default=StampProgram.Kind.STAMPS.value, shown=True),
        ServiceNames("services"),
        ServiceNames("exclude"),
        Key("per_amount", Amount(positive=True), default=None),
        Key("needed", Whole(1, MAX_COUNT)),
        ServiceNames("free"),
        Span("stamp_lifetime", "stamp_days"),
        Span("lifetime", "free_days"),
        SEGMENT,
        LocationCodes("locations"),
        *CALENDAR,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
        check_names(values, at)
        is_miles = values["kind"] == StampProgram.Kind.MILES
        if is_miles and values["per_amount"] is None:
            at.key("per_amount").refuse(_("is missing"))
        if not is_miles and values["per_amount"] is not None:
            at.key("per_amount").refuse(_("goes with kind %(kind)s only") % {"kind": "miles"})


@dataclass(frozen=True)
class Bonuses(Key):
    """How many bonuses; nothing where the same column says what a gift card is worth."""

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return {} if values["good"] else super().write(values, currency, full=full)


@dataclass(frozen=True)
class Card(Part):
    """{type, amount}: something that a mechanic gives, by its code, and what it is worth."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ("good",)

    @property
    def keys(self) -> tuple[Key, ...]:
        return (Key("type", Code(), "good"), Key("amount", Amount(positive=True)))

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if raw.get(self.name) is None:
            return {"good": ""}
        spot = at.key(self.name)
        values = read_mapping(raw[self.name], self.keys, spot)
        good = values.get("good")
        if good and not _is_given(good, at):
            spot.key("type").refuse(_('there is no gift card type "%(code)s"') % {"code": good})
        return {"good": "", **values}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        if not values["good"]:
            return {}
        written = {key: value for one in self.keys for key, value in one.write(values, currency, full=True).items()}
        return {self.name: written}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = (self.write(values, currency).get(self.name, {}) for values in (before, after))
        said = [in_words(" ".join(written.values())) for written in (old, new)]
        return "" if old == new else f"{self.name} {said[0]} → {said[1]}"


def _is_given(good: str, at: Spot) -> bool:
    """Whether some mechanic can give it: by this document, or by the database."""
    in_document = any(good in at.reading.codes.get(mechanic.presents, {}) for mechanic in _givers())
    return in_document or good in at.reading.remember("presents", _stored_presents)


def _stored_presents(context: Context) -> set[str]:
    return {good for mechanic in _givers() for good in mechanic.gives()} if context.has_tables else set()


def _givers() -> Sequence[Mechanic]:
    """Whoever gives something that is worth an amount."""
    return [mechanic for mechanic in mechanics() if mechanic.presents_an_amount]


class Gifts(Table):
    """Gifts for a check, or for a total, that reaches a sum."""

    key = "gifts"
    noun = gettext_lazy("gift")
    model = GiftProgram
    related = ("segment", "service")
    namespace = BONUS_PROGRAMS
    parts = (
        NAME,
        Key("when", Choice(tuple(GiftProgram.When.values))),
        Key("from_sum", Amount(positive=True)),
        SERVICE,
        Bonuses("amount", Amount(positive=True), default=None),
        Card("gift_card"),
        BONUS,
        Key("once", Flag(), default=False),
        SEGMENT,
        LocationCodes("locations"),
        *CALENDAR,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_dates(values, at)
        given = [key for key in ("service", "gift_card", "amount") if raw.get(key) is not None]
        if len(given) != 1:
            at.refuse(_("must have a service, a gift_card or an amount, one of them"))


class Prizes(Table):
    """What clients take for bonuses."""

    key = "prizes"
    noun = gettext_lazy("prize")
    model = Prize
    related = ("segment", "service")
    parts = (
        NAME,
        Key("description", Lines(2000), default=""),
        Key("price", Amount(positive=True)),
        SERVICE,
        Key("stock", Whole(0, MAX_COUNT), default=None),
        Key("per_client", Whole(1, MAX_COUNT), default=None),
        Span("valid", "free_days"),
        SEGMENT,
        Key("by_client", Flag(), default=True),
        ENABLED,
        priority(100),
    )
