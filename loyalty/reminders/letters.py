"""Letters about what ends soon.

What was told is known by the letter itself: its operation names the client (or the account) and the last day, so nobody
is reminded twice, and value that got another last day is told of anew. A letter that has not gone out by the end of the
last day is of no use any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from clients.models import Message
from loyalty import letters
from loyalty.house import House
from loyalty.letters import Notice
from loyalty.reminders import ending
from loyalty.reminders.ending import Ending, Unit

OCCASION = "reminder"
BONUSES = "reminder:ends:"
ACCOUNT = "reminder:account:"


def write(template: int, first: date, last: date, house: House, now: datetime) -> int:
    """Remind of what ends on one of these days, a thousand letters a transaction; how many."""
    count, left = 0, _notices(template, first, last, house)
    while batch := list(islice(left, letters.AT_ONCE)):
        with transaction.atomic():
            count += letters.write(batch, house=house, now=now)
    return count


def _notices(template: int, first: date, last: date, house: House) -> Iterator[Notice]:
    for one in ending.bonuses(first, last, told=_is_told(BONUSES, "account__client")):
        yield _notice(f"{BONUSES}{one.client}:{one.last_day}", one, template, house)
    for one in ending.accounts(first, last, Unit.MONEY, Unit.SESSION, told=_is_told(ACCOUNT, "account")):
        yield _notice(f"{ACCOUNT}{one.account}:{one.last_day}", one, template, house)


def _is_told(prefix: str, of: str) -> Exists:
    """Whether the letter is there: "reminder:ends:7:2026-03-09"."""
    operation = Concat(
        Value(prefix),
        Cast(OuterRef(of), CharField()),
        Value(":"),
        Cast(OuterRef("last_day"), CharField()),
        output_field=CharField(),
    )
    return Exists(Message.objects.filter(operation=operation))


def _notice(operation: str, one: Ending, template: int, house: House) -> Notice:
    is_session = one.unit == Unit.SESSION
    return Notice(
        operation=operation,
        client=one.client,
        template=template,
        occasion=OCCASION,
        amount=None if is_session else ending.money_of(one),
        sessions=one.quantity if is_session else None,
        last_day=one.last_day,
        program=one.name,
        useless_at=letters.end_of(one.last_day, house),
    )
