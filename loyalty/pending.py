"""Pending bonuses become usable by themselves on their first day: time decides, nothing has to be written.

The night only says how many clients' lots opened, so that a record of runs shows it.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from loyalty.models import Lot
from loyalty.periods import starts_at


def count_activated(*, day: date, zone: ZoneInfo) -> int:
    """How many lots that came in earlier can be used from this day on."""
    earlier = Lot.objects.filter(created_at__lt=starts_at(day, zone))
    return earlier.filter(first_day=day, remaining__gt=0).count()
