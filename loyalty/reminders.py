"""Reminders: bonuses, gift cards and memberships that end soon, tiers that fall soon.

Every night looks at all that ends within the days before (`LetterRules.ending_days`), so a night that was missed is
made up by the next one, and bonuses that live shorter than that are told of in the first night that sees them. What
was told is known by the letter itself: its operation names the client (or the account) and the last day, so nobody is
reminded twice, and value that got another last day is told of anew. A letter that has not gone out by the end of the
last day is of no use any more.

What a client owes is taken off what ends first, for that is what repays it: nobody is told of bonuses that they do
not have. What ends is found by the index on `last_day` and read in pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, Max, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from clients.models import LetterRules, Message
from loyalty import events, falling, letters
from loyalty.events import Happened
from loyalty.falling import FallAhead
from loyalty.house import House
from loyalty.letters import Notice
from loyalty.models import Account, Lot
from loyalty.money import ZERO, Money
from loyalty.paging import in_pages

OCCASION = "reminder"
ENDS = "reminder:ends:"
Unit = Account.Unit


def write_reminders(*, day: date, house: House, now: datetime) -> int:
    """Write what is to be told in the night of this day; how many letters."""
    rules = LetterRules.objects.select_related("ending", "falling").first()
    if rules is None:
        return 0
    count = 0
    if rules.ending is not None and rules.ending.enabled:
        first = max(day, house.day(now))
        last = day + timedelta(days=rules.ending_days)
        count += _write(_bonuses(rules.ending.pk, first, last, house), house, now)
        count += _write(_cards_and_memberships(rules.ending.pk, first, last, house), house, now)
    if rules.falling is not None and rules.falling.enabled:
        count += _warn(rules.falling.pk, day, house, now)
    return count


def _warn(template: int, day: date, house: House, now: datetime) -> int:
    """Those whose tier falls soon; what keeps it, and until when."""
    count, left = 0, iter(falling.warnings(day, house))
    while batch := list(islice(left, letters.AT_ONCE)):
        with transaction.atomic():
            count += letters.write((_warning(template, one, house) for one in batch), house=house, now=now)
            falling.mark_warned(batch)
    return count


def _warning(template: int, one: FallAhead, house: House) -> Notice:
    return Notice(
        operation=f"reminder:falls:{one.standing}:{one.falls_on}",
        client=one.client,
        template=template,
        occasion=OCCASION,
        last_day=one.keeps_by,
        program=one.program,
        tier=one.tier,
        missing=one.missing,
        useless_at=letters.end_of(one.keeps_by, house),
    )


def _write(notices: Iterable[Notice], house: House, now: datetime) -> int:
    """A thousand letters a transaction."""
    count, left = 0, iter(notices)
    while batch := list(islice(left, letters.AT_ONCE)):
        with transaction.atomic():
            count += letters.write(batch, house=house, now=now)
            events.write(map(_event_of(house), batch), now=now, listens=house.listens)
    return count


def _event_of(house: House) -> Callable[[Notice], Happened]:
    """Who keeps balances elsewhere is told with the client; of gift cards nothing is."""

    def told(notice: Notice) -> Happened:
        facts: dict[str, Any] = {"client": str(notice.client), "last_day": str(notice.last_day)}
        if notice.sessions is not None:
            return Happened("membership.ending", {**facts, "name": notice.program, "sessions": notice.sessions})
        name = "bonus.expiring" if notice.operation.startswith(ENDS) else ""
        return Happened(name, {**facts, "amount": house.currency.text(notice.amount or ZERO)})

    return told


def _ending(first: date, last: date, *units: Unit) -> QuerySet[Lot]:
    """What can be used and ends on one of these days."""
    found = Lot.objects.filter(last_day__gte=first, last_day__lte=last, remaining__gt=0, first_day__lte=first)
    return found.filter(account__unit__in=units, account__client__isnull=False, account__client__erased_at=None)


def _not_told(rows: QuerySet[Lot, Any], prefix: str, of: str) -> QuerySet[Lot, Any]:
    """Without those whose letter is there: "reminder:ends:7:2026-03-09"."""
    operation = Concat(
        Value(prefix),
        Cast(OuterRef(of), CharField()),
        Value(":"),
        Cast(OuterRef("last_day"), CharField()),
        output_field=CharField(),
    )
    return rows.filter(~Exists(Message.objects.filter(operation=operation)))


def _bonuses(template: int, first: date, last: date, house: House) -> Iterator[Notice]:
    """One letter a client and last day, whatever the number of lots."""
    debts = Lot.objects.filter(account=OuterRef("account"), is_debt=True, remaining__lt=0).order_by()
    owed = debts.values("account").annotate(owed=Sum("remaining")).values("owed")
    rows = _not_told(_ending(first, last, Unit.BONUS), ENDS, "account__client")
    rows = rows.values("account__client", "last_day").annotate(
        ends=Sum("remaining"), one=Min("name"), other=Max("name"), owed=Coalesce(Subquery(owed), 0)
    )
    found = in_pages(rows, "account__client", "last_day", "ends", "owed", "one", "other")
    for client, days in groupby(found, key=lambda row: row[0]):
        owes: int | None = None
        for _client, last_day, ends, owed_now, one, other in days:
            owes = -owed_now if owes is None else owes
            left, owes = max(ends - owes, 0), max(owes - ends, 0)
            if left:
                called = one if one == other else ""
                operation = f"{ENDS}{client}:{last_day}"
                yield _notice(operation, client, template, last_day, house, amount=Money(left), program=called)


def _cards_and_memberships(template: int, first: date, last: date, house: House) -> Iterator[Notice]:
    """One letter an account and last day. A gift card without a holder is nobody's to remind of."""
    rows = _not_told(_ending(first, last, Unit.MONEY, Unit.SESSION), "reminder:account:", "account")
    rows = rows.values("account", "last_day").annotate(
        ends=Sum("remaining"), called=Max("name"), unit=F("account__unit"), client=F("account__client")
    )
    found = in_pages(rows, "account", "last_day", "ends", "called", "unit", "client")
    for account, last_day, ends, called, unit, client in found:
        what = {"sessions": int(ends)} if unit == Unit.SESSION else {"amount": Money(ends)}
        operation = f"reminder:account:{account}:{last_day}"
        yield _notice(operation, client, template, last_day, house, program=called, **what)


def _notice(operation: str, client: int, template: int, last_day: date, house: House, **facts: Any) -> Notice:
    return Notice(
        operation=operation,
        client=client,
        template=template,
        occasion=OCCASION,
        last_day=last_day,
        useless_at=letters.end_of(last_day, house),
        **facts,
    )
