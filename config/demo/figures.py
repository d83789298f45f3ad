"""What the sample came to, read from the ledger: the small table that `manage.py demo` prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from loyalty.models import Account, Entry, Lot, Refund, Visit
from loyalty.money import Money

Kind = Entry.Kind
Unit = Account.Unit


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts in minor units; sessions are counted."""

    visits: int
    sales: Money
    earned: Money
    spent: Money
    expired: Money
    outstanding: Money
    rewards: Money
    cards_sold: Money
    cards_spent: Money
    sessions_used: int
    sessions_ended: int


def figures(today: date) -> Figures:
    """Everything since the first day. Refunds are taken off what they took back or gave back."""
    came_in = [Kind.GRANT, Kind.ADJUST, Kind.TAKE_BACK]
    used = [Kind.SPEND, Kind.RETURN]
    money = Visit.objects.aggregate(all=Sum("to_pay"))["all"] or 0
    back = Refund.objects.aggregate(all=Sum("money"))["all"] or 0
    return Figures(
        visits=Visit.objects.filter(is_visit=True).count(),
        sales=Money(money - back),
        earned=_sum(Unit.BONUS, came_in),
        spent=-_sum(Unit.BONUS, used),
        expired=-_sum(Unit.BONUS, [Kind.EXPIRE]),
        outstanding=outstanding(today),
        rewards=_sum(Unit.BONUS, came_in, Q(operation__contains=":referrer")),
        cards_sold=_sum(Unit.MONEY, came_in),
        cards_spent=-_sum(Unit.MONEY, used),
        sessions_used=-_sum(Unit.SESSION, used),
        sessions_ended=-_sum(Unit.SESSION, [Kind.EXPIRE]),
    )


def outstanding(today: date) -> Money:
    """Bonuses that clients can still spend, now or later, debts taken off."""
    lots = Lot.objects.filter(account__unit=Unit.BONUS).exclude(remaining=0)
    return Money(lots.exclude(last_day__lt=today).aggregate(all=Sum("remaining"))["all"] or 0)


def _sum(unit: str, kinds: list[Kind], more: Q | None = None) -> Money:
    entries = Entry.objects.filter(more or Q(), account__unit=unit, kind__in=kinds)
    return Money(entries.aggregate(all=Sum("amount"))["all"] or 0)
