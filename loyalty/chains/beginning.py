"""Begins chains: one way for a client and an occasion, however often and by however many workers it is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from django.db import transaction

from loyalty.chains.definitions import chains
from loyalty.chains.occasions import AT_ONCE, Beginning, Begins, beginnings, operation_of
from loyalty.chains.steps import Chain
from loyalty.house import House
from loyalty.models import Chain as Row
from loyalty.models import ChainRun
from loyalty.rulebook import rulebook
from loyalty.sql import Column, insert

AT_ANY_HOUR = (Begins.REGISTERED, Begins.VISITED)
"""Occasions that do not wait for the night."""
BEFORE_THE_REVIEW = (Begins.TIER_FALLS,)
WITH_BONUSES = (Begins.LOT_ENDS,)
COLUMNS = (
    Column("operation", "varchar"),
    Column("chain_id", "bigint"),
    Column("client_id", "bigint"),
    Column("lot_id", "bigint"),
    Column("state", "varchar"),
    Column("step", "integer"),
    Column("next_at", "timestamptz"),
    Column("begun_at", "timestamptz"),
    Column("reason", "varchar"),
)


def begin_due(*, day: date, now: datetime, kinds: Iterable[str] = Begins.values) -> int:
    """Begin the chains whose occasion this day is; how many ways began. Raises `NotSetUp`."""
    rows = list(Row.objects.filter(enabled=True, begins__in=list(kinds)).select_related("segment").order_by("pk"))
    if not rows:
        return 0
    book, defined = rulebook(), chains(rows)
    return sum(
        _begin(defined[row.pk], beginnings(row, day=day, now=now, book=book), row, book.house)
        for row in rows
        if defined[row.pk].steps
    )


def _begin(chain: Chain, found: Iterable[Beginning], row: Row, house: House) -> int:
    count, left = 0, iter(found)
    while batch := list(islice(left, AT_ONCE)):
        with transaction.atomic():
            rows = [_row(chain, one, operation_of(row, one), house) for one in batch]
            count += len(insert("loyalty_chainrun", COLUMNS, rows, "ON CONFLICT (operation) DO NOTHING RETURNING id"))
    return count


def _row(chain: Chain, one: Beginning, operation: str, house: House) -> tuple[object, ...]:
    first = chain.steps[0]
    due = first.due(one.begun_at, house.zone)
    return (operation, chain.id, one.client, one.lot, ChainRun.State.WAITING, first.number, due, one.begun_at, "")
