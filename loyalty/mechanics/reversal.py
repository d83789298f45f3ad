"""A refund that is being made, as the mechanics get it. Each figure leaves a note that says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from clients.actors import Actor
from loyalty.events import Happened
from loyalty.house import House
from loyalty.ledger import Move, Movement, Stock, give_back, soonest_first, spend, stock, take_back
from loyalty.mechanics.owed import GIFTS, LET_GO, Base, back_of, due, earned_on, ended_unused, let_go
from loyalty.models import Entry, Visit, VisitLine
from loyalty.money import ZERO, Money, spread, total
from loyalty.pricing import Note


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
    bases: Mapping[int, Base]
    """Line number → its earning base, and what of it has come back."""
    entries: Sequence[Entry]
    """Entries of the visit and of its earlier refunds, lots joined, in order."""
    lots: Mapping[int, list[Stock]] = field(default_factory=dict)
    """Account → its lots now, soonest to end first, under lock."""
    debts: dict[int, Money] = field(default_factory=dict)
    """Account → what became a debt, because it had been spent."""
    notes: list[Note] = field(default_factory=list)
    """Why each figure is what it is, in the order in which it is told. Parts of a sentence are notes in its facts."""
    happened: list[Happened] = field(default_factory=list)
    """What mechanics tell of it (`loyalty.events`), written with the refund."""

    @property
    def today(self) -> date:
        return self.house.day(self.now)

    def operation(self, mechanic: str, what: str) -> str:
        return f"visit:{self.visit.pk}:{mechanic}:{what}:refund:{self.refund}"

    def entries_of(self, mechanic: str) -> list[Entry]:
        prefix = f"visit:{self.visit.pk}:{mechanic}:"
        return [entry for entry in self.entries if entry.operation.startswith(prefix)]

    def note(self, stage: str, rule: str | None, code: str, amount: int = 0, **facts: Any) -> None:
        """Explain a figure. The texts of codes `refund....` are in `loyalty.checkout`, others a mechanic brings."""
        self.notes.append(Note(stage, rule or "", code, Money(amount), facts))

    # --- what the check earned ---

    def take_back_earned(self, mechanic: str) -> list[Movement]:
        """Take back what this mechanic granted, in proportion to the base that has come back, rounded down.

        Cumulative, so that partial refunds add up to the whole in any order (`loyalty.mechanics.owed`).
        """
        movements: list[Movement] = []
        for granted in self.entries_of(mechanic):
            if granted.kind == Entry.Kind.GRANT and granted.refund_id is None:
                movements += self.take_back_share(granted)
        return movements

    def take_back_share(self, granted: Entry, *, operation: str = "") -> list[Movement]:
        """Take back the share of one grant of bonuses that this check brought. `operation`: if not by the grant's."""
        base, amount = earned_on(self.bases, self.visit, granted.operation), granted.amount
        before = due(amount, base.whole, base.before, is_whole=False)
        owed = due(amount, base.whole, base.back, is_whole=self.is_whole)
        if owed == before:
            return []
        lived = amount - ended_unused(granted.lot_id)
        living = min(owed, lived) - min(before, lived)
        lots = self.lots.get(granted.account_id, [])
        operation = operation or f"{granted.operation}:refund:{self.refund}"
        movements = self._take(granted, Money(living), operation) if living else []
        taken = total(-m.amount for m in movements)
        parts = [_source(m, granted, lots, self.today) for m in movements]
        if living > taken:
            parts.append(Note("earning", "", "refund.let_go", Money(living - taken)))
        if owed - before > living:
            parts.append(Note("earning", "", "refund.ended", Money(owed - before - living)))
        self._explain_taking(granted, base, taken, due=Money(owed - before), parts=tuple(parts))
        return movements

    def take_back_all(
        self, granted: Entry, code: str, *, operation: str = "", stage: str = "earning", **facts: Any
    ) -> list[Movement]:
        """Take back all of a grant of bonuses, of this check or another: of what has not ended.

        `code`: of the note, which gets `name`, `granted`, `due` and `parts` besides these facts. `operation`: how the
        taking is named, if it is not a gift's.
        """
        ended = min(ended_unused(granted.lot_id), granted.amount)
        living = Money(granted.amount - ended)
        lots = self.lots.get(granted.account_id, [])
        operation = operation or self.operation(GIFTS, back_of(granted.operation))
        movements = self._take(granted, living, operation) if living else []
        taken = total(-m.amount for m in movements)
        parts = [_source(m, granted, lots, self.today) for m in movements]
        rest = {"refund.let_go": living - taken, "refund.ended": ended}
        parts += [Note("earning", "", why, Money(amount)) for why, amount in rest.items() if amount > 0]
        amounts = {"granted": granted.amount, "due": granted.amount}
        self.note(
            stage,
            granted.lot.program,
            code,
            taken,
            name=_name(granted.lot.name),
            **amounts,
            parts=tuple(parts),
            **facts,
        )
        return movements

    def _take(self, granted: Entry, amount: Money, operation: str) -> list[Movement]:
        result = take_back(
            self.lots.get(granted.account_id, []),
            amount,
            operation,
            granted_lot=granted.lot_id,
            account=granted.account_id,
            today=self.today,
            allow_debt=self.house.allow_debt,
        )
        self.debts[granted.account_id] = self.debts.get(granted.account_id, ZERO) + result.debt
        self.moved(granted.account_id, result.movements)
        return result.movements

    def _explain_taking(self, granted: Entry, base: Base, taken: Money, **facts: Any) -> None:
        """One note a grant. What whoever brought the client gives back is a stage of its own: not the client's."""
        is_own = granted.lot.account.client_id == self.visit.client_id
        stage = "earning" if is_own else "referrer"
        code = "refund.earned" if is_own else "refund.referrer"
        nothing_left = self.is_whole and base.back >= base.whole
        facts |= {"name": _name(granted.lot.name), "granted": granted.amount, "base": base.whole, "back": base.back}
        self.note(stage, granted.lot.program, f"{code}_rest" if nothing_left else code, taken, **facts)

    # --- what paid for it ---

    def give_back_spent(self, mechanic: str, amount: Money) -> list[Movement]:
        """Return so much of what this mechanic spent, to the same lots, in proportion to what is still out.

        What earlier refunds let go of, because it had been spent, is taken as soon as it is back.
        """
        out: dict[int, int] = {}
        for entry in self.entries_of(mechanic):
            if entry.kind in (Entry.Kind.SPEND, Entry.Kind.RETURN):
                out[entry.lot_id] = out.get(entry.lot_id, 0) - entry.amount
        spread_over = zip(out, spread(amount, list(out.values())), strict=True)
        parts = {lot: part for lot, part in spread_over if part}
        if len(parts) > 1 and amount < sum(out.values()):
            self.note("bonus", "", "refund.bonus_spread", amount, out=total(out.values()))
        returned = self._return(parts, self.operation(mechanic, "return"))
        return [*returned, *self._take_what_was_let_go(parts, self.operation(mechanic, LET_GO))]

    def _return(self, parts: Mapping[int, Money], operation: str) -> list[Movement]:
        moves: list[Movement] = []
        for lot_id, part in parts.items():
            lot = self.lot(lot_id)
            move = self.give_back(lot_id, part, operation)
            self.note(
                "bonus", lot.program, "refund.bonus", part, name=_name(lot.name), until=self.until(lot, move.last_day)
            )
            moves.append(move)
        return moves

    def _take_what_was_let_go(self, parts: Mapping[int, Money], operation: str) -> list[Movement]:
        """All that one mechanic spent on a check is of one account."""
        moves: list[Movement] = []
        left = let_go(self.lot(next(iter(parts))).account, before=self.refund) if parts else ZERO
        for lot_id, part in parts.items():
            lot, amount = self.lot(lot_id), min(left, part)
            if amount:
                moves.append(spend(lot, amount, operation, Entry.Kind.TAKE_BACK))
                self.moved(lot.account, moves[-1:])
                self.note("bonus", lot.program, "refund.bonus_settles", amount, name=_name(lot.name))
                left -= amount
        return moves

    def give_back(self, lot_id: int, amount: int, operation: str) -> Move:
        """Return so much to a lot. What is taken back after this finds it there."""
        lot = self.lot(lot_id)
        move = give_back(lot, Money(amount), operation, today=self.today, min_days=self.house.refund_min_days)
        filled = replace(lot, remaining=lot.remaining + amount, last_day=move.last_day or lot.last_day)
        others = [other for other in self.lots.get(lot.account, []) if other.id != lot_id]
        self.lots = {**self.lots, lot.account: soonest_first([*others, filled])}
        return move

    def until(self, lot: Stock, moved_to: date | None) -> tuple[Note, ...]:
        """How long what has come back to a lot can be used: a part of a sentence."""
        if moved_to is not None:
            facts = {"last_day": moved_to, "ended": lot.last_day, "days": self.house.refund_min_days}
            return (Note("", "", "refund.until_longer", facts=facts),)
        if lot.last_day is None:
            return (Note("", "", "refund.for_ever"),)
        return (Note("", "", "refund.until", facts={"last_day": lot.last_day}),)

    def lot(self, lot_id: int) -> Stock:
        """A lot that the visit moved, as it is now."""
        held = (lot for lots in self.lots.values() for lot in lots if lot.id == lot_id)
        return next(held, None) or next(stock(entry.lot) for entry in self.entries if entry.lot_id == lot_id)

    def moved(self, account: int, movements: Iterable[Movement]) -> None:
        """The lots once these movements are made, so that a second taking does not count them twice."""
        moved = {m.lot: m.amount for m in movements if isinstance(m, Move)}
        lots = self.lots.get(account, [])
        self.lots = {
            **self.lots,
            account: [replace(lot, remaining=lot.remaining + moved.get(lot.id, 0)) for lot in lots],
        }


def _name(name: str) -> str | tuple[Note, ...]:
    """The name of a lot, or a word for those that have none."""
    return name or (Note("", "", "refund.nameless"),)


def _source(movement: Movement, granted: Entry, lots: Sequence[Stock], today: date) -> Note:
    """Where bonuses that are taken back come from: their own lot, one not usable yet, the soonest to end, or a debt."""
    amount = -movement.amount
    if not isinstance(movement, Move):
        return Note("earning", "", "refund.becomes_debt", amount)
    if movement.lot == granted.lot_id:
        return Note("earning", "", "refund.from_own", amount)
    lot = next(lot for lot in lots if lot.id == movement.lot)
    code = "refund.from_pending" if lot.first_day > today else "refund.from_soonest"
    return Note("earning", "", code, amount, {"name": _name(lot.name)})
