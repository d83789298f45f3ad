"""Expires thousands of lots at once, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet

from clients.actors import Actor
from loyalty.ledger.lots import held, lock
from loyalty.ledger.movements import repay
from loyalty.ledger.posting import ENTRY_COLUMNS, post
from loyalty.models import Lot
from loyalty.periods import starts_at
from loyalty.sql import Column, id_among, values_table


def expire_due(accounts: Sequence[int], *, today: date, zone: ZoneInfo, by: Actor) -> int:
    """Expire every lot of these accounts that is past its last day on `today`; how many they were.

    For thousands of lots at once, of every unit, in a number of statements that does not grow with them. Inside the
    caller's transaction. Each `expire` entry is dated by the moment the lot ended, so it is the same entry however
    late it is posted; its operation is `expire:<lot>:<last day>:<number>`, as a refund may fill the lot once more. What
    a client owed while the lot could still be spent is repaid from it first: it lowered their balance all that time.
    """
    lock(Q(pk__in=accounts))
    ended = Lot.objects.filter(account__in=accounts, last_day__lt=today, remaining__gt=0)
    _repay_from_the_ended(ended, accounts, zone, by)
    due = {lot: day for lot, day in ended.values_list("pk", "last_day") if day is not None}
    moments = [(day, starts_at(day + timedelta(days=1), zone)) for day in sorted(set(due.values()))]
    return _expire_all(sorted(due), moments, by) if due else 0


def _repay_from_the_ended(ended: QuerySet[Lot], accounts: Sequence[int], zone: ZoneInfo, by: Actor) -> None:
    """Few accounts owe anything; those are done lot by lot, as if each had been repaid on the lot's last day."""
    debts = Lot.objects.filter(account__in=accounts, is_debt=True, remaining__lt=0)
    for account in debts.values_list("account", flat=True).distinct():
        lots = held(Q(pk=account))
        due = set(ended.filter(account=account).values_list("pk", flat=True))
        for lot_id in [lot.id for lot in lots if lot.id in due]:
            lot = next(lot for lot in lots if lot.id == lot_id)
            assert lot.last_day is not None
            owed = [debt for debt in lots if debt.is_debt and debt.first_day <= lot.last_day]
            moves, after = repay([lot, *owed], f"expire:{lot.id}:{lot.last_day}:{lot.remaining}:repay", lot.last_day)
            post(moves, at=starts_at(lot.last_day + timedelta(days=1), zone), by=by)
            lots = [*(other for other in lots if other is not lot and other not in owed), *after]


def _expire_all(lots: Sequence[int], moments: Sequence[tuple[date, datetime]], by: Actor) -> int:
    """Burn what is left of these lots, whose accounts are locked: the entries first, then the lots."""
    ended, params = values_table("ended", (Column("last_day", "date"), Column("at", "timestamptz")), moments)
    among, ids = id_among("lot.id", lots)
    columns = ", ".join(f'"{column.name}"' for column in ENTRY_COLUMNS)
    explain = f"""
        WITH {ended}
        INSERT INTO loyalty_entry ({columns})
        SELECT lot.id, lot.account_id, lot.entry_count + 1, 'expire', -lot.remaining, 0, lot.last_day,
            'expire:' || lot.id || ':' || CAST(lot.last_day AS varchar(10)) || ':' || (lot.entry_count + 1), NULL, NULL,
            CAST(%s AS varchar(170)), '', ended.at
        FROM loyalty_lot AS lot JOIN ended ON ended.last_day = lot.last_day WHERE {among}
    """  # noqa: S608  # names are constants above, values are parameters
    empty = f"UPDATE loyalty_lot AS lot SET remaining = 0, entry_count = lot.entry_count + 1 WHERE {among}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(explain, [*params, str(by), ids])
        cursor.execute(empty, [ids])
        return int(cursor.rowcount)
