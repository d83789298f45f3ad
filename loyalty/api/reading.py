"""Reads what callers send, strictly: bodies as JSON objects, filters of lists, payments.

What is not understood is refused with its place, never ignored or guessed: an unknown field, a key written twice, a
number where an amount belongs, half a surrogate pair, an id of forty digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Any, NoReturn
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from clients.refusals import Invalid, NotFound
from loyalty.api.problems import PayloadTooLarge
from loyalty.checkout import Back, Paid
from loyalty.models import Visit
from loyalty.models.checks import Method
from loyalty.money import BadAmount, Currency, Money
from loyalty.reader import Reader
from loyalty.terms import Terms

LARGEST_BODY = 1024 * 1024
MAX_PAYMENTS = 20
MAX_QUANTITY = 9999
LONGEST_VALUE = 500
LONGEST_DAYS, LONGEST_MONTHS = 30_000, 900  # 82 years: a date never leaves the calendar
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 without keys written twice, `NaN`, control bytes that no text has, or halves of characters."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise PayloadTooLarge
        try:
            text = body.decode("utf-8")
            value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError):
            raise Invalid(_("The body must be JSON in UTF-8.")) from None
        if "\\u0000" in text:
            _refuse_nul(value, "")
        return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _value in pairs]
        raise Invalid(_("is written twice"), field=next(name for name in names if names.count(name) > 1))
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_nul(value: Any, path: str) -> None:
    """No text holds a NUL, and PostgreSQL stores none."""
    if isinstance(value, str) and "\x00" in value:
        raise Invalid(_("has a character that cannot be typed"), field=path)
    if isinstance(value, dict):
        for name, item in value.items():
            if "\x00" in name:
                raise Invalid(_("has a character that cannot be typed"), field=path)
            _refuse_nul(item, f"{path}.{name}" if path else name)
    if isinstance(value, list):
        for i, item in enumerate(value):
            _refuse_nul(item, f"{path}[{i}]")


def object_of(request: Request) -> dict[str, Any]:
    """The body, which must be an object. Raises `Invalid`."""
    if not isinstance(request.data, dict):
        raise Invalid(_("The body must be a JSON object."))
    return request.data


def body_of(request: Request, keys: set[str], currency: Currency) -> Reader:
    """The body as an object with none but these keys. Raises `Invalid`."""
    reader = Reader(object_of(request), "", currency)
    reader.only(keys)
    return reader


def given(reader: Reader, key: str, types: type | tuple[type, ...] = str) -> Any:
    """The value under this key if it is of these JSON types; None if absent or null. Raises `Invalid`."""
    value = reader.raw.get(key)
    if value is None or (isinstance(value, types) and not isinstance(value, bool)):
        return value
    raise Invalid(_("must be a list") if types is list else _("must be a text"), field=reader.at(key))


def signed_amount(reader: Reader, key: str) -> Money:
    """An amount, with a minus sign or without, as a JSON string; not nothing. Raises `Invalid`."""
    value = reader.raw.get(key)
    if not isinstance(value, str):
        raise Invalid(_('must be an amount in a string, like "12.50" or "-12.50"'), field=reader.at(key))
    try:
        amount = reader.currency.parse(value)
    except BadAmount as error:
        raise Invalid(str(error), field=reader.at(key)) from error
    if not amount:
        raise Invalid(_("must not be nothing"), field=reader.at(key))
    return amount


def lifetime(reader: Reader, key: str) -> Terms:
    """`{"days": 90}` or `{"months": 6}`; null or absent is for ever. Raises `Invalid`."""
    if reader.raw.get(key) is None:
        return Terms()
    span = Reader(reader.raw[key], reader.at(key), reader.currency)
    span.only({"days", "months"})
    if len(span.raw) != 1:
        raise Invalid(_('must be {"days": 90} or {"months": 6}'), field=reader.at(key))
    if "days" in span.raw:
        return Terms(lifetime_days=span.count("days", 0, LONGEST_DAYS))
    return Terms(lifetime_months=span.count("months", 0, LONGEST_MONTHS))


def payments(reader: Reader) -> list[Paid]:
    """`payments: [{method, amount}]`; left out where nothing is to pay. Raises `Invalid`."""
    if reader.raw.get("payments") is None:
        return []
    items = reader.items("payments")
    if len(items) > MAX_PAYMENTS:
        raise Invalid(_("must have at most %(limit)d payments") % {"limit": MAX_PAYMENTS}, field=reader.at("payments"))
    return [_payment(item, f"payments[{i}]", reader.currency) for i, item in enumerate(items)]


def _payment(raw: Any, path: str, currency: Currency) -> Paid:
    reader = Reader(raw, path, currency)
    reader.only({"method", "amount"})
    method = reader.raw.get("method")
    if not isinstance(method, str) or method not in Method.values:
        raise Invalid(_("must be one of %(names)s") % {"names": ", ".join(Method.values)}, field=reader.at("method"))
    amount = reader.money("amount")
    if amount is None:
        raise Invalid(_('must be an amount in a string, like "12.50"'), field=reader.at("amount"))
    return Paid(method=method, amount=amount)


def backs(reader: Reader) -> list[Back] | None:
    """`lines: [{line, quantity?}]` of a refund; absent or null is all that is left. Raises `Invalid`."""
    if reader.raw.get("lines") is None:
        return None
    items = reader.items("lines")
    if not items:
        raise Invalid(_("name at least one line, or leave it out to refund all"), field="lines")
    return [_back(item, f"lines[{i}]", reader.currency) for i, item in enumerate(items)]


def _back(raw: Any, path: str, currency: Currency) -> Back:
    reader = Reader(raw, path, currency)
    reader.only({"line", "quantity"})
    whole = reader.raw.get("quantity") is None
    return Back(
        line=reader.count("line", 0, MAX_QUANTITY),
        quantity=None if whole else reader.count("quantity", 1, MAX_QUANTITY),
    )


# --- addresses and filters -----------------------------------------------------------------------------------------


def read_id(text: str) -> int:
    """An id out of an address. What no id looks like does not exist. Raises `NotFound`."""
    if not is_id(text):
        raise NotFound(_("There is no such thing."))
    return int(text)


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18 and not text.startswith("0")


class Query:
    """The part of an address after the question mark. An empty value is one that is not given."""

    def __init__(self, request: Request, names: Sequence[str]) -> None:
        """Raises `Invalid` for a name that nobody reads, for one given twice, and for what is no text."""
        for name, values in request.query_params.lists():
            value = str(values[0])
            if name not in names:
                raise Invalid(_("unknown parameter"), field=name.replace("\x00", "")[:100])
            if len(values) > 1:
                raise Invalid(_("is given twice"), field=name)
            if "\x00" in value or "\N{REPLACEMENT CHARACTER}" in value or len(value) > LONGEST_VALUE:
                raise Invalid(_("has a character that cannot be typed"), field=name)
        given = {name: str(value) for name, value in request.query_params.items()}
        self.values = {name: value for name, value in given.items() if value.strip()}

    def text(self, name: str) -> str | None:
        return self.values.get(name)

    def id(self, name: str) -> int | None:
        """Raises `Invalid`."""
        value = self.values.get(name)
        if value is not None and not is_id(value):
            raise Invalid(_("must be an id"), field=name)
        return None if value is None else int(value)

    def count(self, name: str, default: int, limit: int) -> int:
        """Raises `Invalid`."""
        value = self.values.get(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= limit):
            raise Invalid(_("must be a whole number from 1 to %(limit)d") % {"limit": limit}, field=name)
        return int(value)

    def moment(self, name: str, zone: ZoneInfo, *, end: bool) -> datetime | None:
        """A time with offset, or a day: its first moment in this zone, or (`end`) the last. Raises `Invalid`."""
        value = self.values.get(name)
        return None if value is None else _moment(value, name, zone, end=end)


def _moment(value: str, name: str, zone: ZoneInfo, *, end: bool) -> datetime:
    message = _("must be a day like 2026-05-12, or a time with offset like 2026-05-12T18:30:00+03:00")
    try:
        if len(value) == len("2026-05-12"):
            day = date.fromisoformat(value)
            moment = datetime.combine(day, time.max if end else time.min, tzinfo=zone)
        else:
            # A plus sign that nobody escaped arrives as a space.
            moment = datetime.fromisoformat(value.strip().replace(" ", "+"))
        if moment.tzinfo is None or not timedelta(days=-366) < moment - EARLIEST < LATEST - EARLIEST:
            raise Invalid(message, field=name)
    except (ValueError, OverflowError):
        raise Invalid(message, field=name) from None
    return moment


def check_time(at: datetime | None, *, latest: datetime) -> None:
    """`at` of a basket. Raises `Invalid` for what the calendar cannot hold, or what is later than `latest`."""
    if at is not None and not EARLIEST <= at <= latest:
        raise Invalid(_("must not be in the future") if at > latest else _("is too long ago"), field="at")


def visible_visit(visit: Visit | None, sees: bool) -> Visit:
    """The visit, if there is one and the caller may see it; both read the same from outside. Raises `NotFound`."""
    if visit is None or not sees:
        raise NotFound(_("There is no such visit."))
    return visit
