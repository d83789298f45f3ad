"""What is on the counter: the input of a quote.

`loyalty.counter` reads it from what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loyalty.money import Money


@dataclass(frozen=True, slots=True)
class Item:
    """A line that sells something of a mechanic: a gift card, a membership. `kind` is the key that named it."""

    kind: str
    code: str
    amount: Money | None = None
    details: Any = None
    """What else was said of it, as its mechanic read it: for whom a gift card is."""


@dataclass(frozen=True, slots=True)
class BasketLine:
    """So many of a service, or an item of a mechanic."""

    service: str = ""
    item: Item | None = None
    quantity: int = 1
    price: Money | None = None
    price_reason: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """Everything a quote needs to be told. `offers` holds what mechanics read, by key."""

    location: str
    lines: tuple[BasketLine, ...]
    client: int | None = None
    offers: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    by_staff: bool = True
    """Whether staff are asking, at the desk or a till; else a client may be, through some page."""
