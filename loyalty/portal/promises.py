"""What the business gives to those who join, in sentences: every program says its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clients.refusals import Refusal
from loyalty.house import House
from loyalty.mechanics import Good, mechanics
from loyalty.rulebook import Rulebook, rulebook


@dataclass(frozen=True, slots=True)
class Offer:
    """What the welcome page says."""

    house: House
    promises: tuple[str, ...]
    goods: tuple[Good, ...]


def offer(*, now: datetime) -> Offer | None:
    """What can be said to a visitor; None before the business is set up."""
    try:
        book = rulebook()
    except Refusal:
        return None
    return Offer(book.house, tuple(_promises(book, now)), tuple(_goods(book, now)))


def _promises(book: Rulebook, now: datetime) -> list[str]:
    today = book.house.day(now)
    return [
        sentence
        for mechanic in mechanics()
        for sentence in mechanic.promises(book.house, book.rules[mechanic.code], today)
    ]


def _goods(book: Rulebook, now: datetime) -> list[Good]:
    """What a visitor may buy; not what is for somebody who has one already."""
    today = book.house.day(now)
    goods = (good for mechanic in mechanics() for good in mechanic.goods(book.house, book.rules[mechanic.code]))
    return [good for good in goods if not good.asks_code and (good.until is None or good.until >= today)]
