"""Settings as bytes and back: JSON, compressed. No pickle: what is unpacked builds values and runs nothing.

Plain values stand for themselves, everything else is [kind, content]. Frozen dataclasses and enumerations of our own
rooms go by their qualified name. What is of no known type is refused at once, so that a rule which could not be kept
shows in the tests and not at the till of a client who was promised something.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache, reduce
from importlib import import_module
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from loyalty.money import Money


class Outdated(Exception):
    """What was packed is of another release: a class is gone, or has other fields."""


def _in_utc(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        raise TypeError(f"{moment} is not in UTC: it would not come back as it was")
    return moment.isoformat()


# Type → its name, how it is written, how it is read.
WRITTEN: Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    Money: ("money", int, Money),
    Decimal: ("decimal", str, Decimal),
    date: ("day", date.isoformat, date.fromisoformat),
    datetime: ("moment", _in_utc, datetime.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    ZoneInfo: ("zone", str, ZoneInfo),
    UUID: ("uuid", str, UUID),
}
READ = {name: read for name, _write, read in WRITTEN.values()}


def pack(value: Any) -> bytes:
    """The value as bytes. Raises `TypeError` for what is of no known type, anywhere in it."""
    return zlib.compress(json.dumps(_said(value), separators=(",", ":")).encode())


def unpack(data: bytes) -> Any:
    """What was packed, equal to what it was. Raises `Outdated`."""
    try:
        return _understood(json.loads(zlib.decompress(data)))
    except (zlib.error, ArithmeticError, ImportError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise Outdated(str(error)) from error


def _said(value: Any) -> Any:
    kind: Any = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind in WRITTEN:
        name, write, _read = WRITTEN[kind]
        return [name, write(value)]
    if isinstance(value, Enum):
        return ["one_of", _name_of(kind), value.name]
    made = getattr(kind, "__dataclass_params__", None)
    if made is not None and made.frozen:
        parts = {part.name: _said(getattr(value, part.name)) for part in fields(kind)}
        return ["made", _name_of(kind), parts]
    return _said_of_many(value, kind)


def _said_of_many(value: Any, kind: Any) -> Any:
    if kind is tuple:
        return ["tuple", [_said(item) for item in value]]
    if kind is frozenset:
        return ["set", sorted((_said(item) for item in value), key=json.dumps)]
    if isinstance(value, Mapping):
        return ["map", [[_said(key), _said(item)] for key, item in value.items()]]
    raise TypeError(f"settings cannot be kept with a {kind.__module__}.{kind.__qualname__} in them")


def _understood(said: Any) -> Any:
    if not isinstance(said, list):
        return said
    name, *content = said
    if name in READ:
        return READ[name](*content)
    if name == "one_of":
        return _class_of(content[0], Enum)[content[1]]
    if name == "made":
        return _made(*content)
    if name == "map":
        return {_understood(key): _understood(item) for key, item in content[0]}
    return {"tuple": tuple, "set": frozenset}[name](_understood(item) for item in content[0])


def _made(name: str, parts: Mapping[str, Any]) -> Any:
    """A dataclass of the same fields, those with a default too: a new one may mean something else by being left out."""
    made = _class_of(name, object)
    if {part.name for part in fields(made)} != parts.keys():
        raise TypeError(f"{name} has other fields now")
    return made(**{key: _understood(part) for key, part in parts.items()})


def _name_of(kind: type) -> str:
    """ "loyalty.house:House". Raises `TypeError` for a class that could not be found again by it."""
    name = f"{kind.__module__}:{kind.__qualname__}"
    if not _is_ours(kind.__module__) or "<" in name:
        raise TypeError(f"settings cannot be kept with a {name} in them: it is no class of ours")
    return name


def _class_of(name: str, base: type) -> Any:
    """The class of ours that has this name. Raises what makes it `Outdated`."""
    module, _colon, path = name.partition(":")
    if not _is_ours(module):
        raise TypeError(f"{name} is no class of ours")
    found: Any = reduce(getattr, path.split("."), import_module(module))
    if not (isinstance(found, type) and issubclass(found, base) and (base is Enum or is_dataclass(found))):
        raise TypeError(f"{name} is no such class any more")
    return found


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _rooms()


@cache
def _rooms() -> frozenset[str]:
    """The packages that say what rules are: this one, the one below, and those of the configured mechanics."""
    return frozenset({"loyalty", "clients", *(path.partition(".")[0] for path in settings.MECHANICS)})
