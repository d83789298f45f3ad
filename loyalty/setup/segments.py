"""The sections `segments`, which clients belong together, by a live rule or a list; and `rfm`, where classes begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.mechanics import ANY, Condition, conditions
from loyalty.models import RfmScale, Segment
from loyalty.models.segments import recency_limits, spent_limits, visit_limits
from loyalty.money import Currency
from loyalty.rfm import grows
from loyalty.setup.naming import LOCATION, is_on_the_price_list
from loyalty.setup.parts import ENABLED, NAME, Group, Key, Part, Values, in_words, read_mapping, value_of, write_all
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import MAX_COUNT, MAX_DAYS, Amount, Choice, Flag, Shape, Text, Whole
from loyalty.setup.table import Table, keep


@dataclass(frozen=True)
class HadService(Key):
    """A service by its code, or a category of services."""

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        values = super().read(raw, at)
        name = values[self.name]
        if name and not is_on_the_price_list(name, at):
            at.key(self.name).refuse(_('there is no service or category "%(name)s"') % {"name": name})
        return values


@dataclass(frozen=True)
class Further(Part):
    """A condition that a mechanic brings, kept among the others in `Segment.further`."""

    condition: Condition

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.condition.key

    @property
    def columns(self) -> tuple[str, ...]:
        return (f"further.{self.name}",)

    @property
    def key(self) -> Key:
        return Key(self.name, self.condition.shape, self.columns[0], default=None)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        values = self.key.read(raw, at)
        name = values[self.columns[0]]
        if name is not None and self.condition.section and not self._is_known(name, at):
            at.key(self.name).refuse(_('there is no "%(code)s" among %(section)s') % self._said(name))
        return values

    def _said(self, name: str) -> dict[str, str]:
        return {"code": name, "section": self.condition.section}

    def _is_known(self, name: str, at: Spot) -> bool:
        """By this document or the database; also what a segment has already, for it must come back from its dump."""
        in_document = at.reading.codes.get(self.condition.section, {})
        return name == ANY or name in in_document or name in at.reading.remember(f"names of {self.name}", self._stored)

    def _stored(self, context: Context) -> set[str]:
        choices = self.condition.choices
        known = {str(value) for value, _name in choices()} if choices is not None and context.has_tables else set()
        return known | {str(row.further.get(self.name)) for row in context.rows(Segment)}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return self.key.write(values, currency, full=full)

    def of(self, row: Any) -> Values:
        return {self.columns[0]: row.further.get(self.name)}

    def fill(self, row: Any, values: Values) -> None:
        value = values[self.columns[0]]
        others = {key: kept for key, kept in row.further.items() if key != self.name}
        row.further = others if value is None else {**others, self.name: value}


OWN: tuple[Part, ...] = (
    Key("visits_min", Whole(0, MAX_COUNT), default=None),
    Key("visits_max", Whole(0, MAX_COUNT), default=None),
    Key("spent_min", Amount(), default=None),
    Key("spent_max", Amount(), default=None),
    Key("balance_min", Amount(), default=None),
    Key("last_visit_days_max", Whole(0, MAX_DAYS), default=None),
    Key("last_visit_days_min", Whole(0, MAX_DAYS), default=None),
    Key("tier", Text(60), default=""),
    Key("birthday_month", Whole(1, 12), default=None),
    Key("tag", Text(40), default=""),
    LOCATION,
    HadService("service", Text(60), default=""),
    Key("rfm", Choice(tuple(Segment.Rfm.values)), default=""),
)


def _check_ranges(values: Values, at: Spot) -> None:
    """From so many to so many: the other way round there is nobody."""
    for least, most in (
        ("last_visit_days_min", "last_visit_days_max"),
        ("visits_min", "visits_max"),
        ("spent_min", "spent_max"),
    ):
        if None not in (values[least], values[most]) and values[least] > values[most]:
            at.key(least).refuse(_("must not be more than %(key)s") % {"key": most})


class Rule(Part):
    """The conditions, all of which must hold; an empty rule is everyone. A list (`static: true`) has none."""

    name = "rule"

    @property
    def group(self) -> Group:
        further = (Further(condition) for condition in conditions().values())
        return Group(self.name, (*OWN, *further), check=_check_ranges, required=True)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.group.columns

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        group = self.group
        if raw.get("static") is not True:
            return group.read(raw, at)
        if raw.get(self.name) is not None:
            at.key(self.name).refuse(_("a list has no rule: leave out one of the two"))
        return read_mapping({}, group.parts, at.key(self.name))

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return self.group.write(values, currency, full=full) if full or not values["is_static"] else {}

    def of(self, row: models.Model) -> Values:
        return self.group.of(row)

    def fill(self, row: models.Model, values: Values) -> None:
        self.group.fill(row, values)

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        return self.group.difference(before, after, currency)


class Segments(Table):
    """Whoever meets every condition of the rule belongs; of a list, whoever was put on it. That is no setting."""

    key = "segments"
    noun = gettext_lazy("segment")
    model = Segment
    related = ("location",)
    parts = (NAME, Key("static", Flag(), "is_static", default=False), Rule(), ENABLED)


# --- the scale --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits(Part):
    """Four limits, from the best score to the next to worst."""

    name: str
    shape: Shape
    default: tuple[int, ...]
    rises: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if self.name not in raw:
            return {self.name: list(self.default)}
        spot, said, errors = at.key(self.name), raw[self.name], at.errors
        if not isinstance(said, list | tuple) or len(said) != len(self.default):
            spot.refuse(_("must be a list of four"))
            return {}
        limits = [value_of(self.shape, one, spot.item(index)) for index, one in enumerate(said)]
        if at.errors == errors and not grows(limits if self.rises else limits[::-1]):
            text = _("must rise from one to the next") if self.rises else _("must fall from one to the next")
            spot.refuse(text)
        return {self.name: limits}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return {self.name: [self.shape.write(limit, currency) for limit in values[self.name]]}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = ([str(one) for one in self.write(values, currency)[self.name]] for values in (before, after))
        return "" if old == new else f"{self.name} {in_words(old)} → {in_words(new)}"


SCALE: tuple[Part, ...] = (
    Limits("recency_days", Whole(0, MAX_DAYS), tuple(recency_limits()), rises=True),
    Limits("visits", Whole(1, MAX_COUNT), tuple(visit_limits())),
    Limits("spent", Amount(), tuple(spent_limits())),
)


class RfmSection:
    """Where recent, often and much begin. What is left out is the default."""

    key = "rfm"

    def read(self, raw: Any, at: Spot) -> Values:
        return read_mapping(raw, SCALE, at)

    def apply(self, data: Values, context: Context) -> list[Change]:
        row = (context.rows(RfmScale) or [RfmScale()])[0]
        return keep(row, data, parts=SCALE, noun=_("scale"), code=self.key, context=context)

    def dump(self, currency: Currency) -> dict[str, Any] | None:
        row = RfmScale.objects.first()
        return None if row is None else write_all(SCALE, _held(row), currency)


def _held(row: RfmScale) -> Values:
    return {"recency_days": row.recency_days, "visits": row.visits, "spent": row.spent}
