"""Reads values out of untrusted JSON or form data, strictly, naming the place of whatever is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from loyalty.money import BadAmount, Currency, Money


class Reader:
    """Reads values out of untrusted JSON, naming the place of whatever is wrong."""

    def __init__(self, raw: Any, path: str, currency: Currency) -> None:
        if not isinstance(raw, Mapping):
            raise Invalid(_("must be an object"), field=path)
        self.raw = raw
        self.path = path
        self.currency = currency

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def only(self, keys: set[str]) -> None:
        """Refuse keys that nobody reads."""
        for key in self.raw:
            if key not in keys:
                raise Invalid(_("unknown field"), field=self.at(str(key)))

    def text(self, key: str, default: str | None = None, limit: int = 250) -> str:
        value = self.raw.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip() or len(value) > limit or "\x00" in value:
            raise Invalid(_("must be a text of 1 to %(limit)d characters") % {"limit": limit}, field=self.at(key))
        return value.strip()

    def money(self, key: str, *, positive: bool = False) -> Money | None:
        """An amount as a JSON string; absent or null is None."""
        value = self.raw.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid(_('must be an amount in a string, like "12.50"'), field=self.at(key))
        try:
            amount = self.currency.parse(value)
        except BadAmount as error:
            raise Invalid(str(error), field=self.at(key)) from error
        if amount < 0 or (positive and amount == 0):
            raise Invalid(_("must be more than nothing") if positive else _("must not be negative"), field=self.at(key))
        return amount

    def count(self, key: str, default: int, limit: int) -> int:
        value = self.raw.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= limit:
            raise Invalid(_("must be a whole number from 1 to %(limit)d") % {"limit": limit}, field=self.at(key))
        return value

    def items(self, key: str) -> Sequence[Any]:
        value = self.raw.get(key)
        if not isinstance(value, list):
            raise Invalid(_("must be a list"), field=self.at(key))
        return value

    def client_id(self, key: str) -> int | None:
        """An id as a JSON string (numbers are taken too); absent or null is None."""
        value = self.raw.get(key)
        if value is None:
            return None
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Invalid(_("must be the id of a client"), field=self.at(key))
        return int(text)

    def moment(self, key: str) -> datetime | None:
        """A time with offset; absent or null is None."""
        value = self.raw.get(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is None:
            raise Invalid(_("must be a time with offset, like 2026-05-12T18:30:00+03:00"), field=self.at(key))
        return moment
