"""Value that moves to another account, lot by lot. Each lot that comes in so is named by the one it left.

A lot of 80.00 moves: it gets a `transfer` entry of -80.00, and the other account a lot of 80.00 with the same days,
program and name, by an entry of the same operation. So it is known for ever where value went, and whence it came:
what a refund returns to a lot that has moved can follow it, and what was sold can be called back from where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from loyalty.ledger.lots import Stock, stock
from loyalty.ledger.movements import Grant, Kind, Move, Movement
from loyalty.models import Entry, Lot
from loyalty.money import Money

Named = Callable[[int], str]
"""The operation of the move of a lot, by its id: one for each lot, as it names the lot that it makes."""


def move_to(account: int, lots: Iterable[Stock], *, operation: Named, note: str = "") -> list[Movement]:
    """What is left of these lots becomes lots of another account, with the same last days."""
    return [part for lot in lots if lot.remaining for part in _moved(lot, account, operation(lot.id), note)]


def _moved(lot: Stock, account: int, operation: str, note: str) -> list[Movement]:
    return [
        Move(operation, lot.id, lot.account, Kind.TRANSFER, Money(-lot.remaining), note=note),
        Grant(
            operation,
            account,
            lot.remaining,
            lot.first_day,
            lot.last_day,
            program=lot.program,
            name=lot.name,
            limit_percent=lot.limit_percent,
            min_check=lot.min_check,
            kind=Kind.TRANSFER,
            note=note,
        ),
    ]


def call_home(lot: Stock, kin: Iterable[Stock], *, operation: Named, note: str = "") -> tuple[list[Move], Stock]:
    """What is left of a lot's kin goes back to it: the moves, and the lot after them."""
    moves: list[Move] = []
    for other in kin:
        if other.remaining:
            name = operation(other.id)
            moves.append(Move(name, other.id, other.account, Kind.TRANSFER, Money(-other.remaining), note=note))
            moves.append(Move(name, lot.id, lot.account, Kind.TRANSFER, other.remaining, note=note))
            lot = replace(lot, remaining=Money(lot.remaining + other.remaining))
    return moves, lot


def kin_of(lots: Collection[int]) -> dict[int, list[Stock]]:
    """Lot → the lots that its value has become, over as many moves as there were. One query if it never moved."""
    kin: dict[int, list[Stock]] = {lot: [] for lot in lots}
    root = {lot: lot for lot in lots}
    level: Collection[int] = lots
    while level:
        left = Entry.objects.filter(lot__in=level, kind=Kind.TRANSFER, amount__lt=0).values_list("operation", "lot")
        came_from = dict(left)
        found = Lot.objects.filter(operation__in=came_from).select_related("account").order_by("pk")
        children = list(found) if came_from else []
        for child in children:
            root[child.pk] = root[came_from[child.operation]]
            kin[root[child.pk]].append(stock(child))
        level = [child.pk for child in children]
    return kin


def origins_of(lots: Iterable[tuple[int, str]]) -> dict[int, int]:
    """(Lot, the operation that brought it in) → the lot that its value first came in with. Two queries a move."""
    origin = {lot: lot for lot, _operation in lots}
    named = dict(lots)
    while named:
        left = Entry.objects.filter(operation__in=named.values(), kind=Kind.TRANSFER, amount__lt=0)
        rows = left.values_list("operation", "lot", "lot__operation")
        parents = {operation: (lot, brought) for operation, lot, brought in rows}
        step = {lot: parents[operation] for lot, operation in named.items() if operation in parents}
        origin = {lot: step[at][0] if at in step else at for lot, at in origin.items()}
        named = dict(step.values())
    return origin
