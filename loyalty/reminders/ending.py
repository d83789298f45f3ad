"""What ends on the days ahead: found by the index on `last_day`, and read in pages.

What a client owes is taken off what ends first, for that is what repays it: nobody is told of bonuses that they do
not have. Of who owes, what was told already is therefore read as well: Boris owes 30.00 and was told yesterday of the
20.00 that are left of the 50.00 of the 8th; the 20.00 of the 9th are told of today, whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import BooleanField, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from loyalty.models import Account, Lot
from loyalty.money import Money
from loyalty.paging import in_pages

Unit = Account.Unit
Told = Exists | Value
"""Whether a lot's client has been told of it: an expression over rows of `Lot`."""
NOBODY: Told = Value(False, output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Ending:
    """What of an account can be used until this day and no longer. Only what belongs to a client."""

    client: int
    last_day: date
    account: int
    opened_at: datetime
    unit: str
    quantity: int
    """Minor units, or sessions."""
    name: str
    """What the client knows it by; empty, if that is more than one thing."""


def bonuses(first: date, last: date, *, told: Told = NOBODY) -> Iterator[Ending]:
    """One for each client and last day, whatever the number of lots; without those that were told of."""
    debts = Lot.objects.filter(account=OuterRef("account"), is_debt=True, remaining__lt=0).order_by()
    owed = debts.values("account").annotate(owed=Sum("remaining")).values("owed")
    lots = _lots(first, last, Unit.BONUS).annotate(told=told).filter(Q(told=False) | Exists(debts))
    rows = lots.values("account__client", "last_day", "told", "account", "account__created_at").annotate(
        ends=Sum("remaining"), one=Min("name"), other=Max("name"), owed=Coalesce(Subquery(owed), 0)
    )
    columns = ("last_day", "account", "account__created_at", "told", "ends", "owed", "one", "other")
    for client, days in groupby(in_pages(rows, "account__client", *columns), key=lambda row: row[0]):
        owes: int | None = None
        for _client, last_day, account, opened_at, was_told, ends, owed_now, one, other in days:
            owes = -owed_now if owes is None else owes
            left, owes = max(ends - owes, 0), max(owes - ends, 0)
            if left and not was_told:
                name = one if one == other else ""
                yield Ending(client, last_day, account, opened_at, Unit.BONUS, left, name)


def accounts(first: date, last: date, *units: Unit, told: Told = NOBODY) -> Iterator[Ending]:
    """One for each gift card or membership and last day. A gift card without a holder is nobody's to tell of."""
    lots = _lots(first, last, *units).annotate(told=told).filter(told=False)
    rows = lots.values("account", "last_day", "account__client", "account__created_at", "account__unit").annotate(
        ends=Sum("remaining"), called=Max("name")
    )
    columns = ("last_day", "account__client", "account__created_at", "account__unit", "ends", "called")
    for account, last_day, client, opened_at, unit, ends, called in in_pages(rows, "account", *columns):
        yield Ending(client, last_day, account, opened_at, unit, int(ends), called)


def money_of(ending: Ending) -> Money:
    """Bonuses, or what is on a gift card."""
    return Money(ending.quantity)


def _lots(first: date, last: date, *units: Unit) -> QuerySet[Lot]:
    """What can be used and ends on one of these days."""
    found = Lot.objects.filter(last_day__gte=first, last_day__lte=last, remaining__gt=0, first_day__lte=first)
    return found.filter(account__unit__in=units, account__client__isnull=False, account__client__erased_at=None)
