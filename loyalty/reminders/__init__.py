"""Reminders: bonuses, gift cards and memberships that end soon, tiers that fall soon.

Every night looks at all that ends within the days before (`LetterRules.ending_days`), so a night that was missed is
made up by the next one, and bonuses that live shorter than that are told of in the first night that sees them. It is
told twice, and neither waits for the other: as a letter to the client, where the owner has chosen one, and as an event
to whoever listens.

`ending` finds it, `letters` and `happening` tell of it, `falls` warns of tiers.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from clients.models import LetterRules
from loyalty.house import House
from loyalty.reminders import falls, happening, letters

__all__ = ["write_reminders"]


def write_reminders(*, day: date, house: House, now: datetime) -> int:
    """Write what is to be told in the night of this day; how many letters."""
    rules = LetterRules.objects.select_related("ending", "falling").first() or LetterRules()
    first, last = max(day, house.day(now)), day + timedelta(days=rules.ending_days)
    happening.tell(first, last, house, now)
    count = 0
    if rules.ending is not None and rules.ending.enabled:
        count += letters.write(rules.ending.pk, first, last, house, now)
    if rules.falling is not None and rules.falling.enabled:
        count += falls.warn(rules.falling.pk, day, house, now)
    return count
