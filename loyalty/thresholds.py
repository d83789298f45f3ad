"""Thresholds that the owner changes: who would move, and whether that counts at once or with the next night.

A client without a row stands on the rung that all their spending reaches; so where the change would move such a client,
their present rung is put on record first, if the night is to count it. All of it in a few statements, however many
clients there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from clients.actors import Actor
from clients.models import Client
from loyalty.falling import Stairs, stairs_of, tier_on
from loyalty.models import CashbackProgram, Refund, Standing, TierChange, TierStanding, Visit
from loyalty.periods import starts_at
from loyalty.review import work_out
from loyalty.sql import adapted
from loyalty.tiers import Rung, first_of_window, higher, reached

Span: TypeAlias = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Moves:
    """How many clients would be on another tier."""

    up: int
    down: int


def present() -> dict[int, Stairs]:
    """Program id → its stairs, of those that are on. Two queries."""
    return stairs_of(CashbackProgram.objects.filter(enabled=True))


def thresholds_differ(before: Stairs, after: Stairs) -> bool:
    """Whether somebody may stand elsewhere by them."""
    return bool(_thresholds(before) != _thresholds(after))


def _thresholds(stairs: Stairs) -> Any:
    return stairs.window_days, [(rung.id, rung.from_spent) for rung in stairs.rungs]


def _terms(stairs: Stairs) -> Any:
    return _thresholds(stairs), stairs.one_step, [(rung.min_days, rung.grace_days) for rung in stairs.rungs]


# --- counting a change ---------------------------------------------------------------------------------------------


def count(
    before: Stairs | None, after: Stairs | None, *, at_once: bool, by: Actor, now: datetime, zone: ZoneInfo
) -> int | None:
    """Count what changed of a program, once it is stored: `at_once`, terms and grace aside; else by the next night.

    How many clients changed their tier; None if the night is to count it, or there is nothing to count.
    """
    if after is None or (before is not None and _terms(before) == _terms(after)):
        return None
    if before is None:  # it was off, or is new: a program that no night has seen is counted by the next one anyway
        if TierChange.objects.filter(program=after.program).exists():
            _note(after, by, now)
        return None
    today = now.astimezone(zone).date()
    if not at_once:
        _put_on_record(before, after, today)
        _note(after, by, now)
        return None
    moved: int = sum(found for _old, found in _unrecorded(before, after, lambda rows: rows.count()))
    moved += work_out(after, day=today, zone=zone, at_once=True)
    TierChange.objects.filter(program=after.program, done_at=None).update(done_at=now)
    TierChange.objects.create(program_id=after.program, made_at=now, by=str(by), done_at=now, moved=moved)
    return moved


def _note(stairs: Stairs, by: Actor, now: datetime) -> None:
    TierChange.objects.create(program_id=stairs.program, made_at=now, by=str(by))


def _unrecorded(before: Stairs, after: Stairs, do: Any) -> Iterator[tuple[Rung | None, Any]]:
    """Of each span of totals in which clients without a row would move: their rung now, and what is done with them."""
    held = TierStanding.objects.filter(program=before.program, client=OuterRef("pk"))
    for low, high in _spans(before, after):
        now, then = before.unrecorded(low), after.unrecorded(low)
        if _same(now, then):
            continue
        within = Q(total_spent__gte=low) & (Q() if high is None else Q(total_spent__lt=high))
        yield now, do(Standing.objects.filter(within, ~Exists(held)))


def _put_on_record(before: Stairs, after: Stairs, today: date) -> None:
    for rung, rows in _unrecorded(before, after, lambda rows: rows):
        if rung is not None:
            _insert(rows.values("client_id"), before.program, rung, today)


def _insert(clients: QuerySet[Any, Any], program: int, rung: Rung, today: date) -> None:
    """A row for each of them, in one statement."""
    chosen, params = clients.query.sql_with_params()
    values = (program, rung.id, adapted(today), "[]", False, 0, False, "", "")
    cast = ("bigint", "bigint", "date", "jsonb", "bool", "integer", "bool", "varchar", "varchar")
    typed = ", ".join(f"%s::{one}" if connection.vendor == "postgresql" else "%s" for one in cast)
    names = ("program_id", "tier_id", "since", "falls", "is_due", "extension_days", "by_hand", "reason", "by")
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO loyalty_tierstanding (client_id, {columns})"  # noqa: S608  # as the ORM wrote it
            f" SELECT client_id, {typed} FROM ({chosen}) AS chosen"
            " WHERE true ON CONFLICT (client_id, program_id) DO NOTHING",
            [*values, *params],
        )


def _spans(before: Stairs, after: Stairs) -> Iterator[Span]:
    """The spans of a sum within which neither reaches another rung; from `low` to below `high`."""
    edges: set[int] = {0, *(int(rung.from_spent) for rung in (*before.rungs, *after.rungs))}
    yield from pairwise([*sorted(edges), None])


def _same(one: Rung | None, other: Rung | None) -> bool:
    return (one and one.id) == (other and other.id)


# --- who would move ------------------------------------------------------------------------------------------------


def moves(before: Stairs, after: Stairs, *, today: date, zone: ZoneInfo) -> Moves:
    """How many clients the spending would move, up and down, terms and grace aside. One query.

    Rungs of `after` need not be stored: they then have ids of nobody's.
    """
    up = down = 0
    spans = list(_spans(before, after))
    for tier, hand, total, counts, clients in _counts(before, after, spans, today, zone):
        was, low = _was(before, after, tier, spans[total][0]), spans[counts][0]
        then = higher(reached(after.rungs, low), after.rung(hand, 0))
        if _same(was, then):
            continue
        if then is not None and (was is None or then.from_spent > was.from_spent):
            up += clients
        else:
            down += clients
    return Moves(up, down)


def _was(before: Stairs, after: Stairs, tier: int | None, total: int) -> Rung | None:
    """The rung that a client stands on, as it will be; one that is taken away stands where it stood."""
    on_record = next((rung for rung in before.rungs if rung.id == tier), None)
    old = on_record or before.unrecorded(total)
    if old is None:
        return None
    return next((rung for rung in after.rungs if rung.id == old.id), None) or old


def _counts(before: Stairs, after: Stairs, spans: Sequence[Span], today: date, zone: ZoneInfo) -> Any:
    """(tier held, tier by hand, number of the span of all that was spent, and of what counts; clients)."""
    rows = TierStanding.objects.filter(program=before.program, client=OuterRef("pk"))
    hands = rows.filter(Q(until=None) | Q(until__gte=today), by_hand=True)
    found = _with_sums(after, today, zone).annotate(
        held=Subquery(rows.annotate(now=tier_on(today)).values("now")[:1]),
        hand=Subquery(hands.values("hand_tier")[:1]),
        total_span=_number_of("total", spans),
        span=_number_of("counts", spans),
    )
    return found.values_list("held", "hand", "total_span", "span").annotate(clients=Count("pk")).order_by()


def _number_of(sum_: str, spans: Sequence[Span]) -> Case:
    """The number of the span that holds the sum."""
    highest_first = [When(**{f"{sum_}__gte": low}, then=Value(i)) for i, (low, _high) in enumerate(spans)][::-1]
    return Case(*highest_first, default=Value(0), output_field=IntegerField())


def _with_sums(stairs: Stairs, today: date, zone: ZoneInfo) -> QuerySet[Any]:
    """Clients with all that they spent as `total`, and what counts of it as `counts`."""
    if stairs.window_days is None:
        return Standing.objects.annotate(total=F("total_spent"), counts=F("total_spent"))
    first = starts_at(first_of_window(stairs.window_days, today), zone)
    visits = Visit.objects.filter(client=OuterRef("pk"), at__gte=first).order_by().values("client")
    back = Refund.objects.filter(visit__client=OuterRef("pk"), visit__at__gte=first).order_by().values("visit__client")
    spent = Coalesce(Subquery(visits.annotate(sum=Sum("spent")).values("sum")), 0)
    returned = Coalesce(Subquery(back.annotate(sum=Sum("spent")).values("sum")), 0)
    clients = Client.objects.filter(standing__isnull=False)
    return clients.annotate(total=F("standing__total_spent"), counts=spent - returned)
