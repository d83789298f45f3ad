"""What one value of the document looks like: how it is read, strictly, and how it is written back.

`read` raises `Wrong` (or `BadAmount`) with a sentence that follows the path: "must be true or false".
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clients.models import check_timezone, code_validator
from loyalty.money import BadAmount, Currency, Money, parse_percent, percent_text

# 82 years. More fits no column, and adding it to a date could leave the calendar.
MAX_DAYS = 30_000
MAX_MONTHS = 900
MAX_HOURS = 24 * MAX_DAYS
MAX_COUNT = 1_000_000_000
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
UNSTORABLE = {"Cc", "Cs"}  # control characters and halves of surrogate pairs


class Wrong(ValueError):
    """The value cannot be what its key asks for. `str()` says what it must be."""


class Shape(Protocol):
    """How a value is read and written."""

    def read(self, raw: Any, currency: Currency) -> Any: ...

    def write(self, value: Any, currency: Currency) -> Any: ...


class Plain:
    """A value that is written as it is kept."""

    def write(self, value: Any, _currency: Currency) -> Any:
        return value


@dataclass(frozen=True, slots=True)
class Text(Plain):
    """One line of text, as long as its column."""

    limit: int
    blank: bool = False

    def read(self, raw: Any, _currency: Currency) -> str:
        if not isinstance(raw, str):
            raise Wrong(_("must be text (in quotes, if it looks like a number)"))
        text = raw.strip()
        if any(unicodedata.category(character) in UNSTORABLE for character in text):
            raise Wrong(_("must be one line of text"))
        if not text and not self.blank:
            raise Wrong(_("must not be empty"))
        if len(text) > self.limit:
            raise Wrong(_("must have at most %(limit)d characters") % {"limit": self.limit})
        return text


@dataclass(frozen=True, slots=True)
class Lines(Plain):
    """Text of several lines, or of one; empty: none. Space at the end of lines and around the text goes."""

    limit: int
    one: bool = False

    def read(self, raw: Any, currency: Currency) -> str:
        if not isinstance(raw, str):
            raise Wrong(_("must be text (in quotes, if it looks like a number)"))
        if self.one:
            return Text(self.limit, blank=True).read(raw, currency)
        text = "\n".join(line.rstrip() for line in raw.strip().splitlines())
        if any(unicodedata.category(character) in UNSTORABLE for character in text if character != "\n"):
            raise Wrong(_("has a character that cannot be typed"))
        if len(text) > self.limit:
            raise Wrong(_("must have at most %(limit)d characters") % {"limit": self.limit})
        return text


class Code(Plain):
    """What identifies a row."""

    LIMIT = 40

    def read(self, raw: Any, currency: Currency) -> str:
        text = Text(self.LIMIT).read(raw, currency)
        try:
            code_validator(text)
        except ValidationError as error:
            raise Wrong(error.message) from None
        return text


class CurrencyCode(Plain):
    """Three letters of ISO 4217."""

    def read(self, raw: Any, currency: Currency) -> str:
        return Currency.of(Text(3).read(raw, currency)).code


@dataclass(frozen=True, slots=True)
class Zone(Plain):
    """An IANA time zone."""

    blank: bool = False

    def read(self, raw: Any, currency: Currency) -> str:
        name = Text(64, self.blank).read(raw, currency)
        try:
            if name:
                check_timezone(name)
        except ValidationError as error:
            raise Wrong(error.messages[0]) from None
        return name


class Flag(Plain):
    """true or false; YAML 1.1's yes, no, on and off are text."""

    def read(self, raw: Any, _currency: Currency) -> bool:
        if not isinstance(raw, bool):
            raise Wrong(_("must be true or false"))
        return raw


@dataclass(frozen=True, slots=True)
class Whole(Plain):
    """A count: days, sessions."""

    low: int
    high: int

    def read(self, raw: Any, _currency: Currency) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Wrong(_("must be a whole number"))
        if not self.low <= raw <= self.high:
            raise Wrong(_("must be between %(low)d and %(high)d") % {"low": self.low, "high": self.high})
        return raw


@dataclass(frozen=True, slots=True)
class Choice(Plain):
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, raw: Any, _currency: Currency) -> str:
        if not isinstance(raw, str) or raw not in self.options:
            raise Wrong(_("must be %(options)s") % {"options": _(" or ").join(self.options)})
        return raw


class Day:
    """A date, 2026-11-23."""

    def read(self, raw: Any, _currency: Currency) -> date:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            raw = raw.isoformat()
        try:
            if not isinstance(raw, str) or not DATE.fullmatch(raw) or not "2000" <= raw[:4] <= "2100":
                raise Wrong
            return date.fromisoformat(raw)
        except ValueError:
            raise Wrong(_("must be a date like 2026-11-23")) from None

    def write(self, value: date, _currency: Currency) -> str:
        return value.isoformat()


class Clock:
    """A time of the day, "09:30", from 00:00 to 23:59. In YAML 1.2 it may go without quotes."""

    def read(self, raw: Any, _currency: Currency) -> time:
        if not isinstance(raw, str) or not CLOCK.fullmatch(raw.strip()):
            raise Wrong(_('must be a time like "09:30"'))
        return time.fromisoformat(raw.strip())

    def write(self, value: time, _currency: Currency) -> str:
        return value.isoformat("minutes")


class ClientId:
    """The id of a client, as the API gives it: digits in a string; a number may go without quotes."""

    def read(self, raw: Any, _currency: Currency) -> int:
        text = str(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Wrong(_("must be the id of a client"))
        return int(text)

    def write(self, value: int, _currency: Currency) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money or of bonuses, in quotes; a whole number may go without."""

    positive: bool = False

    def read(self, raw: Any, currency: Currency) -> Money:
        amount = currency.parse(_digits(raw, currency.digits))
        if amount < 0:
            raise Wrong(_("must not be negative"))
        if self.positive and amount == 0:
            raise Wrong(_("must be more than 0"))
        return amount

    def write(self, value: Money, currency: Currency) -> str:
        return currency.text(value)


class Percent:
    """From 0 to 100, in quotes; a whole number may go without."""

    def read(self, raw: Any, _currency: Currency) -> Decimal:
        text = _digits(raw, None)
        if NUMBER.fullmatch(text.strip()) and not 0 <= Decimal(text.strip()) <= 100:
            raise Wrong(_("must be between 0 and 100"))
        return parse_percent(text)

    def write(self, value: Decimal, _currency: Currency) -> str:
        return percent_text(value)


class Factor:
    """So many times: "2", "1.5"."""

    def read(self, raw: Any, _currency: Currency) -> Decimal:
        text = _digits(raw, None).strip()
        if NUMBER.fullmatch(text) is None or not 0 < Decimal(text) <= 100:
            raise Wrong(_("must be more than 0 and at most 100"))
        try:
            return parse_percent(text)
        except BadAmount:
            raise Wrong(_("must have at most three digits after the point")) from None

    def write(self, value: Decimal, _currency: Currency) -> str:
        return percent_text(value)


def _digits(raw: Any, places: int | None) -> str:
    """The digits of a number, as they were written. A YAML float has lost them already: 20.10 is not 20.1."""
    if isinstance(raw, float):
        number = raw if math.isfinite(raw) else 20.0
        example = format(number, "g" if places is None else f".{places}f")
        raise Wrong(_('write it in quotes: "%(example)s"') % {"example": example})
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise Wrong(_('must be a number in quotes, like "20"'))
    if isinstance(raw, int) and abs(raw) >= 10**12:
        raise Wrong(_("is too large"))
    return str(raw)
