"""What is owed back of bonuses that a check earned, once part of the check has come back.

In proportion to the earning base that has come back, rounded down; all of it once nothing is left. What ended unused
is owed by nobody. Where the house lets go of what the client has spent (no debts), it is let go only as long as it is
gone: bonuses that a later refund returns make up for it first. Otherwise buying, spending what that earned and
returning both checks would make bonuses out of nothing. Bonuses that are earned later make up for nothing.

A gift for a sum is owed all at once, when a refund has called it back (`loyalty.mechanics.reached`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from loyalty.mechanics.reached import called_back
from loyalty.models import Entry, Refund, RefundLine, Visit, VisitLine
from loyalty.money import ZERO, Money, total

LET_GO = "let_go"
"""In the operation of an entry that makes up for what an earlier refund had let go."""
GIFTS = "gifts"
"""In the operation of bonuses that came for a sum: a refund of another check may make them due."""
BACK = f":{GIFTS}:back:"
"""In the operation that takes them back; the check and the program that gave them follow."""


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
    return _ended_unused([lot]).get(lot, ZERO)


def let_go(account: int, *, before: int | None = None) -> Money:
    """What refunds (before this one) have let go on an account, and none has made up for. At most seven queries."""
    earlier = Refund.objects.all() if before is None else Refund.objects.filter(pk__lt=before)
    refunded = Exists(earlier.filter(visit=OuterRef("visit"))) | Q(operation__contains=f":{GIFTS}:")
    grants = Entry.objects.filter(refunded, account=account, kind=Entry.Kind.GRANT).select_related("visit", "lot")
    due_by_grant = due_so_far(list(grants), earlier)
    if not due_by_grant:
        return ZERO
    taken: Counter[str] = Counter()
    moved = Entry.objects.filter(account=account, kind=Entry.Kind.TAKE_BACK).values_list("operation", "amount")
    for operation, amount in moved:
        taken[LET_GO if f":{LET_GO}:" in operation else taken_of(operation)] -= amount
    left = sum(max(owed - taken[operation], 0) for operation, owed in due_by_grant.items())
    return Money(max(left - taken[LET_GO], 0))


def back_of(granted: str) -> str:
    """How the taking back of what came for a sum is named, of the grant's operation: `back:<check>:<program>`."""
    _visit, visit, _mechanic, program = granted.split(":")
    return f"back:{visit}:{program}"


def taken_of(operation: str) -> str:
    """The operation of the grant of which this one takes back."""
    whole = operation.rpartition(":refund:")[0]
    _by, is_gift, of = whole.partition(BACK)
    if not is_gift:
        return whole
    visit, _colon, program = of.partition(":")
    return f"visit:{visit}:{GIFTS}:{program}"


def due_so_far(grants: Sequence[Entry], refunds: QuerySet[Refund]) -> dict[str, Money]:
    """Operation of each grant → what these refunds of its check came to, of what has lived."""
    if not grants:
        return {}
    gifts = [granted for granted in grants if f":{GIFTS}:" in granted.operation]
    called = called_back(gifts, refunds)
    refunds = refunds.filter(visit__in={granted.visit_id for granted in grants})
    sums = RefundLine.objects.filter(refund__in=refunds).order_by().values("line").annotate(Sum("base"), Sum("list"))
    back = {row["line"]: row for row in sums}
    lines: dict[int, list[VisitLine]] = {}
    for line in VisitLine.objects.filter(visit__in={granted.visit_id for granted in grants}):
        lines.setdefault(line.visit_id, []).append(line)
    bases = {visit: _bases_of(of_visit, back) for visit, of_visit in lines.items()}
    whole = set(refunds.filter(is_whole=True).values_list("visit", flat=True))
    ended = _ended_unused([granted.lot_id for granted in grants])
    owed = {}
    for granted in grants:
        assert granted.visit is not None
        if granted in gifts:
            came_due = granted.amount if granted.pk in called else ZERO
        else:
            base = earned_on(bases[granted.visit.pk], granted.visit, granted.operation)
            came_due = due(granted.amount, base.whole, base.back, is_whole=granted.visit.pk in whole)
        owed[granted.operation] = min(came_due, granted.amount - ended.get(granted.lot_id, ZERO))
    return owed


def _bases_of(lines: Sequence[VisitLine], back: Mapping[int, Mapping[str, Any]]) -> dict[int, Base]:
    share = share_that_counts(lines)
    gone = {line.pk: back.get(line.pk, {}).get(f"{share}__sum", ZERO) for line in lines}
    return {line.number: Base(getattr(line, share), ZERO, gone[line.pk]) for line in lines}


def share_that_counts(lines: Iterable[VisitLine]) -> str:
    """By which share of the lines what a check earned is due: the earning base; where it is nothing, the list price."""
    return "base" if any(line.base for line in lines) else "list"


def _ended_unused(lots: Sequence[int]) -> dict[int, Money]:
    ended = Entry.objects.filter(lot__in=lots, kind=Entry.Kind.EXPIRE).order_by().values_list("lot")
    return {lot: -amount for lot, amount in ended.annotate(Sum("amount"))}
