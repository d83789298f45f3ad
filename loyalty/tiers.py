"""Rungs of cashback: which one a total reaches. Up at once, for the next check; down only by the nightly job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from loyalty.models import Refund, Visit
from loyalty.money import Money


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier: from so much spent, so many per cent."""

    id: int
    name: str
    from_spent: Money
    percent: Decimal


def reached(rungs: Sequence[Rung], spent: int) -> Rung | None:
    """The highest rung whose threshold the total has come to; the threshold itself counts."""
    return max((rung for rung in rungs if rung.from_spent <= spent), key=lambda rung: rung.from_spent, default=None)


def next_after(rungs: Sequence[Rung], rung: Rung | None) -> Rung | None:
    """The rung above this one (above none: the lowest)."""
    floor = rung.from_spent if rung is not None else -1
    return min((r for r in rungs if r.from_spent > floor), key=lambda r: r.from_spent, default=None)


def spent_within(client: int, windows: Sequence[int], now: datetime) -> Mapping[int, Money]:
    """Window in days → what the client spent in it, refunds taken off. Two queries, however many windows."""
    if not windows:
        return {}
    starts = {f"days_{days}": now - timedelta(days=days) for days in set(windows)}
    visits = Visit.objects.filter(client=client, at__gte=min(starts.values())).aggregate(
        **{name: Coalesce(Sum("spent", filter=Q(at__gte=start)), 0) for name, start in starts.items()}
    )
    refunds = Refund.objects.filter(visit__client=client, visit__at__gte=min(starts.values())).aggregate(
        **{name: Coalesce(Sum("spent", filter=Q(visit__at__gte=start)), 0) for name, start in starts.items()}
    )
    return {days: Money(visits[f"days_{days}"] - refunds[f"days_{days}"]) for days in set(windows)}
