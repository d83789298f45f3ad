"""The period that the sessions of a membership are of, and what was paid for it: at the sale, or for a later one.

What can be credited or passed on is measured on that one period. Of a subscription that was paid ahead there are two,
each with a price and a refund of its own: nothing is taken from it before the later one has been returned, or begun
with nothing left of the earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _

from loyalty.explanations import show_day
from loyalty.ledger import Stock
from loyalty.models import Lot
from loyalty.money import Money
from memberships.changes import CannotChange
from memberships.freezing import rests_of
from memberships.models import Membership, Renewal
from memberships.plans import ENDLESS
from memberships.renewal_returns import GRANTED, granted_by
from memberships.unused import Unused, unused


@dataclass(frozen=True, slots=True)
class Period:
    """`paid` stands for so many `sessions` (None: any number), of which `unused` are left."""

    sessions: int | None
    paid: Money
    unused: Unused
    is_sold: bool
    """The one that the membership was sold with: what goes from it goes from `Membership.paid`."""


def period_of(row: Membership, lots: Sequence[Stock], today: date) -> Period:
    """The one that something is left of, among these lots that have not ended. Raises `CannotChange` for two."""
    full = {_paid_on(lot) for lot in lots if lot.remaining}
    if len(full) > 1:
        until = show_day(row.paid_until or max(lot.last_day for lot in lots if lot.last_day is not None))
        message = _("“%(name)s” is paid ahead until %(day)s. Return that period first.")
        raise CannotChange(message % {"name": row.plan.name, "day": until})
    visit = next(iter(full), None)
    of_it = [lot for lot in lots if _paid_on(lot) == visit]
    sessions, paid = (row.sessions, row.paid) if visit is None else _later(row, visit)
    left = unused(row, sessions, of_it, rests_of(row), today)
    return Period(sessions, paid, left, is_sold=visit is None)


def _paid_on(lot: Stock) -> int | None:
    """The visit on which a later period was paid; None for what it was sold with, or came with when passed on."""
    before, is_later, _membership = lot.operation.partition(GRANTED)
    return int(before.removeprefix("visit:")) if is_later else None


def _later(row: Membership, visit: int) -> tuple[int | None, Money]:
    granted = Lot.objects.filter(account=row.pk, operation__startswith=granted_by(visit, row.pk)).aggregate(
        all=Sum("amount")
    )
    sessions = int(granted["all"])
    renewal = Renewal.objects.select_related("line").get(membership=row, line__visit=visit)
    assert renewal.line is not None
    return (None if sessions >= ENDLESS else sessions, renewal.line.to_pay)
