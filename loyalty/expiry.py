"""Lots past their last day end: bonuses, gift cards and memberships alike.

Nothing can be spent past its last day anyway (`ledger.Stock.is_active`); this only writes down what was lost, so that
breakage shows in the history. It goes by ranges of lots in the order in which they came in, which is how they lie on
the disk. Each range is a transaction of its own that holds the locks of its accounts for some milliseconds: run
twice, late, by two workers at once or killed between two ranges or inside one, it comes to the same entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, Window
from django.db.models.functions import Mod, RowNumber

from clients.actors import Actor
from loyalty import ledger
from loyalty.models import Account, Lot

AT_ONCE = 2000


def expire_lots(  # keyword-only, each is said by every caller
    *,
    today: date,
    zone: ZoneInfo,
    by: Actor,
    listens: frozenset[str] = frozenset(),
    unit: Account.Unit | None = None,
) -> int:
    """Expire every lot whose last day is before `today`, or those of one unit; how many this run expired.

    Whoever comes first posts the entry, under the same operation: what one unit's own task has expired is not expired
    again with all the others, nor the other way round.
    """
    count = 0
    for lots in _ranges(today, Q() if unit is None else Q(account__unit=unit)):
        with transaction.atomic():
            count += ledger.expire_due(lots, today=today, zone=zone, by=by, listens=listens)
    return count


def _ranges(today: date, which: Q) -> Iterator[Q]:
    """Ranges of ids with so many of these lots to expire each. The last one is open: most nights have no other.

    Where they part is read once. Read anew for each range, the index of lots to expire would be walked from its
    beginning every time, over all that has just been taken out of it.
    """
    due = Lot.objects.filter(which, last_day__lt=today, remaining__gt=0)
    numbered = due.annotate(rest=Mod(Window(RowNumber(), order_by="pk"), AT_ONCE))
    begin = 0
    for end in list(numbered.filter(rest=0).order_by("pk").values_list("pk", flat=True)):
        yield which & Q(pk__gt=begin, pk__lte=end)
        begin = end
    yield which & Q(pk__gt=begin)
