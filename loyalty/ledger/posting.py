"""Writes movements: the lots that change, the lots that come in, the entries that explain both; a statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

from clients.actors import Actor
from loyalty.fields import PERCENT_SCALE
from loyalty.ledger.lots import InsufficientBalance
from loyalty.ledger.movements import Grant, Move, Movement
from loyalty.ledger.telling import TOLD, Told, tell
from loyalty.sql import Column, insert, values_table

LOT_COLUMNS = (
    Column("account_id", "bigint"),
    Column("operation", "varchar"),
    Column("program", "varchar"),
    Column("name", "varchar"),
    Column("amount", "bigint"),
    Column("remaining", "bigint"),
    Column("is_debt", "bool"),
    Column("first_day", "date"),
    Column("last_day", "date"),
    Column("limit_percent", "integer"),
    Column("min_check", "bigint"),
    Column("entry_count", "integer"),
    Column("created_at", "timestamptz"),
)
MOVE_COLUMNS = (
    Column("lot_id", "bigint"),
    Column("amount", "bigint"),
    Column("entries", "integer"),
    Column("last_day", "date"),
)
ENTRY_COLUMNS = (
    Column("lot_id", "bigint"),
    Column("account_id", "bigint"),
    Column("number", "integer"),
    Column("kind", "varchar"),
    Column("amount", "bigint"),
    Column("remaining", "bigint"),
    Column("last_day", "date"),
    Column("operation", "varchar"),
    Column("visit_id", "bigint"),
    Column("refund_id", "bigint"),
    Column("by", "varchar"),
    Column("note", "varchar"),
    Column("at", "timestamptz"),
)


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written: the new lots by operation. A grant that had been posted before is not among them."""

    lots: dict[str, int] = field(default_factory=dict)


def post(  # keyword-only, each is said by every caller
    movements: Iterable[Movement],
    *,
    at: datetime,
    by: Actor,
    visit: int | None = None,
    refund: int | None = None,
    listens: frozenset[str] = frozenset(),
) -> Posted:
    """Write movements, in at most three statements. Inside the caller's transaction, which locked what it spends.

    `listens` (`House.listens`): where somebody wants to hear of bonuses, what moved is told as events, in two more.
    Raises `InsufficientBalance` where a lot would fall below zero: nothing of the transaction must then be kept.
    """
    movements = [m for m in movements if m.amount]
    moves = [m for m in movements if isinstance(m, Move)]
    grants = [m for m in movements if isinstance(m, Grant)]
    after = _change_lots(moves)
    new = _add_lots(grants, at)
    tail = (visit, refund, str(by))
    rows = [(*row, *tail, m.note, at) for row, m in _explain_moves(moves, after)]
    rows += [
        (new[g.operation], g.account, 1, g.kind, g.amount, g.amount, g.last_day, g.operation, *tail, g.note, at)
        for g in grants
        if g.operation in new
    ]
    insert("loyalty_entry", ENTRY_COLUMNS, rows)
    if listens & TOLD:
        posted: list[Movement] = [*moves, *(g for g in grants if g.operation in new)]
        tell([Told.of(one, visit, refund) for one in posted], at=at, listens=listens)
    return Posted(lots=new)


def _change_lots(moves: Sequence[Move]) -> dict[int, tuple[int, int, date | None]]:
    """Add each lot's movements to what remains of it. Lot → (remaining, entries, last day) afterwards."""
    if not moves:
        return {}
    changes: dict[int, list[Any]] = defaultdict(lambda: [0, 0, None])
    for move in moves:
        change = changes[move.lot]
        change[0] += move.amount
        change[1] += 1
        change[2] = move.last_day or change[2]
    table, params = values_table("m", MOVE_COLUMNS, [(lot, *change) for lot, change in changes.items()])
    statement = f"""
        WITH {table}
        UPDATE loyalty_lot SET
            remaining = loyalty_lot.remaining + m.amount,
            entry_count = loyalty_lot.entry_count + m.entries,
            last_day = COALESCE(m.last_day, loyalty_lot.last_day)
        FROM m WHERE loyalty_lot.id = m.lot_id
        RETURNING id, remaining, entry_count, loyalty_lot.last_day
    """  # noqa: S608  # names are constants above, values are parameters
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement, params)
        except IntegrityError as error:
            if "remaining_is_between" in str(error):
                raise InsufficientBalance(_("It has just been used elsewhere.")) from error
            raise
        return {lot: (remaining, count, last_day) for lot, remaining, count, last_day in cursor.fetchall()}


def _explain_moves(
    moves: Sequence[Move], after: dict[int, tuple[int, int, date | None]]
) -> Iterable[tuple[tuple[Any, ...], Move]]:
    """The head of each move's entry: its number and what remained after it, worked out from where the lot ended up."""
    by_lot: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        by_lot[move.lot].append(move)
    for lot, its_moves in by_lot.items():
        remaining, count, last_day = after[lot]
        remaining -= sum(move.amount for move in its_moves)
        for number, move in enumerate(its_moves, start=count - len(its_moves) + 1):
            remaining += move.amount
            yield (lot, move.account, number, move.kind, move.amount, remaining, last_day, move.operation), move


def _add_lots(grants: Sequence[Grant], at: datetime) -> dict[str, int]:
    """Insert new lots; operation → id of those that were not there yet."""
    rows = [
        (
            g.account,
            g.operation,
            g.program,
            g.name,
            g.amount,
            g.amount,
            g.is_debt,
            g.first_day,
            g.last_day,
            int(g.limit_percent * PERCENT_SCALE),
            g.min_check,
            1,
            at,
        )
        for g in grants
    ]
    returned = insert("loyalty_lot", LOT_COLUMNS, rows, "ON CONFLICT (operation) DO NOTHING RETURNING operation, id")
    return dict(returned)
