"""Takes back what a closure extended: lots, then terms of tiers, a thousand a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from loyalty import ledger
from loyalty.closures.extending import NOTE_LENGTH, reschedule, tell_mechanics
from loyalty.closures.job import AT_ONCE, Job
from loyalty.models import Entry, Extension, Lot, TierStanding


def take_back_lots(job: Job, after: int) -> tuple[int, int | None]:
    """Lots in the order of their ids; what was spent or has ended meanwhile is left."""
    rows = Extension.objects.filter(closure=job.closure, lot__gt=after).order_by("lot")
    found = dict(rows.values_list("lot", "before")[:AT_ONCE])
    if not found:
        return 0, None
    with transaction.atomic():
        lots = Lot.objects.filter(pk__in=found)
        ledger.lock(Q(pk__in=lots.values("account")))
        done = Entry.objects.filter(operation=job.undoing, lot__in=found).values("lot")
        left = lots.filter(remaining__gt=0, last_day__gte=job.today).exclude(pk__in=done)
        without = _without(job, {lot: before for lot, before in found.items() if before is not None})
        were = {lot: day for lot, day in left.order_by("pk").values_list("pk", "last_day") if day is not None}
        ends = [(lot, without[lot]) for lot, last_day in were.items() if without[lot] < last_day]
        ledger.move_ends(ends, operation=job.undoing, note=_note(job), at=job.now, by=job.undone_by())
        tell_mechanics({lot: (after - were[lot]).days for lot, after in ends}, job)
    return len(ends), max(found)


def _without(job: Job, before: dict[int, date]) -> dict[int, date]:
    """Lot → the last day it would have without the closure, today at the earliest."""
    moved = Entry.objects.filter(lot__in=before, kind__in=(Entry.Kind.RETURN, Entry.Kind.ADJUST))
    by_lot: dict[int, list[Entry]] = defaultdict(list)
    for entry in moved.order_by("lot", "number"):
        by_lot[entry.lot_id].append(entry)
    return {lot: max(last_day_without(job, day, by_lot[lot]), job.today) for lot, day in before.items()}


def last_day_without(job: Job, before: date, entries: Sequence[Entry]) -> date:
    """Go through what moved the lot's last day after the closure, as if the closure had not.

    Other closures move it by as much as they did. A refund's return is worth at least as many days as the house rules
    promise now: it moved the day there, or would have if the closure had not made it later already.
    """
    own = next((i for i, entry in enumerate(entries) if entry.operation == job.operation), None)
    if own is None:
        return before
    last_day, seen = before, entries[own].last_day
    for entry in entries[own + 1 :]:
        assert entry.last_day is not None
        assert seen is not None
        if entry.kind == Entry.Kind.RETURN:
            promised = job.house.day(entry.at) + timedelta(days=job.house.refund_min_days)
            last_day = max(last_day, entry.last_day if entry.last_day > seen else min(promised, entry.last_day))
        else:
            last_day += entry.last_day - seen
        seen = entry.last_day
    return last_day


def take_back_tiers(job: Job, after: int) -> tuple[int, int | None]:
    """Terms of tiers. A tier that the client has reached or come down to since has none of these days any more."""
    rows = Extension.objects.filter(closure=job.closure, tier__gt=after, after__isnull=False).order_by("tier")
    found = list(rows.values_list("tier", flat=True)[:AT_ONCE])
    if not found:
        return 0, None
    with transaction.atomic():
        locked = TierStanding.objects.filter(pk__in=found).order_by("pk").select_for_update(no_key=True)
        days = job.closure.days
        tiers = [row for row in locked if row.extension_days >= days and row.since <= job.closing.made_on]
        _give_up(days, tiers)
        reschedule(job, tiers)
        rows.filter(tier__in=found).update(after=None)
    return len(tiers), found[-1]


def _give_up(days: int, tiers: Iterable[TierStanding]) -> None:
    of_these = TierStanding.objects.filter(pk__in=[row.pk for row in tiers])
    of_these.update(extension_days=F("extension_days") - days)


def _note(job: Job) -> str:
    with translation.override(job.house.language):
        text = _("%(place)s is open after all: the days given for its closure are taken back.")
        return (text % {"place": job.closure.location.name})[:NOTE_LENGTH]
