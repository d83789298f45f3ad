"""What memberships brought: sold, earned by use, ended unused, and what is not earned yet, as of the end of any day.

A *sale* is a line of a check that sold a membership or a period of a subscription. What was paid for it is earned as it
is used: of a number of sessions each stands for the same part of it; of any number each day does, straight from the
first to the last, and from the first visit where that begins it. What ends unused is earned with the end (breakage).
One of any number that never ends is earned as it begins. All of it is worked out from the entries of the ledger up to
that day, so a report of last year is the same whenever it is looked at; only where an end has been moved since do days
count up to the end as it is now.

Sessions that were passed on are still those of the sale they come from: their lots say out of which lot they came. What
an upgrade credits goes from the earlier sale to the later one. Both are in nobody's figures twice, so for each plan and
each location of sale

    not earned before + sold + credited - returned = earned by use + ended unused + not earned yet

    10 sessions for 160.00 in January, 3 used in January, 2 in February, the rest ends in March. Not earned yet: 112.00
    at the end of January, 80.00 at the end of February, nothing in March, when 80.00 have ended unused.

Memberships that the program gave brought nothing, and are in no figure of money.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, Sum

from loyalty.house import House
from loyalty.models import Account, Entry, Lot, RefundLine, VisitLine
from loyalty.money import ZERO, Money
from loyalty.periods import starts_at
from memberships.models import Change, Plan
from memberships.plans import ENDLESS
from memberships.renewal_checks import KIND as RENEWAL
from memberships.selling import KIND as PLAN

ONE_DAY = timedelta(days=1)
SOLD = re.compile(r"visit:(?P<visit>\d+):memberships:sell:(?P<line>\d+)")
PERIOD = re.compile(r"visit:(?P<visit>\d+):renewals:period:\d+")
MOVED = re.compile(r"membership:\d+:transfer:\d+:(?P<lot>\d+)")
UPGRADE = re.compile(r"visit:(?P<visit>\d+):memberships:upgrade:(?P<line>\d+)")


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a report, both included, and the locations of sale that are seen (None: all)."""

    first: date
    last: date
    places: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of some sales in a span of days. `before` and `after`: not earned yet, at both ends of it."""

    before: Money = ZERO
    sold: Money = ZERO
    returned: Money = ZERO
    credited: Money = ZERO
    used: Money = ZERO
    ended: Money = ZERO
    after: Money = ZERO

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def earned(self) -> Money:
        return self.used + self.ended


NAMES = ("before", "sold", "returned", "credited", "used", "ended", "after")


@dataclass(slots=True)
class Piece:
    """A lot of a sale, or one that came out of it: what was left of it at both ends, and had ended unused."""

    membership: int
    amount: int
    first_day: date
    """From which its days run."""
    last_day: date | None
    left: tuple[int, int]
    ended: tuple[int, int]
    is_root: bool
    waits: bool = False
    """It begins at the first visit, which has not been."""


@dataclass(slots=True)
class Sale:
    """A line that sold something, and all that has happened to it. Pairs: before the span, and at its end."""

    line: int
    plan: str
    place: int
    money: tuple[int, int]
    returned: tuple[int, int] = (0, 0)
    brought: tuple[int, int] = (0, 0)
    """What an upgrade credited it with."""
    taken: tuple[int, int] = (0, 0)
    """What an upgrade took along."""
    pieces: list[Piece] = field(default_factory=list)

    def held(self, at: int) -> int:
        """What stands to be earned: paid, less what has come back."""
        return self.money[at] + self.credited(at) - self.returned[at]

    def credited(self, at: int) -> int:
        return self.brought[at] - self.taken[at]

    def parts(self, at: int, day: date) -> tuple[int, int, int]:
        """Earned by use, ended unused, not earned yet, up to the end of this day."""
        held, gross = self.held(at), self.money[at] + self.brought[at]
        granted = sum(piece.amount for piece in self.pieces if piece.is_root)
        if not granted or held <= 0:
            return held, 0, 0
        if any(piece.amount == ENDLESS for piece in self.pieces if piece.is_root):
            part, whole = self._days(at, day)
            left = min(gross * part // whole, held)
            return held - left, 0, left
        living = sum(piece.left[at] for piece in self.pieces if not _is_over(piece, day))
        over = sum(piece.ended[at] + (piece.left[at] if _is_over(piece, day) else 0) for piece in self.pieces)
        left = min(gross * living // granted, held)
        ended = min(gross * over // granted, held - left)
        return held - left - ended, ended, left

    def _days(self, at: int, day: date) -> tuple[int, int]:
        """How many of its days are left after this one, of how many."""
        living = [piece for piece in self.pieces if piece.left[at] > 0]
        if not living:
            return 0, 1
        first = min((piece.first_day for piece in self.pieces if not piece.waits), default=date.max)
        if day < first or any(piece.waits for piece in living):
            return 1, 1
        if any(piece.last_day is None for piece in living):
            return 0, 1
        last = max(piece.last_day for piece in living if piece.last_day is not None)
        whole = (last - first).days + 1
        return max(min((last - day).days, whole), 0), whole


def _is_over(piece: Piece, day: date) -> bool:
    return piece.last_day is not None and piece.last_day < day


def figures(sale: Sale, span: Span) -> Figures:
    """What came of this sale in the span."""
    used_before, ended_before, before = sale.parts(0, span.first - ONE_DAY)
    used, ended, after = sale.parts(1, span.last)
    return Figures(
        before=Money(before),
        sold=Money(sale.money[1] - sale.money[0]),
        returned=Money(sale.returned[1] - sale.returned[0]),
        credited=Money(sale.credited(1) - sale.credited(0)),
        used=Money(used - used_before),
        ended=Money(ended - ended_before),
        after=Money(after),
    )


def by_plan_and_place(sales: Iterable[Sale], span: Span) -> dict[tuple[str, int], Figures]:
    """(Code of the plan, location of sale) → what came of it; those without any figure are left out."""
    found: dict[tuple[str, int], Figures] = {}
    for sale in sales:
        key = (sale.plan, sale.place)
        found[key] = found.get(key, Figures()) + figures(sale, span)
    return {key: one for key, one in sorted(found.items()) if any(getattr(one, name) for name in NAMES)}


def not_earned(sales: Iterable[Sale], span: Span) -> dict[int, Money]:
    """Membership → what is not earned of it at the end of the span; where it was passed on, in proportion."""
    found: dict[int, Money] = {}
    for sale in sales:
        left = figures(sale, span).after
        living = [(piece.membership, piece.left[1]) for piece in sale.pieces if not _is_over(piece, span.last)]
        whole = sum(count for _membership, count in living)
        for membership, count in living:
            if left and count:
                found[membership] = found.get(membership, ZERO) + Money(left * count // whole)
    return found


# --- reading it ------------------------------------------------------------------------------------------------------


def sales_in(span: Span, house: House) -> list[Sale]:
    """Every sale up to the end of the span, at the locations that are seen. Six queries, however many there are."""
    start, end = starts_at(span.first, house.zone), starts_at(span.last + ONE_DAY, house.zone)
    lines = _Lines.read(span, start, end)
    _add_returned(lines.sales, start, end)
    of_membership = _add_pieces(lines, start, end)
    _add_credits(lines, of_membership, start, end)
    return list(lines.sales.values())


@dataclass(frozen=True, slots=True)
class _Lines:
    """The sales by their line, and the lines by the names that operations have for them."""

    sales: Mapping[int, Sale]
    sold: Mapping[tuple[int, int], int]
    """(Visit, number of the line) → line that sold a membership."""
    renewed: Mapping[int, int]
    """Visit → line that sold a period."""

    @classmethod
    def read(cls, span: Span, start: datetime, end: datetime) -> _Lines:
        rows = VisitLine.objects.filter(kind__in=(PLAN, RENEWAL), visit__at__lt=end)
        if span.places is not None:
            rows = rows.filter(visit__location__in=span.places)
        sales: dict[int, Sale] = {}
        sold: dict[tuple[int, int], int] = {}
        renewed: dict[int, int] = {}
        columns = ("pk", "kind", "visit", "number", "code", "visit__location", "to_pay", "visit__at")
        for pk, kind, visit, number, code, place, to_pay, at in rows.order_by("pk").values_list(*columns):
            sales[pk] = Sale(pk, code, place, (int(to_pay) if at < start else 0, int(to_pay)))
            if kind == PLAN:
                sold[visit, number] = pk
            else:
                renewed[visit] = pk
        return cls(sales, sold, renewed)

    def sold_on(self, visit: str, number: str) -> Sale | None:
        return self.sales.get(self.sold.get((int(visit), int(number)), 0))

    def of(self, operation: str, of_lot: Mapping[int, Sale]) -> tuple[Sale | None, bool]:
        """The sale that a lot is of, and whether it came in with it. `of_lot`: of those that are older."""
        if found := MOVED.match(operation):
            return of_lot.get(int(found["lot"])), False
        if found := SOLD.match(operation):
            return self.sold_on(found["visit"], found["line"]), True
        if found := PERIOD.match(operation):
            return self.sales.get(self.renewed.get(int(found["visit"]), 0)), True
        return None, False


def _add_returned(sales: Mapping[int, Sale], start: datetime, end: datetime) -> None:
    rows = RefundLine.objects.filter(line__kind__in=(PLAN, RENEWAL), refund__at__lt=end).order_by().values("line")
    rows = rows.annotate(earlier=Sum("to_pay", filter=Q(refund__at__lt=start)), all=Sum("to_pay"))
    for row in rows:
        if row["line"] in sales:
            sales[row["line"]].returned = (int(row["earlier"] or 0), int(row["all"] or 0))


def _add_pieces(lines: _Lines, start: datetime, end: datetime) -> dict[int, Sale]:
    """Give each sale its lots, and what came out of them; membership → the last sale that it has something of."""
    left, ended = _sums(start, end)
    of_lot: dict[int, Sale] = {}
    of_membership: dict[int, Sale] = {}
    lots = Lot.objects.filter(account__unit=Account.Unit.SESSION, account__membership__isnull=False, created_at__lt=end)
    columns = ("pk", "account", "operation", "amount", "first_day", "last_day")
    begins = ("account__membership__waits", "account__membership__began_on")
    for pk, account, operation, amount, first, last, waits, began in lots.order_by("pk").values_list(*columns, *begins):
        sale, is_root = lines.of(operation, of_lot)
        if sale is not None:
            stood = (left.get(pk, (0, 0)), ended.get(pk, (0, 0)))
            sale.pieces.append(
                Piece(account, int(amount), max(first, began or first), last, *stood, is_root=is_root, waits=waits)
            )
            of_lot[pk] = of_membership[account] = sale
    return of_membership


Pairs = Mapping[int, tuple[int, int]]


def _sums(start: datetime, end: datetime) -> tuple[Pairs, Pairs]:
    """Lot → what was left of it before the span and at its end; the same of what had ended unused."""
    entries = Entry.objects.filter(account__unit=Account.Unit.SESSION, account__membership__isnull=False, at__lt=end)
    earlier, ends = Q(at__lt=start), Q(kind=Entry.Kind.EXPIRE)
    rows = list(
        entries.order_by()
        .values_list("lot")
        .annotate(
            Sum("amount"),
            before=Sum("amount", filter=earlier),
            ended=Sum("amount", filter=ends),
            ended_before=Sum("amount", filter=earlier & ends),
        )
    )
    left = {lot: (int(before or 0), int(after or 0)) for lot, after, before, *_ended in rows}
    return left, {lot: (-int(before or 0), -int(after or 0)) for lot, _left, _earlier, after, before in rows}


def _add_credits(lines: _Lines, of_membership: Mapping[int, Sale], start: datetime, end: datetime) -> None:
    """What upgrades took from one sale to another, while the earlier membership has not been made to stand again."""
    changes = Change.objects.filter(kind=Change.Kind.UPGRADED, at__lt=end).order_by("pk")
    rows = list(changes.values_list("membership", "facts", "operation", "at"))
    moves = _given_up(end) if rows else {}
    for membership, facts, operation, at in rows:
        found = UPGRADE.match(operation)
        stands = [at < moment and _is_given_up(moves.get(operation, ()), moment) for moment in (start, end)]
        credit = (int(facts["credit"]) if stands[0] else 0, int(facts["credit"]) if stands[1] else 0)
        earlier = of_membership.get(membership)
        later = lines.sold_on(found["visit"], found["line"]) if found else None
        if earlier is not None:
            earlier.taken = (earlier.taken[0] + credit[0], earlier.taken[1] + credit[1])
        if later is not None:
            later.brought = credit


def _given_up(end: datetime) -> dict[str, list[tuple[datetime, int]]]:
    """Operation of an upgrade → the sessions that the earlier membership gave up with it, and that came back."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    entries = Entry.objects.filter(operation__contains=":memberships:upgrade:", at__lt=end).order_by("pk")
    for operation, amount, at in entries.values_list("operation", "amount", "at"):
        match = UPGRADE.match(operation)
        if match:
            found.setdefault(match[0], []).append((at, int(amount)))
    return found


def _is_given_up(moves: Iterable[tuple[datetime, int]], moment: datetime) -> bool:
    return sum(amount for at, amount in moves if at < moment) < 0


def plan_names() -> dict[str, str]:
    """Code → name of every plan."""
    return dict(Plan.objects.values_list("code", "name"))


def as_numbers(one: Figures) -> dict[str, Any]:
    """The figures by their names."""
    return {name: getattr(one, name) for name in (*NAMES, "earned")}
