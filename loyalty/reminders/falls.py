"""Letters that warn of a tier that falls soon: what keeps it, and until when."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from django.db import transaction

from loyalty import falling, letters
from loyalty.falling import FallAhead
from loyalty.house import House
from loyalty.letters import Notice


def warn(template: int, day: date, house: House, now: datetime) -> int:
    """Warn those whose tier falls soon; how many letters."""
    count, left = 0, iter(falling.warnings(day, house))
    while batch := list(islice(left, letters.AT_ONCE)):
        with transaction.atomic():
            count += letters.write((_warning(template, one, house) for one in batch), house=house, now=now)
            falling.mark_warned(batch)
    return count


def _warning(template: int, one: FallAhead, house: House) -> Notice:
    return Notice(
        operation=f"reminder:falls:{one.standing}:{one.falls_on}",
        client=one.client,
        template=template,
        occasion="reminder",
        last_day=one.keeps_by,
        program=one.program,
        tier=one.tier,
        missing=one.missing,
        useless_at=letters.end_of(one.keeps_by, house),
    )
