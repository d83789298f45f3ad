"""Before the last session of a membership its holder is reminded, with the letter about what ends, once; whoever
listens is told with or without a letter.

Every night looks at all memberships that can be used and have one session left; of those that count service by service
it is one for all of them together. Whom a letter has told already is known by its operation, and the event is written
once, so a missed night is made up by the next, and a session that comes back and goes again is not told of twice.
A subscription is renewed, not ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from clients.models import LetterRules, Message
from loyalty import events, letters
from loyalty.events import Happened
from loyalty.house import House
from loyalty.letters import Notice
from loyalty.models import Account, Lot
from loyalty.night import Night
from loyalty.paging import in_pages
from loyalty.transactions import in_one_transaction

ENDING = "membership.ending"
PREFIX = "reminder:last_session:"


def remind(night: Night) -> int:
    """Write what is to be told this night; how many letters."""
    today = max(night.day, night.house.day(night.now))
    _tell(today, night)
    rules = LetterRules.objects.select_related("ending").first()
    if rules is None or rules.ending is None or not rules.ending.enabled:
        return 0
    count, left = 0, _notices(rules.ending.pk, today, night.house)
    while batch := list(islice(left, letters.AT_ONCE)):
        count += _write(batch, night)
    return count


@in_one_transaction
def _write(batch: Sequence[Notice], night: Night) -> int:
    return letters.write(batch, house=night.house, now=night.now)


def _notices(template: int, today: date, house: House) -> Iterator[Notice]:
    """Of the memberships whose last session no letter has told of."""
    operation = Concat(Value(PREFIX), Cast(OuterRef("account"), CharField()), output_field=CharField())
    rows = _with_one(today).filter(~Exists(Message.objects.filter(operation=operation)))
    for account, called, last_day, client in in_pages(rows, "account", "name", "last_day", "account__client"):
        yield Notice(
            operation=f"{PREFIX}{account}",
            client=client,
            template=template,
            occasion="reminder",
            sessions=1,
            last_day=last_day,
            program=called,
            useless_at=letters.end_of(last_day, house),
        )


def _tell(today: date, night: Night) -> None:
    """Whoever listens. Asks nothing if nobody does."""
    if ENDING not in night.house.listens:
        return
    left = _happened(today)
    while batch := list(islice(left, letters.AT_ONCE)):
        _write_events(batch, night)


@in_one_transaction
def _write_events(batch: Sequence[Happened], night: Night) -> None:
    events.write(batch, now=night.now, listens=night.house.listens)


def _happened(today: date) -> Iterator[Happened]:
    """The moment at which the account was opened tells it from that of the same number in another installation."""
    columns = ("name", "last_day", "account__client", "account__created_at")
    for account, called, last_day, client, opened_at in in_pages(_with_one(today), "account", *columns):
        facts = {
            "membership": str(account),
            "client": str(client),
            "name": called,
            "sessions": 1,
            "last_day": str(last_day),
        }
        yield Happened(ENDING, facts, once=f"last_session:{account}:{opened_at.isoformat()}")


def _with_one(today: date) -> QuerySet[Lot]:
    """The last session of memberships that were for more than one. One that never ends is not told of: the letter says
    until when.
    """
    lots = Lot.objects.filter(
        remaining=1,
        first_day__lte=today,
        last_day__gte=today,
        account__unit=Account.Unit.SESSION,
        account__client__erased_at=None,
        account__membership__voided_at=None,
        account__membership__suspended_at=None,
        account__membership__renews=False,
        account__membership__sessions__gt=1,
    )
    others = Lot.objects.filter(account=OuterRef("account"), remaining__gt=0, last_day__gte=today)
    others = others.exclude(pk=OuterRef("pk"))
    return lots.filter(~Exists(others))
