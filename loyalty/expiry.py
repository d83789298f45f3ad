"""Lots past their last day end: bonuses, gift cards and memberships alike.

Nothing can be spent past its last day anyway (`ledger.Stock.is_active`); this only writes down what was lost, so that
breakage shows in the history. It goes by ranges of accounts, each a transaction of its own that holds the locks of
its accounts for some milliseconds: run twice, late, by two workers at once or killed between two ranges or inside
one, it comes to the same entries.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction

from clients.actors import Actor
from loyalty import ledger
from loyalty.models import Lot

AT_ONCE = 2000


def expire_lots(*, today: date, zone: ZoneInfo, by: Actor) -> int:
    """Expire every lot whose last day is before `today`; how many this run expired."""
    count = 0
    while accounts := _next_accounts(today):
        with transaction.atomic():
            count += ledger.expire_due(accounts, today=today, zone=zone, by=by)
    return count


def _next_accounts(today: date) -> list[int]:
    """The accounts of the lots that ended first. Read in the order of their index, which each range shortens."""
    due = Lot.objects.filter(last_day__lt=today, remaining__gt=0).order_by("last_day")
    return sorted(set(due.values_list("account", flat=True)[:AT_ONCE]))
