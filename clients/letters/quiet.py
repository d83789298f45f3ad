"""Quiet hours: by the clock on the wall of the business, across midnight and through changes of the clock.

An hour that the clock repeats is quiet both times; one that it skips ends where the clock goes on.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def is_quiet(at: datetime, begins: time, ends: time, zone: ZoneInfo) -> bool:
    """Whether no letter goes at this moment. The hours that begin and end at the same time are none."""
    clock = at.astimezone(zone).time()
    if begins <= ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


def quiet_until(at: datetime, begins: time, ends: time, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that this moment is in; None outside of them."""
    if not is_quiet(at, begins, ends, zone):
        return None
    local = at.astimezone(zone)
    day = local.date() + timedelta(days=begins > ends and local.time() >= begins)
    wall = datetime.combine(day, ends, tzinfo=zone)
    found = wall.astimezone(at.tzinfo)
    if found <= at:  # the clock repeats this hour, and it is the second time
        found = wall.replace(fold=1).astimezone(at.tzinfo)
    while not is_quiet(found - MINUTE, begins, ends, zone):  # the clock skips the end: it is where the clock goes on
        found -= MINUTE
    return found
