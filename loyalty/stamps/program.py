"""A stamp program as the rules see it, and what it gives on a check. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.house import House
from loyalty.ledger import Stock, balance
from loyalty.models import Account, StampProgram
from loyalty.money import Money
from loyalty.pricing import Bill, Line, Note
from loyalty.scope import Scope

STAGE = "stamps"
BY_LINE = "by_line"
"""The fact of a note that says what each line gave: [[number, stamps], ...]; of miles: [[number, base], ...]."""
ALL_OF_IT = Decimal(100)


@dataclass(frozen=True, slots=True)
class Collecting:
    """A stamp program that is on. `per_amount`: of miles."""

    code: str
    name: str
    scope: Scope
    per_amount: Money | None
    needed: int
    free: tuple[str, ...]
    """What the free service is for; none: what the stamps are for."""
    stamp_days: int | None
    free_days: int | None
    segment: int | None
    places: frozenset[str]
    from_day: date | None
    to_day: date | None

    @property
    def is_miles(self) -> bool:
        return self.per_amount is not None

    def account_of(self, client: int) -> str:
        """The operation that opens a client's account of this program."""
        return f"stamps:{self.code}:client:{client}"

    def covers(self, line: Line) -> bool:
        return line.is_service and self.scope.covers(line)

    def given_on(self, bill: Bill) -> list[list[int]]:
        """What each line counts for: stamps, or the base of miles. Lines that count for nothing are left out."""
        lines = [line for line in bill.lines if self.covers(line)]
        if self.is_miles:
            return [[line.number, int(line.base)] for line in lines if line.base]
        off = _off_by_gifts(bill.notes)
        stamps = ((line, _paid_units(line, off.get(line.number, 0))) for line in lines)
        return [[line.number, units] for line, units in stamps if units]

    def worth(self, by_line: Iterable[Sequence[int]]) -> int:
        """How many stamps or miles these lines give."""
        counted = sum(count for _number, count in by_line)
        return counted // int(self.per_amount) if self.per_amount else counted

    def collected(self, lots: Iterable[Stock], client: int, today: date) -> int:
        """How many the client has today; below zero while some are owed."""
        own = self.account_of(client)
        held = [lot for lot in lots if lot.unit == Account.Unit.STAMP and lot.opened_by == own]
        return int(balance(held, today))

    def what_is_free(self, house: House) -> tuple[str, ...]:
        """Codes and categories that the free service is for. With something left out, the services on sale by code."""
        if self.free or not self.scope.excluded:
            return self.free or tuple(sorted(self.scope.named))
        out, named = self.scope.excluded, self.scope.named
        on_sale = sorted(house.services.values(), key=lambda service: service.code)
        kept = (one for one in on_sale if not {one.code, one.category} & out)
        return tuple(one.code for one in kept if not named or {one.code, one.category} & named)


def load_programs() -> tuple[Collecting, ...]:
    """Those that are on. One query."""
    rows = StampProgram.objects.filter(enabled=True).order_by("priority", "code")
    return tuple(
        Collecting(
            code=row.code,
            name=row.name,
            scope=Scope.of(row.services, row.exclude),
            per_amount=row.per_amount if row.kind == StampProgram.Kind.MILES else None,
            needed=row.needed,
            free=tuple(row.free),
            stamp_days=row.stamp_days,
            free_days=row.free_days,
            segment=row.segment_id,
            places=frozenset(row.locations),
            from_day=row.from_day,
            to_day=row.to_day,
        )
        for row in rows
    )


def _paid_units(line: Line, off: int) -> int:
    """Units that no membership and no free service covers, and that no discount made free. Bonuses pay, too."""
    if line.list - line.membership - line.discount <= 0:
        return 0
    return max(line.paid_units - -(-off // int(line.price)), 0)


def _off_by_gifts(notes: Iterable[Note]) -> Mapping[int, int]:
    """Line number → what discounts of the whole price took off: so many prices, so many units are free."""
    off: dict[int, int] = {}
    for note in notes:
        if note.stage == "discount" and note.facts.get("percent") == ALL_OF_IT:
            for number, amount in note.facts.get("lines", ()):
                off[number] = off.get(number, 0) + amount
    return off
