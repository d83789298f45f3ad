"""Whether a client belongs to a segment outside of any check: on joining, for an action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from loyalty.audience import Gap
from loyalty.checkout.quote import person_of, ranks_of
from loyalty.checkout.traits import with_traits
from loyalty.mechanics import Person
from loyalty.rulebook import Rulebook


def gaps_of(client: int, book: Rulebook, now: datetime) -> Callable[[int | None], tuple[Gap, ...]]:
    """What keeps the client out of a segment, as they are now. Read once, and only if a segment is asked about."""
    today = book.house.day(now)

    @cache
    def state() -> tuple[Person, frozenset[str]]:
        person = person_of(client)[0]
        person = with_traits(person, book, now) if book.asks_traits else person
        return person, ranks_of(person, book, today)

    def gaps(segment: int | None) -> tuple[Gap, ...]:
        if segment is None:
            return ()
        person, ranks = state()
        return book.house.gaps(segment, person, today, ranks)

    return gaps
