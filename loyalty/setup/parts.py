"""The keys of a row: each knows its columns, how it is read and written, and how to say what changed.

A row of the document becomes `Values`, column → value, and back. What is left out takes its default.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.money import ZERO, BadAmount, Currency
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_DAYS, MAX_MONTHS, Amount, Day, Flag, Percent, Shape, Text, Whole, Wrong
from loyalty.terms import ALL

Values = dict[str, Any]
REQUIRED = object()


class Part(ABC):
    """One key of a row."""

    name: str

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns of the row's own table that this key fills."""

    @property
    def holds(self) -> tuple[str, ...]:
        """What it puts into the row's values."""
        return self.columns

    @abstractmethod
    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        """The values under this key of the raw row. Reports what is wrong to `at` (the row)."""

    @abstractmethod
    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        """{key: plain value}; nothing, if it is what leaving the key out means, unless `full`."""

    def of(self, row: models.Model) -> Values:
        """The values of a stored row."""
        return {column: getattr(row, column) for column in self.columns}

    def fill(self, row: models.Model, values: Values) -> None:
        """Put the values into the row, which is saved then."""
        for column in self.columns:
            setattr(row, column, values[column])

    def store(self, row: models.Model, values: Values) -> None:  # noqa: B027  # most keys have no rows of their own
        """Write what hangs on the row, after the row itself."""

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        """What a change means, in words: "percent 5 → 6"; nothing, if it is none."""
        old, new = (self.write(values, currency, full=True).get(self.name) for values in (before, after))
        return "" if old == new else f"{self.name} {in_words(old)} → {in_words(new)}"


def in_words(plain: Any) -> str:
    """A plain value as a person says it."""
    if plain in (None, "", []):
        return _("none")
    if isinstance(plain, bool):
        return _("yes") if plain else _("no")
    if isinstance(plain, list):
        return ", ".join(plain)
    if isinstance(plain, dict) and len(plain) > 1:
        return " ".join(map(in_words, plain.values()))
    if isinstance(plain, dict):
        ((unit, count),) = plain.items()
        many = (
            ngettext("%(n)d day", "%(n)d days", count)
            if unit == "days"
            else ngettext("%(n)d month", "%(n)d months", count)
        )
        return many % {"n": count}
    return str(plain)


@dataclass(frozen=True)
class Key(Part):
    """A key with one value. `null` is allowed where it is what leaving the key out means."""

    name: str
    shape: Shape
    column: str | None = ""
    default: Any = REQUIRED
    shown: bool = False
    """Written also when it is the default."""

    @property
    def columns(self) -> tuple[str, ...]:
        return () if self.column is None else (self.column or self.name,)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        value = self._value(raw, at)
        return dict.fromkeys(self.columns, value)

    def _value(self, raw: Mapping[str, Any], at: Spot) -> Any:
        if self.name not in raw:
            if self.default is REQUIRED:
                at.key(self.name).refuse(_("is missing"))
                return None
            return self.default
        if raw[self.name] is None and self.default is None:
            return None
        return value_of(self.shape, raw[self.name], at.key(self.name))

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        for column in self.columns:
            value = values[column]
            if full or self.shown or value != self.default:
                return {self.name: None if value is None else self.shape.write(value, currency)}
        return {}


def value_of(shape: Shape, raw: Any, at: Spot) -> Any:
    """The value, or None after its error was reported."""
    try:
        return shape.read(raw, at.reading.context.currency)
    except (Wrong, BadAmount) as error:
        at.refuse(str(error))
        return None


@dataclass(frozen=True)
class Span(Part):
    """{days: N} or {months: N}, null for ever."""

    name: str
    days: str
    months: str = ""
    shown: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.days, self.months) if self.months else (self.days,)

    @property
    def wanted(self) -> str:
        """What it must be, for whoever wrote something else."""
        return _("must be {days: N} or {months: N}") if self.months else _("must be {days: N}")

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        if raw.get(self.name) is None:
            return dict.fromkeys(self.columns)
        if not isinstance(raw[self.name], Mapping):
            at.key(self.name).refuse(self.wanted)
            return {}
        keys = [Key("days", Whole(1, MAX_DAYS), self.days, default=None)]
        if self.months:
            keys.append(Key("months", Whole(1, MAX_MONTHS), self.months, default=None))
        errors, spot = at.errors, at.key(self.name)
        values = read_mapping(raw[self.name], keys, spot)
        if at.errors == errors and sum(value is not None for value in values.values()) != 1:
            spot.refuse(self.wanted)
        return values

    def write(self, values: Values, _currency: Currency, *, full: bool = False) -> dict[str, Any]:
        for unit, column in (("days", self.days), ("months", self.months)):
            if column and values[column] is not None:
                return {self.name: {unit: values[column]}}
        return {self.name: None} if full or self.shown else {}


def no_check(_values: Values, _at: Spot) -> None:
    """Any combination of the keys makes sense."""


@dataclass(frozen=True)
class Group(Part):
    """A mapping of keys whose columns are the row's own. Left out or null: none of it."""

    name: str
    parts: tuple[Part, ...]
    check: Callable[[Values, Spot], None] = field(default=no_check)
    used_by: tuple[str, ...] = ()
    """The columns that decide whether the group is there at all; none named: any that differs from its default."""
    required: bool = False
    """It must be given, though it may be empty; it is always written."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for part in self.parts for column in part.columns)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        spot, inner = at.key(self.name), raw.get(self.name)
        if self.required and self.name not in raw:
            spot.refuse(_("is missing"))
            return {}
        if inner is None and not self.required:
            return read_mapping({}, self.parts, spot)
        errors = at.errors
        values = read_mapping(inner, self.parts, spot)
        if at.errors == errors:
            self.check(values, spot)
        return values

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        if not full and not self.required and not self._is_used(values):
            return {}
        return {self.name: write_all(self.parts, values, currency, full=full)}

    def of(self, row: models.Model) -> Values:
        return values_of(self.parts, row)

    def fill(self, row: models.Model, values: Values) -> None:
        for part in self.parts:
            part.fill(row, values)

    def _is_used(self, values: Values) -> bool:
        """Whether leaving the group out would lose something."""
        if self.used_by:
            return any(values[column] not in (None, "") for column in self.used_by)
        defaults = {
            column: part.default if isinstance(part, Key) else None for part in self.parts for column in part.columns
        }
        return any(values[column] != default for column, default in defaults.items())

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        if self.used_by and not self._is_used(before) and not self._is_used(after):
            return ""  # what was left behind in its columns says nothing
        return listed(self.name, differences(self.parts, before, after, currency))


def differences(parts: Sequence[Part], before: Values, after: Values, currency: Currency) -> list[str]:
    """What each of the keys says of a change."""
    return list(filter(None, (part.difference(before, after, currency) for part in parts)))


def values_of(parts: Sequence[Part], row: models.Model) -> Values:
    """All values of a stored row."""
    return {held: value for part in parts for held, value in part.of(row).items()}


def added_and_removed(name: str, before: Sequence[Any], after: Sequence[Any]) -> str:
    """ "services added sauna, removed session"; nothing, if both have the same, in whatever order."""
    texts = [_("added %(value)s") % {"value": in_words(value)} for value in after if value not in before]
    texts += [_("removed %(value)s") % {"value": in_words(value)} for value in before if value not in after]
    return listed(name, texts)


def listed(name: str, texts: Sequence[str]) -> str:
    """ "tiers Silver percent 5 → 6, Gold added"; nothing of nothing."""
    return f"{name} {', '.join(texts)}" if texts else ""


def read_mapping(raw: Any, parts: Sequence[Part], at: Spot) -> Values:
    """All values of a mapping; an unknown key is an error, not ignored."""
    if not isinstance(raw, Mapping):
        at.refuse(_("must be a mapping (key: value)"))
        return {}
    names = {part.name for part in parts}
    for key in raw:
        if key not in names:
            at.key(key).refuse(_("unknown key"))
    return {held: value for part in parts for held, value in part.read(raw, at).items()}


def write_all(parts: Sequence[Part], values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
    """The plain mapping of a row's values."""
    return {key: value for part in parts for key, value in part.write(values, currency, full=full).items()}


# --- what many sections have ----------------------------------------------------------------------------------

NAME = Key("name", Text(120))
ENABLED = Key("enabled", Flag(), default=True)
DATES: tuple[Part, ...] = (Key("from", Day(), "from_day", default=None), Key("to", Day(), "to_day", default=None))


def priority(default: int) -> Key:
    """The lower goes first."""
    return Key("priority", Whole(0, 32_000), default=default)


PROGRAM: tuple[Part, ...] = (ENABLED, *DATES, priority(100))
BONUS = Group(
    "bonus",
    (
        Span("lifetime", "lifetime_days", "lifetime_months", shown=True),
        Key("pending_days", Whole(0, MAX_DAYS), default=0, shown=True),
        Key("limit_percent", Percent(), default=ALL, shown=True),
        Key("min_check", Amount(), default=ZERO, shown=True),
    ),
)


def check_dates(values: Values, at: Spot) -> None:
    """A program ends on or after the day it begins."""
    begins, ends = values.get("from_day"), values.get("to_day")
    if begins and ends and ends < begins:
        at.key("to").refuse(_("must not be before from"))
