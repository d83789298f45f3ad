"""What is to move: said by rules, pure, written by `post`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.ledger.lots import Stock
from loyalty.models import Entry
from loyalty.money import ZERO, Money, total
from loyalty.terms import ALL, Terms

Kind = Entry.Kind


@dataclass(frozen=True, slots=True)
class Grant:
    """Value that comes in as a lot of its own. `operation` is unique for ever: granted twice is granted once.

    With `kind` TAKE_BACK and a negative amount it is a debt: something already spent had to be taken back.
    """

    operation: str
    account: int
    amount: Money
    first_day: date
    last_day: date | None = None
    program: str | None = None
    name: str = ""
    limit_percent: Decimal = ALL
    min_check: Money = ZERO
    kind: Kind = Kind.GRANT
    note: str = ""

    @property
    def is_debt(self) -> bool:
        return self.amount < 0


def grant(  # keyword-only, each is said by every caller
    *, operation: str, account: int, amount: Money, terms: Terms, today: date, program: str, name: str, note: str = ""
) -> Grant:
    """What a program gives, on its terms."""
    return Grant(
        operation=operation,
        account=account,
        amount=amount,
        first_day=terms.first_day(today),
        last_day=terms.last_day(today),
        program=program,
        name=name,
        limit_percent=terms.limit_percent,
        min_check=terms.min_check,
        note=note,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """Value that leaves a lot (negative) or comes back to it. `last_day` moves the lot's end, None keeps it."""

    operation: str
    lot: int
    account: int
    kind: Kind
    amount: Money
    last_day: date | None = None
    note: str = ""


Movement = Grant | Move


def spend(lot: Stock, amount: Money, operation: str, kind: Kind = Kind.SPEND) -> Move:
    return Move(operation=operation, lot=lot.id, account=lot.account, kind=kind, amount=-amount)


def expire(lot: Stock, operation: str, note: str = "") -> Move:
    """Burn what is left of a lot."""
    return Move(
        operation=operation, lot=lot.id, account=lot.account, kind=Kind.EXPIRE, amount=-lot.remaining, note=note
    )


def give_back(lot: Stock, amount: Money, operation: str, *, today: date, min_days: int) -> Move:
    """What a refund returns goes to the lot it came from, usable for at least `min_days` (`domain.md` section 6)."""
    soonest = today + timedelta(days=min_days)
    ends_too_soon = lot.last_day is not None and lot.last_day < soonest
    return Move(
        operation=operation,
        lot=lot.id,
        account=lot.account,
        kind=Kind.RETURN,
        amount=amount,
        last_day=soonest if ends_too_soon else None,
    )


def repay(lots: Sequence[Stock], operation: str, today: date) -> tuple[list[Move], list[Stock]]:
    """Debts are repaid from what has come in, soonest to end first: the moves, and the lots after them.

    A lot that has ended since, and that no night has expired yet, repays what was owed while it could be used: the
    night will do the same, and time decides, not the night.
    """
    left = {lot.id: lot.remaining for lot in lots}
    moves = []
    for debt in (lot for lot in lots if lot.is_debt):
        for lot in lots:
            amount = min(left[lot.id], -left[debt.id])
            if amount <= 0 or not _repays(lot, debt, today):
                continue
            note = _("repays what was taken back")
            moves.append(Move(operation, lot.id, lot.account, Kind.TRANSFER, -amount, note=note))
            moves.append(Move(operation, debt.id, debt.account, Kind.TRANSFER, amount, note=note))
            left[lot.id] -= amount
            left[debt.id] += amount
    return _merged(moves), [_with_remaining(lot, left[lot.id]) for lot in lots if left[lot.id]]


def _repays(lot: Stock, debt: Stock, today: date) -> bool:
    could_be_used_then = lot.last_day is None or lot.last_day >= min(debt.first_day, today)
    return not lot.is_debt and lot.first_day <= today and could_be_used_then


def without_ended(lots: Sequence[Stock], today: date) -> list[Stock]:
    """What is left and has not ended, once the ended lots have repaid what was owed while they could be used."""
    ended = [lot for lot in lots if lot.is_debt or lot.has_ended(today)]
    owed = [lot for lot in repay(ended, "", today)[1] if lot.is_debt]
    return [*owed, *(lot for lot in lots if not lot.is_debt and not lot.has_ended(today))]


def balance(lots: Sequence[Stock], today: date) -> Money:
    """What is active today, debts taken off; below zero while more is owed than held."""
    return total(lot.remaining for lot in without_ended(lots, today) if lot.is_active(today))


def _merged(moves: Iterable[Move]) -> list[Move]:
    """One entry a lot for one operation."""
    first: dict[int, Move] = {}
    amounts: Counter[int] = Counter()
    for move in moves:
        first.setdefault(move.lot, move)
        amounts[move.lot] += move.amount
    return [
        Move(move.operation, lot, move.account, move.kind, Money(amounts[lot]), note=move.note)
        for lot, move in first.items()
    ]


def _with_remaining(lot: Stock, remaining: Money) -> Stock:
    return replace(lot, remaining=remaining)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What taking back comes to: the movements, and what of it became a debt."""

    movements: list[Movement]
    debt: Money


def take_back(
    lots: Sequence[Stock],
    amount: Money,
    operation: str,
    *,
    granted_lot: int,
    account: int,
    today: date,
    allow_debt: bool,
) -> TakenBack:
    """Take an earned amount back: from its own lot, then pending lots, then the soonest to end, then as a debt.

    Without `allow_debt` the balance stops at zero and the rest is let go (`domain.md` section 6).
    """

    def order(lot: Stock) -> tuple[bool, bool]:
        return (lot.id != granted_lot, lot.first_day <= today)

    usable = [lot for lot in lots if not lot.has_ended(today)]
    left = amount if allow_debt else min(amount, max(total(lot.remaining for lot in usable), ZERO))
    movements: list[Movement] = []
    for lot in sorted((lot for lot in usable if not lot.is_debt), key=order):
        part = min(left, lot.remaining)
        if part > 0:
            movements.append(spend(lot, part, operation, Kind.TAKE_BACK))
            left -= part
    if left > 0 and allow_debt:
        movements.append(
            Grant(f"{operation}:debt", account, -left, first_day=today, kind=Kind.TAKE_BACK, name=_("debt"))
        )
    return TakenBack(movements, debt=left)
