"""Rungs of cashback: which one a sum reaches, and what of a client's spending counts on which day.

A window of N days is days of the business's calendar: a visit on day V counts from V to V + N, and on the night that
begins V + N + 1 it counts no more. So neither the hour of a check nor a clock that is put forward changes a rung.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate

from loyalty.models import CashbackTier, Refund, Visit
from loyalty.money import Money
from loyalty.periods import starts_at

LONGEST_WINDOW = 300_000
"""Days. The calendar does not reach much further back, and nobody came before it."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier: from so much spent, so many per cent, how long it is kept, and what it brings besides."""

    id: int
    name: str
    from_spent: Money
    percent: Decimal
    min_days: int = 0
    grace_days: int = 0
    privileges: str = ""
    priority_booking: bool = False
    early_access: bool = False

    @classmethod
    def of(cls, row: CashbackTier) -> Rung:
        return cls(
            id=row.pk,
            name=row.name,
            from_spent=row.from_spent,
            percent=row.percent,
            min_days=row.min_days,
            grace_days=row.grace_days,
            privileges=row.privileges,
            priority_booking=row.priority_booking,
            early_access=row.early_access,
        )


def reached(rungs: Sequence[Rung], spent: int) -> Rung | None:
    """The highest rung whose threshold the total has come to; the threshold itself counts."""
    return max((rung for rung in rungs if rung.from_spent <= spent), key=lambda rung: rung.from_spent, default=None)


def next_after(rungs: Sequence[Rung], rung: Rung | None) -> Rung | None:
    """The rung above this one (above none: the lowest)."""
    floor = rung.from_spent if rung is not None else -1
    return min((r for r in rungs if r.from_spent > floor), key=lambda r: r.from_spent, default=None)


def next_below(rungs: Sequence[Rung], rung: Rung) -> Rung | None:
    """The rung below this one."""
    return reached(rungs, rung.from_spent - 1)


def higher(one: Rung | None, other: Rung | None) -> Rung | None:
    """The higher of two rungs; none is lower than any."""
    if one is None or other is None:
        return one or other
    return one if one.from_spent >= other.from_spent else other


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts for a program from which day on, if the client spends nothing more. Never grows."""

    steps: tuple[tuple[date, Money], ...]
    """The first holds now."""

    @classmethod
    def of_total(cls, total: Money, today: date) -> Counted:
        """All that was ever spent counts for ever."""
        return cls(((today, total),))

    @classmethod
    def of_window(cls, spent: Mapping[date, int], window_days: int, today: date) -> Counted:
        """Of `spent` (day → sum) each day drops out the day after its last. What lies ahead counts as today's."""
        length = timedelta(days=min(window_days, LONGEST_WINDOW))
        drops = sorted((day + length + DAY, amount) for day, amount in spent.items() if day + length >= today)
        left = sum(amount for _day, amount in drops)
        steps = {today: Money(left)}
        for day, amount in drops:
            left -= amount
            steps[day] = Money(left)
        return cls(tuple(steps.items()))

    def on(self, day: date) -> Money:
        """What counts in the night that begins this day, and on it."""
        return next((amount for start, amount in reversed(self.steps) if start <= day), self.steps[0][1])

    def first_below(self, sum_: int, night: date) -> date | None:
        """The first night from this one on in which less than the sum counts."""
        if self.on(night) < sum_:
            return night
        return next((start for start, amount in self.steps if start > night and amount < sum_), None)


def first_of_window(window_days: int, today: date) -> date:
    """The first day whose visits count today."""
    return today - timedelta(days=min(window_days, LONGEST_WINDOW))


def spending(
    clients: Collection[int], window_days: int, *, today: date, zone: ZoneInfo
) -> dict[int, dict[date, Money]]:
    """Client → day → what they spent on it, refunds of its checks taken off; only what a window of so many days holds.

    One query. Whoever spent nothing is left out.
    """
    first = first_of_window(window_days, today)
    back = Refund.objects.filter(visit=OuterRef("pk")).order_by().values("visit").annotate(sum=Sum("spent"))
    visits = Visit.objects.filter(client__in=clients, at__gte=starts_at(first, zone), spent__gt=0).order_by()
    kept = visits.annotate(day=TruncDate("at", tzinfo=zone), back=Coalesce(Subquery(back.values("sum")), 0))
    found: dict[int, dict[date, Money]] = {}
    for client, day, amount in kept.values_list("client", "day").annotate(sum=Sum(F("spent") - F("back"))):
        found.setdefault(client, {})[day] = Money(amount)
    return found


def counted_within(client: int, windows: Iterable[int], *, today: date, zone: ZoneInfo) -> Mapping[int, Counted]:
    """Window in days → what the client spent in it. One query, however many windows; none for none."""
    windows = set(windows)
    if not windows:
        return {}
    spent = spending([client], max(windows), today=today, zone=zone).get(client, {})
    return {days: Counted.of_window(spent, days, today) for days in windows}
