"""One write, one transaction; when two of them get in each other's way, the later one tries again by itself.

PostgreSQL answers a deadlock or a serialization failure at once (40P01, 40001): such a transaction left nothing
behind and is run again, three times at most, after a short random pause. Waiting too long for a lock (55P03, or a
locked SQLite file) is said to the person instead: the till is busy.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from clients.refusals import Refusal

P = ParamSpec("P")
T = TypeVar("T")

AGAIN = {"40001", "40P01"}
LOCK_NOT_AVAILABLE = "55P03"
TRIES = 3


class TillBusy(Refusal):
    """Somebody else has held the same accounts for too long. Nothing was written; try again."""

    code = "busy"


def in_one_transaction(work: Callable[P, T]) -> Callable[P, T]:
    """Run `work` in a transaction. The outermost one is tried again; one inside another leaves that to it."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if connection.in_atomic_block:
            with transaction.atomic():
                return work(*args, **kwargs)
        for left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except OperationalError as error:
                _refuse_or_wait(error, left)
        raise AssertionError("unreachable: the last try returns or raises")

    return run


def _refuse_or_wait(error: OperationalError, left: int) -> None:
    state = getattr(error.__cause__, "sqlstate", None)
    if state == LOCK_NOT_AVAILABLE or "database is locked" in str(error):
        raise TillBusy(_("The till is busy with the same client. Try again in a moment."), seconds=2) from error
    if state not in AGAIN or not left:
        raise error
    time.sleep(0.01 + secrets.randbelow(90) / 1000)  # so that the two do not meet again
