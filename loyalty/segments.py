"""Who belongs to a segment now, in the database: what `loyalty.audience` says of one client, said of all at once.

The same rule twice is a risk that a test carries: it compares both for every condition. Whoever has asked to be
forgotten belongs to nothing. Conditions that nobody can miss ("at least 0 visits") hold for clients without a
record too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Exists, OuterRef, Q, QuerySet

from clients.models import Client, ClientTag
from loyalty.cashback import Cumulative
from loyalty.house import House
from loyalty.models import Segment, TierStanding, Visit
from loyalty.periods import is_running, starts_at
from loyalty.rulebook import Rulebook, rulebook

LONGEST_AGO = 300_000
"""Days; the calendar does not reach much further back, and nobody came before it."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many belong, and the names of some: those who came last to the house first."""

    count: int
    examples: tuple[str, ...]


def crowd(segment: Segment, *, now: datetime) -> Crowd:
    """Who belongs now. Two queries besides the settings."""
    found = members(segment, now=now)
    count = found.count()
    some = found.order_by("-pk")[:EXAMPLES] if count else ()
    return Crowd(count, tuple(str(client) for client in some))


def members(segment: Segment, *, now: datetime, book: Rulebook | None = None) -> QuerySet[Client]:
    """The clients who would belong at a check of this moment. The segment need not be stored.

    `book` are the settings, if they are read already. Raises `NotSetUp`.
    """
    clients = Client.objects.filter(erased_at=None)
    if not segment.enabled:
        return clients.none()
    book = book or rulebook()
    today = book.house.day(now)
    where = _figures(segment) & _recency(segment, today, book.house) & _facts(segment)
    if segment.tier:
        programs: tuple[Cumulative, ...] = book.rules["cashback"]
        where &= _on_tier(segment.tier, [program for program in programs if is_running(program, today)])
    return clients.filter(where)


def _figures(segment: Segment) -> Q:
    where = Q()
    if segment.visits_min is not None:
        where &= _within("visits", segment.visits_min, None)
    if segment.spent_min is not None:
        where &= _within("total_spent", segment.spent_min, None)
    return where


def _within(figure: str, low: int, high: int | None) -> Q:
    """From `low` to below `high`. Clients without a standing have nothing: 0."""
    where = Q(**{f"standing__{figure}__gte": low})
    if high is not None:
        where &= Q(**{f"standing__{figure}__lt": high})
    return where | Q(standing=None) if low <= 0 and (high is None or high > 0) else where


def _recency(segment: Segment, today: date, house: House) -> Q:
    """By the days of the business: a visit yesterday at 23:59 was one day ago."""
    where = Q()
    if segment.last_visit_days_max is not None:
        first = today - timedelta(days=min(segment.last_visit_days_max, LONGEST_AGO))
        where &= Q(standing__last_visit_at__gte=starts_at(first, house.zone))
    if segment.last_visit_days_min is not None:
        last = today - timedelta(days=min(segment.last_visit_days_min, LONGEST_AGO))
        where &= Q(standing__last_visit_at__lt=starts_at(last + timedelta(days=1), house.zone))
    return where


def _facts(segment: Segment) -> Q:
    where = Q()
    if segment.birthday_month:
        where &= Q(birthday__month=segment.birthday_month)
    if segment.tag:
        where &= Q(Exists(ClientTag.objects.filter(client=OuterRef("pk"), name=segment.tag)))
    if segment.location_id is not None:
        been = Visit.objects.filter(client=OuterRef("pk"), location=segment.location_id, is_visit=True)
        where &= Q(home=segment.location_id) | Q(Exists(been.exclude(refunds__is_whole=True)))
    return where


def _on_tier(name: str, programs: Iterable[Cumulative]) -> Q:
    """Whoever stands on a rung of this name in one of the programs, as `Cumulative.rung_of` says; none is nobody."""
    where = Q(pk__in=[])
    for program in programs:
        if any(rung.name == name for rung in program.rungs):
            where |= _on_rung(name, program)
    return where


def _on_rung(name: str, program: Cumulative) -> Q:
    held = TierStanding.objects.filter(client=OuterRef("pk"), program=program.id)
    on_record = held.filter(tier__in=[rung.id for rung in program.rungs if rung.name == name])
    taken_away = held.exclude(tier__in=[rung.id for rung in program.rungs])
    reaches, moved = Q(pk__in=[]), Q(pk__in=[])
    for low, high in _spans(name, program):
        moved |= Q(tier__from_spent__gte=low) & (Q() if high is None else Q(tier__from_spent__lt=high))
        if program.window_days is None:
            reaches |= _within("total_spent", low, high)
        elif low <= 0 and (high is None or high > 0):
            reaches |= Q(pk__isnull=False)  # nothing on record: nothing spent within the window counts yet
    return Q(Exists(on_record)) | Q(Exists(taken_away.filter(moved))) | (Q(~Exists(held)) & reaches)


def _spans(name: str, program: Cumulative) -> Iterable[tuple[int, int | None]]:
    """The totals that reach a rung of this name: from its threshold to below the next one."""
    rungs = sorted(program.rungs, key=lambda rung: rung.from_spent)
    thresholds: list[int | None] = [*(int(rung.from_spent) for rung in rungs), None]
    for rung, (low, high) in zip(rungs, pairwise(thresholds), strict=True):
        if rung.name == name and low is not None:
            yield low, high
