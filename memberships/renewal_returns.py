"""A period that was paid comes back: what of its price, what of its sessions, and that it is to be paid again.

Only the last period that was paid can come back, and while it has not ended: whole if nothing of it was used, else by
the formula that the membership was sold with (`memberships.formulas`), on this period alone. Of any number of sessions
the days stand in their place, counted as of a membership that was sold: whole before it has begun. Sessions of it that
were passed on took their part of the price along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger import Kind, Movement, spend, stock
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Entry, Lot, VisitLine
from loyalty.money import Money, total
from memberships.formulas import NothingLeftOfMembership, Sold, Used
from memberships.freezing import rests_of
from memberships.models import Membership, RefundBy, Renewal
from memberships.no_shows import missed_of
from memberships.plans import ENDLESS
from memberships.subscriptions import ONE_DAY, State
from memberships.unused import unused

CODE = "renewals"
GRANTED = f":{CODE}:period:"
"""In the operation of each lot of a period that was paid."""
EXPLANATIONS: Mapping[str, Any] = {
    "renewal.back": gettext_lazy(
        "“%(name)s”: the period from %(first_day)s until %(last_day)s was paid with %(paid)s; %(amount)s comes back."
    ),
}


def granted_by(visit: int, membership: int) -> str:
    """With it begins the operation of each lot of a period that was paid on this check."""
    return f"visit:{visit}{GRANTED}{membership}"


@dataclass(frozen=True, slots=True)
class _Back:
    """A period that is to come back, as it stands."""

    renewal: Renewal
    lots: Sequence[Lot]
    line: VisitLine
    passed_on: int

    @property
    def granted(self) -> int:
        return int(total(lot.amount for lot in self.lots))

    @property
    def sessions(self) -> int:
        """That it still stands for."""
        return self.granted - self.passed_on

    @property
    def paid(self) -> Money:
        """For them."""
        return Money(self.line.to_pay * self.sessions // self.granted)

    @property
    def left(self) -> int:
        return int(total(lot.remaining for lot in self.lots))

    def part(self, today: date) -> tuple[int, int]:
        """The share of its price that comes back. Raises `NothingLeftOfMembership`."""
        formula = self.renewal.membership.refund
        is_endless = any(lot.amount == ENDLESS for lot in self.lots)
        has_begun = is_endless and any(lot.first_day <= today for lot in self.lots)  # its days are what is used of it
        if self.left == self.granted and formula != RefundBy.NONE and not has_begun:
            return (1, 1)
        return self._sold(today, is_endless=is_endless).part

    def _sold(self, today: date, *, is_endless: bool) -> Sold:
        return Sold(
            formula=self.renewal.membership.refund,
            sessions=None if is_endless else self.sessions,
            left=0 if is_endless else self.left,
            paid=self.paid,
            used=self._used(),
            days=self._days(today) if is_endless else None,
            is_used=True,
            money=self.line.to_pay,
        )

    def _days(self, today: date) -> tuple[int, int]:
        """How many days are left of how many: its end is the one of its lots, which a freeze or an extension moves."""
        row = self.renewal.membership
        left = unused(row, None, [stock(lot) for lot in self.lots], rests_of(row), today)
        return (max(left.part, 0), left.whole)

    def _used(self) -> list[Used]:
        """The sessions that were used and have not come back, at the prices on their checks; then those that were taken
        for missed appointments. At most four queries.
        """
        out: dict[tuple[int, int], int] = {}
        moved = Entry.objects.filter(lot__in=self.lots, kind__in=(Kind.SPEND, Kind.RETURN), operation__contains=":use:")
        for operation, amount in moved.order_by("pk").values_list("operation", "amount"):
            _what, visit, _mechanic, _use, _membership, line, *_refund = operation.split(":")
            out[int(visit), int(line)] = out.get((int(visit), int(line)), 0) - amount
        lines = VisitLine.objects.filter(visit__in={visit for visit, _line in out}).order_by("visit_id", "number")
        found = ((line, out.get((line.visit_id, line.number), 0)) for line in lines)
        missed = (one.use for one in missed_of(self.renewal.membership, Q(lot__in=self.lots)))
        return [*(Used(line.name, line.price, units) for line, units in found if units), *missed]


def share(line: VisitLine, today: date) -> tuple[int, int]:
    """The share of a period's price that comes back. Raises `NothingLeftOfMembership`."""
    return _back(line, today).part(today)


def _back(line: VisitLine, today: date) -> _Back:
    renewal = Renewal.objects.select_related("membership__plan").filter(line=line).first()
    if renewal is None:
        raise NothingLeftOfMembership(_("This period was returned already."))
    later = Renewal.objects.filter(membership=renewal.membership, number__gt=renewal.number, state=State.PAID)
    if later.exists():
        raise NothingLeftOfMembership(_("A later period was paid. Return that one first."))
    of_period = Lot.objects.filter(operation__startswith=granted_by(line.visit_id, renewal.membership_id))
    lots = list(of_period.select_related("account").order_by("pk"))
    if renewal.membership.voided_at is not None:
        raise NothingLeftOfMembership(_("This membership was returned already."))
    if all(lot.last_day is not None and lot.last_day < today for lot in lots):
        raise NothingLeftOfMembership(_("This period has ended, so it cannot come back."))
    gone = Entry.objects.filter(lot__in=lots, kind=Kind.TRANSFER).aggregate(sum=Sum("amount"))
    return _Back(renewal, lots, line, -int(gone["sum"] or 0))


def take_back(back: BackLine, reversal: Reversal) -> list[Movement]:
    """Take the sessions left of the period; it is to be paid again.

    Raises `NothingLeftOfMembership` if it was used while the refund was being made: its money was worked out before.
    """
    period = _back(back.line, reversal.today)
    part, whole = period.part(reversal.today)
    if back.to_pay != back.line.to_pay * part // whole:
        raise NothingLeftOfMembership(_("This membership has just been used. Look at it again."))
    renewal = period.renewal
    operation = reversal.operation(CODE, f"period:{renewal.membership_id}")
    reversal.note(
        "membership",
        renewal.membership.plan.code,
        "renewal.back",
        back.to_pay,
        name=renewal.membership.plan.name,
        first_day=renewal.first_day,
        last_day=renewal.last_day,
        paid=Money(back.line.to_pay),
    )
    _reopen(renewal, reversal)
    lots = reversal.lots.get(renewal.membership_id, [])
    granted = {lot.pk for lot in period.lots}
    return [spend(lot, lot.remaining, operation, Kind.TAKE_BACK) for lot in lots if lot.id in granted]


def _reopen(renewal: Renewal, reversal: Reversal) -> None:
    """To be paid again, or missed again if it had been; cancelled, if the subscription was ended since.

    What was written of the period after it waits until this one is paid.
    """
    membership = renewal.membership
    later = Renewal.objects.filter(membership=membership, number__gt=renewal.number)
    later.update(state=State.CANCELLED, changed_at=reversal.now)
    was_missed = renewal.first_day > renewal.pay_by + ONE_DAY
    state = (State.MISSED if was_missed else State.DUE) if membership.renews else State.CANCELLED
    Renewal.objects.filter(pk=renewal.pk).update(state=state, line=None, changed_at=reversal.now)
    suspended = reversal.now if was_missed else None
    Membership.objects.filter(pk=membership.pk).update(paid_until=renewal.pay_by, suspended_at=suspended)
