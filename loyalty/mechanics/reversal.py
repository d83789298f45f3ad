"""A refund that is being made, as the mechanics get it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import Sum

from clients.actors import Actor
from loyalty.house import House
from loyalty.ledger import Move, Movement, Stock, give_back, soonest_first, stock, take_back
from loyalty.models import Entry, Visit, VisitLine
from loyalty.money import ZERO, Money, spread, total


@dataclass(frozen=True, slots=True)
class BackLine:
    """The part of a line that comes back in a refund: units, and the shares that are reversed."""

    line: VisitLine
    quantity: int
    covered: int
    list: Money
    membership: Money
    discount: Money
    bonus: Money
    gift_card: Money
    to_pay: Money
    base: Money
    spent: Money


@dataclass(slots=True)
class Reversal:
    """A refund being made: what comes back now, what had come back before, and every entry of the visit so far."""

    visit: Visit
    refund: int
    lines: tuple[BackLine, ...]
    house: House
    now: datetime
    by: Actor
    is_whole: bool
    base_before: Money
    """The earning base that came back with earlier refunds."""
    base_back: Money
    """The same with this refund included."""
    bases: Mapping[int, tuple[Money, Money, Money]]
    """Line number → its earning base; what of it came back with earlier refunds; and with this one included."""
    entries: Sequence[Entry]
    """Entries of the visit and of its earlier refunds, lots joined, in order."""
    lots: Mapping[int, list[Stock]] = field(default_factory=dict)
    """Account → its lots now, soonest to end first, under lock."""
    debts: dict[int, Money] = field(default_factory=dict)
    """Account → what became a debt, because it had been spent."""

    @property
    def today(self) -> date:
        return self.house.day(self.now)

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit.pk}:{mechanic}:{what}:refund:{self.refund}"

    def entries_of(self, mechanic: str) -> list[Entry]:
        prefix = f"visit:{self.visit.pk}:{mechanic}:"
        return [entry for entry in self.entries if entry.operation.startswith(prefix)]

    def take_back_earned(self, mechanic: str) -> list[Movement]:
        """Take back what this mechanic granted, in proportion to the base that has come back, rounded down.

        Cumulative, so that partial refunds add up to the whole in any order. Part of the base may stay for good, also
        when every line has come back: of a sold membership, the sessions that were used.
        """
        movements: list[Movement] = []
        for granted in self.entries_of(mechanic):
            if granted.kind == Entry.Kind.GRANT and granted.refund_id is None:
                whole, gone, back = self._base_of(granted)
                everything = self.is_whole and back >= whole
                due = granted.amount if everything else _due(granted.amount, back, whole)
                before = _due(granted.amount, gone, whole)
                lived = granted.amount - self._ended_unused(granted)
                amount = min(due, lived) - min(before, lived)
                movements += self._take(granted, amount) if amount > 0 else []
        return movements

    def _base_of(self, granted: Entry) -> tuple[Money, Money, Money]:
        """The base that a grant was earned on: whole, what of it was gone before, and is now. All lines, or some."""
        program = granted.operation.split(":")[3]
        rows = (row for row in self.visit.facts.get("earned", ()) if row["program"] == program)
        lines = next((row["lines"] for row in rows if row.get("lines") is not None), None)
        if lines is None:
            return self.visit.base, self.base_before, self.base_back
        mine = [self.bases[number] for number in lines]
        whole, gone, back = (total(part) for part in zip(*mine, strict=True))
        return whole, gone, back

    def _ended_unused(self, granted: Entry) -> Money:
        """What of a grant the client never used: it ended. Nobody owes it back."""
        ended = Entry.objects.filter(lot=granted.lot_id, kind=Entry.Kind.EXPIRE).aggregate(sum=Sum("amount"))["sum"]
        return Money(-(ended or 0))

    def give_back_spent(self, mechanic: str, amount: Money) -> list[Movement]:
        """Return so much of what this mechanic spent, to the same lots, in proportion to what is still out."""
        out: dict[int, int] = {}
        for entry in self.entries_of(mechanic):
            if entry.kind in (Entry.Kind.SPEND, Entry.Kind.RETURN):
                out[entry.lot_id] = out.get(entry.lot_id, 0) - entry.amount
        parts = zip(out, spread(amount, list(out.values())), strict=True)
        return [self.give_back(lot, part, self.operation(mechanic, "return")) for lot, part in parts if part]

    def give_back(self, lot_id: int, amount: int, operation: str) -> Movement:
        """Return so much to a lot. What is taken back after this finds it there."""
        lot = self.lot(lot_id)
        move = give_back(lot, Money(amount), operation, today=self.today, min_days=self.house.refund_min_days)
        filled = replace(lot, remaining=lot.remaining + amount, last_day=move.last_day or lot.last_day)
        others = [other for other in self.lots.get(lot.account, []) if other.id != lot_id]
        self.lots = {**self.lots, lot.account: soonest_first([*others, filled])}
        return move

    def lot(self, lot_id: int) -> Stock:
        """A lot that the visit moved, as it is now."""
        held = (lot for lots in self.lots.values() for lot in lots if lot.id == lot_id)
        return next(held, None) or next(stock(entry.lot) for entry in self.entries if entry.lot_id == lot_id)

    def _take(self, granted: Entry, amount: Money) -> list[Movement]:
        result = take_back(
            self.lots.get(granted.account_id, []),
            amount,
            f"{granted.operation}:refund:{self.refund}",
            granted_lot=granted.lot_id,
            account=granted.account_id,
            today=self.today,
            allow_debt=self.house.allow_debt,
        )
        self.debts[granted.account_id] = self.debts.get(granted.account_id, ZERO) + result.debt
        self.lots = {**self.lots, granted.account_id: _after(self.lots.get(granted.account_id, []), result.movements)}
        return result.movements


def _due(amount: Money, base: Money, whole: Money) -> Money:
    return Money(amount * base // whole) if whole else ZERO


def _after(lots: Sequence[Stock], movements: Iterable[Movement]) -> list[Stock]:
    """The lots once these movements are made, so that a second taking does not count them twice."""
    moved = {m.lot: m.amount for m in movements if isinstance(m, Move)}
    return [replace(lot, remaining=lot.remaining + moved.get(lot.id, 0)) for lot in lots]
