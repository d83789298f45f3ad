"""The proof of the ledger: everything that is stored twice is worked out again, and each difference is named.

Each check is one statement over all rows, so it sees one state of the database while tills go on working. Amounts in
the answers are in the smallest unit of the currency.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection, transaction

from loyalty import append_only, watermarks
from loyalty.house import NotSetUp, load_house
from loyalty.proof.budgets import BUDGETS
from loyalty.proof.check import Check
from loyalty.proof.closures import CLOSURES
from loyalty.proof.entries import ENTRIES
from loyalty.proof.holders import accounts_without_holder
from loyalty.proof.presents import PRESENTS
from loyalty.proof.promo import PROMO
from loyalty.proof.standings import STANDINGS
from loyalty.proof.tiers import falls_of_tiers
from loyalty.proof.visits import VISITS

TASK = "loyalty.check_ledger"
CHECKS: tuple[Check, ...] = (*ENTRIES, *VISITS, *STANDINGS, *PROMO, *BUDGETS, *CLOSURES, *PRESENTS)


def prove() -> list[str]:
    """Every difference, one line each; none if all is well. Reads only."""
    missing = [f"trigger {name} is missing: entries can be changed" for name in append_only.missing(connection)]
    if connection.vendor != "postgresql":
        return [*missing, *_differences()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # a proof takes as long as it takes
        return [*missing, *_differences()]


def check_ledger(*, now: datetime) -> list[str]:
    """Prove the ledger and keep the result as a run, for `/health/` and the admin."""
    began = time.monotonic()
    try:
        day = load_house().day(now)
    except NotSetUp:
        day = now.date()
    run = watermarks.begin_run(TASK, day, now)
    found = prove()
    ended = now + timedelta(seconds=time.monotonic() - began)
    watermarks.end_run(run, at=ended, count=len(found), failure="\n".join(found[:20]))
    watermarks.seen(TASK, now)
    return found


def _differences() -> list[str]:
    return [*(line for check in CHECKS for line in check.differences()), *accounts_without_holder(), *falls_of_tiers()]
