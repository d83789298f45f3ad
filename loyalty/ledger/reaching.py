"""Finds the accounts that held so much at a moment: in the database, in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import connection

from loyalty.models import Account
from loyalty.money import Money
from loyalty.sql import adapted

AT_ONCE = 10_000

# What the lots hold now, less what has moved since the moment: lots that hold nothing now and did not move since held
# nothing then. A lot that has ended since was expired at its end, and that is the date of its entry: it is given back
# here. Entries have no index by time, so a night reads them once; it does so only for whoever has such a program.
HELD = """
    WITH since AS (SELECT lot_id, SUM(amount) AS amount FROM loyalty_entry WHERE at > %s GROUP BY lot_id),
    held AS (
        SELECT account_id, remaining AS amount, first_day, last_day FROM loyalty_lot WHERE NOT (remaining = 0)
        UNION ALL
        SELECT lot.account_id, -since.amount, lot.first_day, lot.last_day
        FROM since JOIN loyalty_lot AS lot ON lot.id = since.lot_id
    )
    SELECT held.account_id FROM held JOIN loyalty_account AS account ON account.id = held.account_id
    WHERE held.account_id > %s AND account.unit = %s
        AND held.first_day <= %s AND (held.last_day IS NULL OR held.last_day >= %s)
        AND NOT EXISTS (
            SELECT 1 FROM loyalty_lot AS given WHERE given.account_id = held.account_id
            AND given.program = %s AND given.operation LIKE %s
        )
    GROUP BY held.account_id HAVING SUM(held.amount) >= %s ORDER BY held.account_id LIMIT %s
"""


def accounts_that_held(
    amount: Money, *, unit: Account.Unit, day: date, at: datetime, program: str, operation: str
) -> Iterator[list[int]]:
    """Accounts whose spendable balance was so much or more at the moment `at`, with which the day begins; so many at
    once. Not those that ever got a lot of the program whose operation begins with `operation`.

    What was owed then is taken off. What is posted for the moment itself counts: the night's own grants, and the lots
    that end with it.
    """
    on = adapted(day)
    last = 0
    while True:
        values = [adapted(at), last, unit.value, on, on, program, f"{operation}%", int(amount), AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(HELD, values)
            found = [account for (account,) in cursor.fetchall()]
        if found:
            yield found
        if len(found) < AT_ONCE:
            return
        last = found[-1]
