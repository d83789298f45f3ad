"""Expires thousands of lots at once, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from clients.actors import Actor
from loyalty.ledger.lots import held
from loyalty.ledger.movements import Kind, repay
from loyalty.ledger.posting import ENTRY_COLUMNS, post
from loyalty.ledger.telling import EXPIRED, Told, tell
from loyalty.models import Lot
from loyalty.money import Money
from loyalty.periods import starts_at
from loyalty.sql import Column, id_among, values_table


def expire_due(  # keyword-only, each is said by every caller
    lots: Q, *, today: date, zone: ZoneInfo, by: Actor, listens: frozenset[str] = frozenset()
) -> int:
    """Expire every one of these lots that is past its last day on `today`; how many they were.

    For thousands of lots at once, of every unit, in a number of statements that does not grow with them. Inside the
    caller's transaction; locks their accounts. Each `expire` entry is dated by the moment the lot ended, so it is the
    same entry however late it is posted; its operation is `expire:<lot>:<last day>:<number>`, as a refund may fill the
    lot once more. What a client owed while the lot could still be spent is repaid from it first: it lowered their
    balance all that time.
    """
    ended = Lot.objects.filter(lots, last_day__lt=today, remaining__gt=0)
    accounts = sorted(set(ended.values_list("account", flat=True)))
    if not accounts:
        return 0
    _lock(accounts)
    _repay_from_the_ended(accounts, today, zone, by)
    due = {lot: day for lot, day in ended.values_list("pk", "last_day") if day is not None}
    moments = [(day, starts_at(day + timedelta(days=1), zone)) for day in sorted(set(due.values()))]
    lost = _lost(due, moments) if EXPIRED in listens else {}
    count = _expire_all(sorted(due), moments, by) if due else 0
    for at, told in lost.items():
        tell(told, at=at, listens=listens)
    return count


def _lost(due: Mapping[int, date], moments: Sequence[tuple[date, datetime]]) -> dict[datetime, list[Told]]:
    """What is about to end, by the moment it ended."""
    at_of, lost = dict(moments), dict[datetime, list[Told]]()
    rows = Lot.objects.filter(pk__in=due).order_by("pk").values_list("pk", "account_id", "remaining", "last_day")
    for lot, account, remaining, day in rows:
        told = Told(account, Kind.EXPIRE, Money(-remaining), f"expire:{lot}:{day}")
        lost.setdefault(at_of[due[lot]], []).append(told)
    return lost


def _lock(accounts: Sequence[int]) -> None:
    """As `lots.lock`, with the accounts as one parameter: as thousands they cost more than the locks themselves."""
    if connection.vendor != "postgresql":
        return  # the transaction is the only one that writes
    among, ids = id_among("id", accounts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM loyalty_account WHERE {among} ORDER BY id FOR NO KEY UPDATE", [ids])  # noqa: S608


def _repay_from_the_ended(accounts: Sequence[int], today: date, zone: ZoneInfo, by: Actor) -> None:
    """Few accounts owe anything; those are done lot by lot, as if each had been repaid on the lot's last day.

    All lots of such an account that have ended, also those that are expired later: the soonest to end repays first.
    """
    for account in _in_debt(accounts):
        lots = held(Q(pk=account))
        for lot_id in [lot.id for lot in lots if not lot.is_debt and lot.has_ended(today)]:
            lot = next(lot for lot in lots if lot.id == lot_id)
            assert lot.last_day is not None
            owed = [debt for debt in lots if debt.is_debt and debt.first_day <= lot.last_day]
            moves, after = repay([lot, *owed], f"expire:{lot.id}:{lot.last_day}:{lot.remaining}:repay", lot.last_day)
            post(moves, at=starts_at(lot.last_day + timedelta(days=1), zone), by=by)
            lots = [*(other for other in lots if other is not lot and other not in owed), *after]


def _in_debt(accounts: Sequence[int]) -> list[int]:
    """Those of the accounts that owe something. `NOT (remaining = 0)` is what the index of living lots knows."""
    among, ids = id_among("account_id", accounts)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT account_id FROM loyalty_lot"  # noqa: S608  # values are parameters
            f" WHERE {among} AND is_debt AND NOT (remaining = 0) ORDER BY account_id",
            [ids],
        )
        return [account for (account,) in cursor.fetchall()]


def _expire_all(lots: Sequence[int], moments: Sequence[tuple[date, datetime]], by: Actor) -> int:
    """Burn what is left of these lots, whose accounts are locked, and explain it.

    One statement where the engine can; SQLite cannot write within a query and takes two, the entries first.
    """
    ended, params = values_table("ended", (Column("last_day", "date"), Column("at", "timestamptz")), moments)
    among, ids = id_among("lot.id", lots)
    columns = ", ".join(f'"{column.name}"' for column in ENTRY_COLUMNS)
    due = f"""
        due AS (
            SELECT lot.id, lot.account_id, lot.entry_count + 1 AS number, lot.remaining, lot.last_day, ended.at
            FROM loyalty_lot AS lot JOIN ended ON ended.last_day = lot.last_day WHERE {among}
        )
    """  # noqa: S608  # names are constants above, values are parameters
    explain = f"""
        INSERT INTO loyalty_entry ({columns})
        SELECT id, account_id, number, 'expire', -remaining, 0, last_day,
            'expire:' || id || ':' || CAST(last_day AS varchar(10)) || ':' || number, NULL, NULL,
            CAST(%s AS varchar(170)), '', at
        FROM due ORDER BY id
    """  # noqa: S608
    empty = "UPDATE loyalty_lot AS lot SET remaining = 0, entry_count = lot.entry_count + 1"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            emptied = f"emptied AS ({empty} FROM due WHERE lot.id = due.id)"
            cursor.execute(f"WITH {ended}, {due}, {emptied} {explain}", [*params, ids, str(by)])
            return int(cursor.rowcount)
        cursor.execute(f"WITH {ended}, {due} {explain}", [*params, ids, str(by)])
        cursor.execute(f"{empty} WHERE {among}", [ids])
        return int(cursor.rowcount)
