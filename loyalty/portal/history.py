"""What happened, newest first: visits, refunds, prizes, and what else moved the bonuses without a visit of one's own.

Four sources are merged a page at a time. The place where a page ended names a moment and the last row, so that
things of the same moment are neither lost nor told twice, and a page costs five queries however long the history.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from clients.models import Client
from loyalty.checkout import explain_refund, why_refunded
from loyalty.explanations import Why, explain, show_day, why
from loyalty.house import House
from loyalty.models import Account, Entry, PrizeClaim, Refund, Visit, VisitLine
from loyalty.money import Money
from loyalty.prizes import number_of

PAGE = 10
PLACE = re.compile(r"(?P<at>[0-9]{1,17})-(?P<source>[0-3])-(?P<pk>[0-9]{1,18})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: a visit with its explanation, a refund, or a movement of bonuses."""

    at: datetime
    title: str
    visit: Visit | None = None
    refund: Refund | None = None
    amount: Money | None = None
    reason: str = ""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some happenings, and where the next page begins ("" if there is none)."""

    happenings: tuple[Happening, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: after this row of this source."""

    at: datetime
    source: int
    pk: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """What the address says; None for the beginning, and for what is no place."""
        match = PLACE.fullmatch(text)
        if match is None:
            return None
        at = EPOCH + timedelta(microseconds=int(match["at"]))
        return cls(at, int(match["source"]), int(match["pk"]))

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.source}-{self.pk}"

    def rows_after(self, source: int) -> Q:
        """Rows of this source that come later on the way down: (time, newest first), then source, then id."""
        if source < self.source:
            return Q(at__lt=self.at)
        if source > self.source:
            return Q(at__lte=self.at)
        return Q(at__lt=self.at) | Q(at=self.at, pk__lt=self.pk)


def history(client: Client, house: House, *, after: Place | None = None) -> Page:
    """A page of what happened to this client. Five queries."""
    sources = (_visits(client), _refunds(client), _movements(client), _prizes(client))
    found: list[tuple[Place, Any]] = []
    for number, rows in enumerate(sources):
        wanted = rows.filter(after.rows_after(number)) if after is not None else rows
        found += [(Place(row.at, number, row.pk), row) for row in wanted.order_by("-at", "-pk")[: PAGE + 1]]
    found.sort(key=lambda item: (item[0].source, -item[0].pk))
    found.sort(key=lambda item: item[0].at, reverse=True)
    shown = found[:PAGE]
    lines = _lines(row for _place, row in shown)
    return Page(
        happenings=tuple(_happening(row, lines, house) for _place, row in shown),
        next=str(shown[-1][0]) if len(found) > PAGE else "",
    )


def _visits(client: Client) -> QuerySet[Any]:
    return Visit.objects.filter(client=client)


def _refunds(client: Client) -> QuerySet[Any]:
    return Refund.objects.filter(visit__client=client).select_related("visit")


def _movements(client: Client) -> QuerySet[Any]:
    """Bonuses that came or went without a check of the client's own, and everything that lives longer than it did.

    Repaying a debt is part of something else.
    """
    own = Entry.objects.filter(Q(account__unit=Account.Unit.BONUS) | Q(amount=0), account__client=client)
    elsewhere = own.exclude(Q(visit__client=client) | Q(refund__visit__client=client))
    of_a_prize = Q(operation__startswith="prize:", operation__endswith=":pay")  # told as one, whatever lots paid it
    return elsewhere.exclude(of_a_prize | Q(operation__endswith=":repay")).select_related("lot")


def _prizes(client: Client) -> QuerySet[Any]:
    return PrizeClaim.objects.filter(client=client).select_related("prize")


def _lines(rows: Iterable[Model]) -> Mapping[int, list[VisitLine]]:
    visits = [row for row in rows if isinstance(row, Visit)]
    lines: dict[int, list[VisitLine]] = {}
    for line in VisitLine.objects.filter(visit__in=visits).order_by("number"):
        lines.setdefault(line.visit_id, []).append(line)
    return lines


def _happening(row: Model, lines: Mapping[int, list[VisitLine]], house: House) -> Happening:
    if isinstance(row, Visit):
        reasons = why(explain(row.facts.get("trace", ()), house.currency), for_client=True)
        return Happening(row.at, _names(lines.get(row.pk, [])), visit=row, why=reasons)
    if isinstance(row, Refund):
        title = _("Refund of the visit of %(day)s") if row.is_whole else _("Part of the visit of %(day)s refunded")
        reasons = why_refunded(explain_refund(row, house.currency), for_client=True)
        return Happening(row.at, title % {"day": show_day(house.day(row.visit.at))}, refund=row, why=reasons)
    if isinstance(row, PrizeClaim):
        title = _("Prize: %(name)s") % {"name": row.prize.name}
        return Happening(row.at, title, amount=Money(-row.price), reason=number_of(row))
    assert isinstance(row, Entry)
    return Happening(row.at, _title(row), amount=row.amount or None, reason=_reason(row))


def _names(lines: Iterable[VisitLine]) -> str:
    """ "Personal training, Towel × 2"."""
    return ", ".join(line.name if line.quantity == 1 else f"{line.name} × {line.quantity}" for line in lines)


def _title(entry: Entry) -> str:
    name = entry.lot.name or _("Bonuses")
    if not entry.amount and entry.last_day is not None:
        return _("%(name)s: now until %(day)s") % {"name": name, "day": show_day(entry.last_day)}
    titles = {
        Entry.Kind.EXPIRE: _("%(name)s: ended unused"),
        Entry.Kind.TAKE_BACK: _("%(name)s: taken back"),
        Entry.Kind.RETURN: _("%(name)s: returned"),
        Entry.Kind.ADJUST: _("Changed by hand"),
    }
    return titles.get(Entry.Kind(entry.kind), "%(name)s") % {"name": name}


def _reason(entry: Entry) -> str:
    if entry.note:
        return entry.note
    if entry.refund_id is not None:
        return _("a friend's visit was refunded")
    if entry.visit_id is not None:
        return _("a friend's visit")
    if entry.amount > 0 and entry.last_day is not None:
        return _("until %(day)s") % {"day": show_day(entry.last_day)}
    return ""
