"""Extends what a closure affects: lots, then terms of tiers, a thousand a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import translation
from django.utils.translation import ngettext

from loyalty import falling, ledger
from loyalty.closures.affected import affected_lots, affected_tiers
from loyalty.closures.job import AT_ONCE, Job
from loyalty.mechanics import mechanics
from loyalty.models import Extension, Lot, TierStanding

NOTE_LENGTH = 250


def extend_lots(job: Job, after: int) -> tuple[int, int | None]:
    """Lots in the order of their ids. What ended since the closure was made, and no night has expired yet, is extended
    as well: the closure came first.
    """
    done = Extension.objects.filter(closure=job.closure, lot__isnull=False).aggregate(last=Max("lot"))["last"]
    rows = affected_lots(job.closing).filter(pk__gt=max(after, done or 0)).order_by("pk")
    found = dict(rows.values_list("pk", "account")[:AT_ONCE])
    if not found:
        return 0, None
    with transaction.atomic():
        if job.is_undone():
            return 0, None
        ledger.lock(Q(pk__in=set(found.values())))
        ends = _still_to_extend(job, found)
        ledger.move_ends(
            [(lot, job.closing.longer(before)) for lot, before in ends.items()],
            operation=job.operation,
            note=note_of(job),
            at=job.now,
            by=job.made_by(),
        )
        tell_mechanics({lot: (job.closing.longer(before) - before).days for lot, before in ends.items()}, job)
        Extension.objects.bulk_create(
            Extension(closure=job.closure, lot_id=lot, before=before, after=job.closing.longer(before))
            for lot, before in ends.items()
        )
    return len(ends), max(found)


def tell_mechanics(moved: Mapping[int, int], job: Job) -> None:
    """Lots whose ends have moved, each by so many days."""
    for mechanic in mechanics() if moved else ():
        mechanic.ends_moved(moved, job.today)


def _still_to_extend(job: Job, found: Mapping[int, int]) -> dict[int, date]:
    """Lot → its last day, under the lock: without what was spent since, or done by another worker."""
    done = Extension.objects.filter(closure=job.closure, lot__in=found).values("lot")
    lots = Lot.objects.filter(pk__in=found, remaining__gt=0, last_day__gte=job.closing.first).exclude(pk__in=done)
    return {pk: day for pk, day in lots.order_by("pk").values_list("pk", "last_day") if day is not None}


def extend_tiers(job: Job, after: int) -> tuple[int, int | None]:
    """Terms of tiers, in the order of the ids of their rows."""
    done = Extension.objects.filter(closure=job.closure, tier__isnull=False).aggregate(last=Max("tier"))["last"]
    rows = affected_tiers(job.closing).filter(pk__gt=max(after, done or 0)).order_by("pk")
    found = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    if not found:
        return 0, None
    with transaction.atomic():
        if job.is_undone():
            return 0, None
        locked = affected_tiers(job.closing).filter(pk__in=found).order_by("pk").select_for_update(no_key=True)
        gone = set(Extension.objects.filter(closure=job.closure, tier__in=found).values_list("tier", flat=True))
        tiers = [row for row in locked if row.pk not in gone]
        TierStanding.objects.filter(pk__in=[row.pk for row in tiers]).update(
            extension_days=F("extension_days") + job.closure.days
        )
        reschedule(job, tiers)
        after_days = dict(TierStanding.objects.filter(pk__in=[row.pk for row in tiers]).values_list("pk", "falls_on"))
        Extension.objects.bulk_create(
            Extension(
                closure=job.closure,
                tier=row,
                before=row.falls_on,
                after=after_days.get(row.pk) or job.closing.longer(row.falls_on or job.today),
            )
            for row in tiers
            if row.pk in after_days
        )
    return len(tiers), found[-1]


def reschedule(job: Job, tiers: list[TierStanding]) -> None:
    """Let the falls of these clients be worked out anew."""
    by_program: dict[int, list[int]] = defaultdict(list)
    for row in tiers:
        by_program[row.program_id].append(row.client_id)
    for program, clients in by_program.items():
        falling.reschedule(program, clients, today=job.today, zone=job.house.zone)


def note_of(job: Job) -> str:
    """What the client reads in the history, in the language of the house."""
    days = job.closure.days
    with translation.override(job.house.language):
        text = ngettext(
            "%(days)d day longer: %(place)s is closed. %(reason)s",
            "%(days)d days longer: %(place)s is closed. %(reason)s",
            days,
        )
        facts = {"days": days, "place": job.closure.location.name, "reason": job.closure.reason}
        return (text % facts)[:NOTE_LENGTH]
