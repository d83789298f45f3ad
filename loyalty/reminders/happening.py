"""Events about what ends soon: `bonus.expiring`, `membership.ending`. Gift cards have none.

Whoever keeps balances elsewhere, or writes the letters, is told whether or not we write any: an event asks neither for
a letter nor for a consent. It is told once (`Happened.once`) for a client (or a membership) and last day, so each night
writes all that is within the days ahead, and what is there already stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction

from loyalty import events
from loyalty.events import Happened
from loyalty.house import House
from loyalty.models.ledger import is_any_number
from loyalty.reminders import ending
from loyalty.reminders.ending import Ending, Unit

EXPIRING = "bonus.expiring"
ENDING = "membership.ending"
AT_ONCE = 1000


def tell(first: date, last: date, house: House, now: datetime) -> None:
    """Tell of what ends on one of these days, a thousand events a transaction. Asks nothing if nobody listens."""
    left = _happened(first, last, house)
    while batch := list(islice(left, AT_ONCE)):
        with transaction.atomic():
            events.write(batch, now=now, listens=house.listens)


def _happened(first: date, last: date, house: House) -> Iterator[Happened]:
    if EXPIRING in house.listens:
        for one in ending.bonuses(first, last):
            yield _of(EXPIRING, one, {"amount": house.currency.text(ending.money_of(one))})
    if ENDING in house.listens:
        for one in ending.accounts(first, last, Unit.SESSION):
            sessions = None if is_any_number(one.quantity) else one.quantity
            yield _of(ENDING, one, {"membership": str(one.account), "name": one.name, "sessions": sessions})


def _of(name: str, one: Ending, facts: dict[str, Any]) -> Happened:
    """The moment at which the account was opened tells it from that of the same number in another installation."""
    said = {"client": str(one.client), "last_day": str(one.last_day), **facts}
    return Happened(name, said, once=f"{one.account}:{one.opened_at.isoformat()}:{one.last_day}")
