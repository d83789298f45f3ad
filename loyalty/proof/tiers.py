"""The coming falls of tiers, against the spending that they were worked out from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.db.models.fields.json import KT
from django.utils import timezone

from clients.models import Business
from loyalty.falling import Stairs, counted_for, held_of, on_record, row_of, stairs_of, stand
from loyalty.models import CashbackProgram, Refund, TierChange, TierStanding, Visit

AT_ONCE = 1000


def falls_of_tiers() -> list[str]:
    """That the first fall is where the night looks for it; and that working them out anew gives the same.

    A program whose thresholds wait for the night is left to it.
    """
    business = Business.objects.first()
    if business is None:
        return []
    return [*_misplaced(), *_otherwise(_as_of(business.zone), business.zone)]


def _as_of(zone: ZoneInfo) -> date:
    """Today; or the last day on which something happened, where the clock of the books is ahead."""
    moments = [timezone.now(), *(model.objects.aggregate(last=Max("at"))["last"] for model in (Visit, Refund))]
    since: date | None = TierStanding.objects.aggregate(last=Max("since"))["last"]
    days: list[date] = [moment.astimezone(zone).date() for moment in moments if moment is not None]
    return max([*days, since] if since is not None else days)


def _misplaced() -> Iterator[str]:
    """Only rows with a fall are read, and those that have none and a day for it."""
    rows = TierStanding.objects.exclude(falls=[], falls_on=None).annotate(first=KT("falls__0__0"))
    for client, first, falls_on in rows.values_list("client", "first", "falls_on").iterator():
        if first != (falls_on.isoformat() if falls_on is not None else None):
            yield f"client {client}: the first fall is on {first}, the night looks for it on {falls_on}"


def _otherwise(today: date, zone: ZoneInfo) -> Iterator[str]:
    waiting = TierChange.objects.filter(done_at=None).values("program")
    seen = TierChange.objects.exclude(done_at=None).values("program")
    programs = CashbackProgram.objects.filter(enabled=True, pk__in=seen).exclude(pk__in=waiting)
    for stairs in stairs_of(programs).values():
        last = 0
        rows = TierStanding.objects.filter(program=stairs.program)
        while clients := list(
            rows.filter(client__gt=last).order_by("client").values_list("client", flat=True)[:AT_ONCE]
        ):
            last = clients[-1]
            # Looked at twice: a check that was paid between two queries is no difference.
            found = _differences(stairs, clients, today, zone)
            again = _differences(stairs, sorted(found), today, zone) if found else {}
            yield from (text for client, text in again.items() if found[client] == text)


def _differences(stairs: Stairs, clients: Sequence[int], today: date, zone: ZoneInfo) -> dict[int, str]:
    rows = TierStanding.objects.filter(program=stairs.program, client__in=clients).select_related("tier", "hand_tier")
    counted = counted_for(stairs, clients, today=today, zone=zone)
    found = {}
    for row in rows:
        held = held_of(stairs, on_record(row), today)
        if held is None:
            continue
        coming = [fall for fall in row.falls if fall[0] > today.isoformat()]
        now, plan = stand(stairs, held, counted[row.client_id], today=today, climbs=False)
        anew = row_of(row.client_id, stairs.program, now, plan).falls if now is not None else []
        if anew != coming:
            found[row.client_id] = f"client {row.client_id}: falls as {coming}, the spending says {anew}"
    return found
