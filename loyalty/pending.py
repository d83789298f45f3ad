"""Pending bonuses become usable by themselves on their first day: time decides, nothing has to be written.

The night only says how many lots opened, so that a record of runs shows it. No index knows the first day: every lot
ever written would pay for it on every movement, for one number a night. So the night reads the lots once, in ranges
of ids that no time limit minds.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Max

from loyalty.models import Lot
from loyalty.periods import starts_at

AT_ONCE = 1_000_000


def count_activated(*, day: date, zone: ZoneInfo) -> int:
    """How many lots that came in earlier can be used from this day on."""
    opened = Lot.objects.filter(created_at__lt=starts_at(day, zone), first_day=day, remaining__gt=0)
    newest = Lot.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return sum(opened.filter(pk__gt=low, pk__lte=low + AT_ONCE).count() for low in range(0, newest, AT_ONCE))
