"""Sums that a check, or a client's total spent, must reach for what a program gave: all of it, or nothing.

What is kept of it are notes: of the check that brought the gift, the sum and of what (`SUM_OF`); of the refund that
called bonuses back, whose. Of a check counts what was paid for its services with money and gift cards and has not come
back; of a total what the client's total spent is now, whichever check came back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, Sum

from loyalty.ledger import Stock
from loyalty.models import Entry, Refund, RefundLine, Standing, Visit, VisitLine
from loyalty.money import ZERO, Money

SUM, SUM_OF = "from_sum", "from_sum_of"
CHECK, TOTAL = "check", "total"
BONUSES_BACK = "gift.bonuses_back"
"""The note of a refund that called bonuses back; its fact `visit` says which check had brought them."""
SERVICE = "service"
"""The kind of the lines that count."""


@dataclass(frozen=True, slots=True)
class Floor:
    """The sum that must be reached."""

    sum: Money
    is_of_total: bool


@dataclass(frozen=True, slots=True)
class CalledBack:
    """What a program gave for something that is no longer so. `lot`: as it is now, also when nothing is left of it."""

    granted: Entry
    lot: Stock
    from_sum: Money | None
    """The sum that is no longer reached; None where it came for a visit of a friend that has come back."""
    fell_now: bool
    """With this refund; else with an earlier one."""

    @property
    def what(self) -> str:
        """How its taking back is named: of which check and program."""
        return f"back:{self.granted.visit_id}:{self.lot.program}"


def floor_of(granted: Entry) -> Floor | None:
    """What must stay reached for this grant; None: nothing, it came for something else."""
    assert granted.visit is not None
    for note in granted.visit.facts.get("trace", ()):
        if note["rule"] == granted.lot.program and SUM_OF in note["facts"]:
            return Floor(Money(note["facts"][SUM]["money"]), note["facts"][SUM_OF] == TOTAL)
    return None


def left_of(granted: Iterable[Entry], refunds: QuerySet[Refund]) -> Mapping[int, Money]:
    """Visit → what is left of what was paid for its services, after these refunds. Two queries."""
    visits = {one.visit_id for one in granted}
    came_in = VisitLine.objects.filter(visit__in=visits, kind=SERVICE).order_by().values("visit")
    back = RefundLine.objects.filter(refund__in=refunds.filter(visit__in=visits), line__kind=SERVICE).order_by()
    gone = _received(back.values("refund__visit"), "refund__visit")
    return {visit: Money(paid - gone.get(visit, 0)) for visit, paid in _received(came_in, "visit").items()}


def _received(lines: QuerySet[Any, Any], visit: str) -> dict[int, int]:
    received = lines.annotate(received=Sum(F("to_pay") + F("gift_card")))
    return {row[visit]: row["received"] for row in received}


def totals_of(granted: Iterable[Entry]) -> Mapping[int, Money]:
    """Client → total spent, as it is written now. One query."""
    clients = {one.visit.client_id for one in granted if one.visit is not None}
    return dict(Standing.objects.filter(client__in=clients).values_list("client", "total_spent"))


def is_reached(floor: Floor, visit: Visit, left: Mapping[int, Money], totals: Mapping[int, Money]) -> bool:
    """Whether it is, by what is left of the check or by the client's total."""
    if floor.is_of_total:
        return totals.get(visit.client_id or 0, ZERO) >= floor.sum
    return left.get(visit.pk, ZERO) >= floor.sum


def called_back(granted: Sequence[Entry], refunds: QuerySet[Refund]) -> set[int]:
    """Ids of those of the grants of bonuses that these refunds called back, once and for all: their notes say so.

    A total may reach the sum again, and what was let go must not be forgotten then. One query, none for none.
    """
    if not granted:
        return set()
    clients = {one.visit.client_id for one in granted if one.visit is not None}
    notes = (
        note
        for facts in refunds.filter(visit__client__in=clients).values_list("facts", flat=True)
        for note in facts.get("trace", ())
        if note["code"] == BONUSES_BACK
    )
    named = {(note["facts"]["visit"], note["rule"]) for note in notes}
    return {one.pk for one in granted if (one.visit_id, one.lot.program) in named}
