"""Which memberships are active, were used, end soon, rest or are suspended at the end of a day: lists of the report.

Read from the ledger's entries up to that day, from freezes and from what was written when one was suspended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loyalty.house import House
from loyalty.models import Account, Entry
from loyalty.money import ZERO, Money
from loyalty.periods import starts_at
from memberships.models import Change, Freeze, Membership
from memberships.report import ONE_DAY, Sale, Span, not_earned

ACTIVE, USED, ENDING, FROZEN, SUSPENDED, UNEARNED = "active", "used", "ending", "frozen", "suspended", "not_earned"
SOON = timedelta(days=30)
NAMES: Mapping[str, Any] = {
    ACTIVE: _("active"),
    USED: _("used in these days"),
    ENDING: _("end within 30 days"),
    FROZEN: pgettext_lazy("how many", "frozen"),
    SUSPENDED: pgettext_lazy("how many", "suspended"),
    UNEARNED: _("with something not earned yet"),
}
MOST = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """The lists, by their name, and what is known of each membership on that day."""

    lists: Mapping[str, tuple[int, ...]]
    left: Mapping[int, int]
    ends: Mapping[int, date | None]
    unearned: Mapping[int, Money]


@dataclass(frozen=True, slots=True)
class Row:
    """One membership of a list."""

    id: int
    client: int
    name: str
    plan: str
    last_day: date | None
    left: int
    is_endless: bool
    not_earned: Money


def standing(sales: Iterable[Sale], span: Span, house: House) -> Standing:
    """The lists at the end of the span's last day. Five queries."""
    sales = list(sales)
    day, start, end = span.last, starts_at(span.first, house.zone), starts_at(span.last + ONE_DAY, house.zone)
    left, ends = _left(day, end)
    resting, suspended = _resting(day), _suspended(end)
    living = left.keys() - suspended
    seen = _seen(sales, span)
    ended = set(Membership.objects.filter(renews=False).values_list("pk", flat=True))
    soon = {pk for pk in living & ended if (last := ends[pk]) is not None and last <= day + SOON}
    unearned = {pk: amount for pk, amount in not_earned(sales, span).items() if amount}
    found = {
        ACTIVE: living - resting,
        USED: _used(start, end),
        ENDING: soon,
        FROZEN: living & resting,
        SUSPENDED: suspended,
        UNEARNED: set(unearned),
    }
    lists = {name: tuple(sorted(ids if seen is None else ids & seen)) for name, ids in found.items()}
    return Standing(lists, left, ends, unearned)


def _seen(sales: Iterable[Sale], span: Span) -> set[int] | None:
    """Memberships that were sold at the locations that are seen, or came out of one; None: all there are."""
    return None if span.places is None else {piece.membership for sale in sales for piece in sale.pieces}


def _left(day: date, end: datetime) -> tuple[dict[int, int], dict[int, date | None]]:
    """Membership → sessions that could be used on this day, and until when."""
    entries = Entry.objects.filter(account__unit=Account.Unit.SESSION, account__membership__isnull=False, at__lt=end)
    begun = entries.filter(lot__first_day__lte=day).filter(Q(lot__last_day=None) | Q(lot__last_day__gte=day))
    rows = begun.order_by().values_list("account", "lot", "lot__last_day").annotate(Sum("amount"))
    left: dict[int, int] = {}
    ends: dict[int, date | None] = {}
    for account, _lot, last, amount in rows:
        if amount > 0:
            before = ends.get(account, last)
            left[account] = left.get(account, 0) + int(amount)
            ends[account] = None if last is None or before is None else max(last, before)
    return left, ends


def _resting(day: date) -> set[int]:
    rows = Freeze.objects.filter(from_day__lte=day).filter(Q(ended_on=None) | Q(ended_on__gt=day))
    return {row.membership_id for row in rows if day < row.from_day + timedelta(days=row.days)}


def _suspended(end: datetime) -> set[int]:
    """Suspended by then and still, or until something later resumed it."""
    still = Membership.objects.filter(suspended_at__lt=end, voided_at=None).values_list("pk", flat=True)
    changes = Change.objects.filter(kind__in=(Change.Kind.SUSPENDED, Change.Kind.RENEWED), at__lt=end)
    last = dict(changes.order_by("at", "pk").values_list("membership", "kind"))
    since = Change.objects.filter(kind=Change.Kind.RENEWED, at__gte=end).values_list("membership", flat=True)
    later = set(since) if last else set()
    return set(still) | {pk for pk, kind in last.items() if kind == Change.Kind.SUSPENDED and pk in later}


def _used(start: datetime, end: datetime) -> set[int]:
    uses = Entry.objects.filter(kind=Entry.Kind.SPEND, operation__contains=":memberships:use:", at__gte=start)
    return set(uses.filter(at__lt=end).values_list("account", flat=True))


def rows_of(name: str, standing: Standing, *, most: int | None = MOST) -> list[Row]:
    """The memberships of a list, the newest first. One query."""
    ids = sorted(standing.lists.get(name, ()), reverse=True)[:most]
    found = Membership.objects.filter(pk__in=ids).select_related("client", "plan").order_by("-pk")
    return [
        Row(
            id=one.pk,
            client=one.client_id,
            name=str(one.client),
            plan=one.plan.name,
            last_day=standing.ends.get(one.pk),
            left=standing.left.get(one.pk, 0),
            is_endless=one.sessions is None,
            not_earned=standing.unearned.get(one.pk, ZERO),
        )
        for one in found
    ]
