"""Moves the last day of thousands of lots at once: longer, or back again. Nothing else of them changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection

from clients.actors import Actor
from loyalty.ledger.posting import ENTRY_COLUMNS
from loyalty.sql import Column, values_table

END_COLUMNS = (Column("lot_id", "bigint"), Column("last_day", "date"))
FACT_COLUMNS = (
    Column("operation", "varchar"),
    Column("by", "varchar"),
    Column("note", "varchar"),
    Column("at", "timestamptz"),
)


def move_ends(ends: Sequence[tuple[int, date]], *, operation: str, note: str, at: datetime, by: Actor) -> int:
    """Give each lot its new last day, with an `adjust` entry of 0 that says why; how many lots there were.

    In two statements, inside the caller's transaction, which holds the locks of the accounts and has looked which lots
    the operation has not moved yet: a second time the database refuses it.
    """
    if not ends:
        return 0
    moved, params = values_table("moved", END_COLUMNS, ends)
    facts, said = values_table("facts", FACT_COLUMNS, [(operation, str(by), note, at)])
    columns = ", ".join(f'"{column.name}"' for column in ENTRY_COLUMNS)
    explain = f"""
        WITH {moved}, {facts}
        INSERT INTO loyalty_entry ({columns})
        SELECT lot.id, lot.account_id, lot.entry_count + 1, 'adjust', 0, lot.remaining, moved.last_day,
            facts.operation, NULL, NULL, facts."by", facts.note, facts.at
        FROM loyalty_lot AS lot JOIN moved ON moved.lot_id = lot.id CROSS JOIN facts
    """  # noqa: S608  # names are constants above, values are parameters
    change = f"""
        WITH {moved}
        UPDATE loyalty_lot SET last_day = moved.last_day, entry_count = loyalty_lot.entry_count + 1
        FROM moved WHERE loyalty_lot.id = moved.lot_id
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(explain, [*params, *said])
        cursor.execute(change, params)
        return int(cursor.rowcount)
