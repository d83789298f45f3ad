"""The nightly review of tiers: writes down who has fallen, and counts what could not be known beforehand.

When a client falls is worked out long before (`loyalty.falling`); an index has those whose day has come, so a night
costs what falls in it, however many clients there are. What the owner changes (thresholds, tiers, the window) counts
for everybody from the next night on: it leaves a `TierChange`, and the night works the whole program out anew, up and
down, with the terms and the grace of the tiers. A program that no night has seen yet is worked out as a whole, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from clients.actors import Actor
from clients.models import Client
from loyalty import falling
from loyalty.falling import Stairs
from loyalty.models import CashbackProgram, TierChange, TierStanding, Visit
from loyalty.periods import starts_at
from loyalty.rulebook import rulebook
from loyalty.tiers import first_of_window

AT_ONCE = 1000


def review_tiers(*, day: date, now: datetime, by_hand: bool = True) -> int:
    """The night of this day, for every running cashback program; how many clients changed their tier.

    `by_hand`: also whoever has come short since this day began falls, and does not wait for the next night. The
    nightly task leaves them to it: run late, it does what it would have done in time.
    """
    zone = rulebook().house.zone
    programs = falling.stairs_of(CashbackProgram.objects.filter(enabled=True)).values()
    moved = sum(_count_changes(stairs, day, now, zone) for stairs in programs)
    return moved + falling.write_down(day=day, zone=zone, by_hand=by_hand)


def _count_changes(stairs: Stairs, day: date, now: datetime, zone: ZoneInfo) -> int:
    """What the owner has changed; 0 where nothing was. A night that is killed begins the program again."""
    changes = TierChange.objects.filter(program=stairs.program)
    waiting = list(changes.filter(done_at=None))
    if not waiting:
        if changes.exists():
            return 0
        waiting = [TierChange(program_id=stairs.program, made_at=now, by=str(Actor.task("loyalty.review_tiers")))]
    moved = work_out(stairs, day=day, zone=zone)
    for change in waiting:
        change.moved, change.done_at = moved, now
        change.save()
    return moved


def work_out(stairs: Stairs, *, day: date, zone: ZoneInfo, at_once: bool = False) -> int:
    """Everybody of the program anew, in the night of this day; how many changed their tier.

    `at_once`: on this day, and down whatever the terms and the grace of the tiers. A thousand clients at a time.
    """
    how = {"is_night": not at_once, "at_once": at_once}
    return sum(falling.evaluate(stairs, some, today=day, zone=zone, **how) for some in _everybody(stairs, day, zone))


def _everybody(stairs: Stairs, day: date, zone: ZoneInfo) -> Iterator[Sequence[int]]:
    """Whoever has a row; and, where a window counts, whoever spent something in it. By id, a thousand at a time.

    Without a row a client stands on the rung that all their spending reaches: that is never wrong.
    """
    who = Q(Exists(TierStanding.objects.filter(program=stairs.program, client=OuterRef("pk"))))
    if stairs.window_days is not None:
        first = starts_at(first_of_window(stairs.window_days, day), zone)
        who |= Q(Exists(Visit.objects.filter(client=OuterRef("pk"), at__gte=first, spent__gt=0)))
    last = 0
    while some := list(Client.objects.filter(who, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield some
        last = some[-1]
