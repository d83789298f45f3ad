"""What is owed back of bonuses that a check earned, once part of the check has come back.

In proportion to the earning base that has come back, rounded down; all of it once nothing is left. What ended unused
is owed by nobody. Where the house lets go of what the client has spent (no debts), it is let go only as long as it is
gone: should the check that it paid be refunded later, it comes back to its lot and is taken there. Otherwise buying,
spending what that earned and refunding both checks would make bonuses out of nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum

from loyalty.models import Entry, Refund, RefundLine, Visit, VisitLine
from loyalty.money import ZERO, Money, total


@dataclass(frozen=True, slots=True)
class Base:
    """An earning base: all of it, what of it came back with earlier refunds, and with this one included."""

    whole: Money
    before: Money
    back: Money

    @classmethod
    def of(cls, parts: Iterable[Base]) -> Base:
        parts = list(parts)
        return cls(*(total(getattr(part, name) for part in parts) for name in ("whole", "before", "back")))


def earned_on(bases: Mapping[int, Base], visit: Visit, operation: str) -> Base:
    """The base that a grant was earned on: all lines of the check, or only some. `bases`: by line number."""
    lines = _lines(visit, operation)
    return Base.of(base for number, base in bases.items() if lines is None or number in lines)


def _lines(visit: Visit, operation: str) -> Collection[int] | None:
    """The lines that a program earned on, as the check has kept them; None: all of them."""
    program = operation.split(":")[3]
    rows = (row for row in visit.facts.get("earned", ()) if row["program"] == program)
    return next((row["lines"] for row in rows if row.get("lines") is not None), None)


def due(amount: Money, base: Money, back: Money, *, is_whole: bool) -> Money:
    """What of a grant is due once `back` of the base that it was earned on has come back.

    Part of the base may stay for good, also when every line has come back: of a sold membership, the used sessions.
    """
    if is_whole and back >= base:
        return amount
    return Money(amount * back // base) if base else ZERO


def ended_unused(lot: int) -> Money:
    """What of a lot the client never used: it ended."""
    return -_sum(Entry.objects.filter(lot=lot, kind=Entry.Kind.EXPIRE))


def let_go(lots: Iterable[int]) -> dict[int, tuple[str, Money]]:
    """Lots with something let go by refunds of the checks that earned them: lot → the grant's operation, how much."""
    refunded = Exists(Refund.objects.filter(visit=OuterRef("visit")))
    grants = Entry.objects.filter(refunded, lot__in=list(lots), number=1, kind=Entry.Kind.GRANT)
    found = {}
    for granted in grants.select_related("visit").order_by("lot"):
        amount = _due_so_far(granted) - _taken(granted)
        if amount > 0:
            found[granted.lot_id] = (granted.operation, amount)
    return found


def _due_so_far(granted: Entry) -> Money:
    visit = granted.visit
    assert visit is not None
    gone = RefundLine.objects.filter(refund__visit=visit).order_by().values_list("line__number").annotate(Sum("base"))
    back = dict(gone)
    lines = VisitLine.objects.filter(visit=visit).values_list("number", "base")
    bases = {number: Base(whole, ZERO, back.get(number, ZERO)) for number, whole in lines}
    base = earned_on(bases, visit, granted.operation)
    is_whole = Refund.objects.filter(visit=visit, is_whole=True).exists()
    owed = due(granted.amount, base.whole, base.back, is_whole=is_whole)
    return min(owed, granted.amount - ended_unused(granted.lot_id))


def _taken(granted: Entry) -> Money:
    """What refunds have taken of it, from whichever lots, debts included."""
    taken = Entry.objects.filter(account=granted.account_id, kind=Entry.Kind.TAKE_BACK)
    return -_sum(taken.filter(operation__startswith=f"{granted.operation}:refund:"))


def _sum(entries: QuerySet[Any]) -> Money:
    amount: Money | None = entries.aggregate(sum=Sum("amount"))["sum"]
    return amount or ZERO
