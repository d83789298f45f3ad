"""What `loyalty.falling` says, in the database: kept with each client, worked out anew for many, written down at night.

Rows are locked before what counts is read: whoever settles or refunds a check meanwhile waits, or has been counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Func, QuerySet, Value, When

from loyalty.falling.plan import Fall, Floor, Held, Plan, Stairs, come_to, stand
from loyalty.falling.telling import Changed, tell
from loyalty.mechanics import TierHeld, falls_of
from loyalty.models import CashbackProgram, CashbackTier, Standing, TierStanding
from loyalty.money import ZERO
from loyalty.periods import starts_at
from loyalty.tiers import DAY, Counted, Rung, spending

AT_ONCE = 1000
PLANNED = ("tier", "since", "falls", "falls_on", "is_due", "extension_days")
NO_HAND: dict[str, Any] = {
    "by_hand": False,
    "hand_tier": None,
    "hand_since": None,
    "until": None,
    "reason": "",
    "by": "",
}


def stairs_of(programs: QuerySet[CashbackProgram]) -> dict[int, Stairs]:
    """Program id → its stairs. Two queries; a program without tiers is left out."""
    found = {program.pk: program for program in programs}
    rungs: dict[int, list[Rung]] = {}
    for tier in CashbackTier.objects.filter(program__in=found, enabled=True).order_by("from_spent"):
        rungs.setdefault(tier.program_id, []).append(Rung.of(tier))
    return {pk: _stairs(found[pk], its) for pk, its in rungs.items()}


def _stairs(program: CashbackProgram, rungs: Sequence[Rung]) -> Stairs:
    one_step = program.falls == CashbackProgram.Falls.ONE_STEP
    return Stairs(program.pk, program.window_days, one_step, tuple(rungs))


# --- one row -------------------------------------------------------------------------------------------------------


def on_record(row: TierStanding) -> TierHeld:
    """A row as the rules see it; its tiers joined."""
    hand = None
    if row.hand_tier is not None and row.hand_since is not None:
        hand = (row.hand_tier.pk, row.hand_tier.from_spent, row.hand_since, row.until)
    return TierHeld(
        program=row.program_id,
        tier=row.tier_id,
        from_spent=row.tier.from_spent,
        since=row.since,
        falls=falls_of(row.falls),
        extension_days=row.extension_days,
        hand=hand,
    )


def held_of(stairs: Stairs, record: TierHeld, today: date) -> Held | None:
    """What is on record, as of this day: falls that have come are over, the tier that the last led to began then."""
    fall, coming = come_to([Fall(*one) for one in record.falls], today)
    rung = stairs.rung(record.tier if fall is None else fall.tier, record.from_spent)
    if rung is None:
        return None
    return Held(
        rung=rung,
        since=record.since if fall is None else fall.day,
        short_from=coming[0].short_from if coming else None,
        extension_days=record.extension_days if fall is None else 0,
        floor=_floor(stairs, record.hand),
    )


def _floor(stairs: Stairs, hand: tuple[int, int, date, date | None] | None) -> Floor | None:
    if hand is None:
        return None
    tier, from_spent, since, until = hand
    rung = stairs.rung(tier, from_spent)
    return Floor(rung, since, until) if rung is not None else None


def row_of(client: int, program: int, held: Held, plan: Plan) -> TierStanding:
    """The row that says it, not saved; what was set by hand is not in it."""
    return TierStanding(
        client_id=client,
        program_id=program,
        tier_id=held.rung.id,
        since=held.since,
        falls=[[fall.day.isoformat(), fall.tier, fall.short_from.isoformat()] for fall in plan.falls],
        falls_on=plan.falls[0].day if plan.falls else None,
        is_due=plan.is_due,
        extension_days=held.extension_days,
    )


def is_as(row: TierStanding, record: TierHeld, *, is_due: bool | None = None) -> bool:
    """Whether the row says what is on record. Whether the fall is due follows from the rest and the day."""
    same = (row.tier_id, row.since, row.extension_days) == (record.tier, record.since, record.extension_days)
    return same and falls_of(row.falls) == record.falls and is_due in (None, row.is_due)


def save(rows: Sequence[TierStanding], *, also: Sequence[str] = ()) -> None:
    """Write rows, new or not: one statement for some hundreds. What was set by hand stays, unless `also` names it."""
    TierStanding.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["client", "program"], update_fields=[*PLANNED, *also]
    )


# --- many clients --------------------------------------------------------------------------------------------------


def reschedule(program_id: int, clients: Sequence[int], *, today: date, zone: ZoneInfo) -> None:
    """Work out anew when these clients fall: their extension, a setting or what they have spent has changed.

    A bounded number of statements for each thousand of them. Nobody falls by it today.
    """
    stairs = stairs_of(CashbackProgram.objects.filter(pk=program_id)).get(program_id)
    if stairs is not None:
        evaluate(stairs, clients, today=today, zone=zone)


def evaluate(  # who, when, and how
    stairs: Stairs, clients: Sequence[int], *, today: date, zone: ZoneInfo, tells: bool = True, **how: bool
) -> int:
    """Work out where these clients stand and what will come; how many changed their tier. `how`: see `stand`.

    A night begins with everybody where they stood the day before. `tells`: events are written of who changed.
    """
    at, count = starts_at(today, zone), 0
    for some in batches(clients):
        with transaction.atomic():
            moved = _evaluate(stairs, some, today, zone, how)
            tell(moved if tells else [], at=at)
        count += len(moved)
    return count


def _evaluate(
    stairs: Stairs, clients: Sequence[int], today: date, zone: ZoneInfo, how: dict[str, bool]
) -> list[Changed]:
    rows = {row.client_id: row for row in _locked(TierStanding.objects.filter(program=stairs.program), clients)}
    counted = counted_for(stairs, clients, today=today, zone=zone)
    moved, changed, gone = [], [], []
    as_of = today - DAY if how.get("is_night") else today
    for client in clients:
        record = on_record(rows[client]) if client in rows else None
        before = _before(stairs, record, counted[client], as_of, today)
        held, plan = stand(stairs, before, counted[client], today=today, **how)
        was = record.tier_on(as_of) if record is not None else _tier(before)
        if _tier(held) != was:
            moved.append(Changed(client, stairs.program, was, _tier(held)))
        if held is None:
            gone += [client] if record is not None else []
        elif record is not None or held != before:
            row = row_of(client, stairs.program, held, plan)
            if record is None or not is_as(row, record, is_due=rows[client].is_due):
                changed.append(row)
    save(changed)
    if gone:
        TierStanding.objects.filter(program=stairs.program, client__in=gone).delete()
    return moved


def _before(stairs: Stairs, record: TierHeld | None, counted: Counted, as_of: date, today: date) -> Held | None:
    if record is None:
        rung = stairs.unrecorded(counted.on(as_of))
        return Held(rung, as_of) if rung is not None else None
    held = held_of(stairs, record, as_of)
    if held is None or held.rung.id == record.tier_on(as_of):
        return held
    return Held(held.rung, today, floor=held.floor)  # the owner has taken the tier away: this one begins now


def _tier(held: Held | None) -> int | None:
    return held.rung.id if held is not None else None


def _locked(rows: QuerySet[TierStanding], clients: Sequence[int]) -> QuerySet[TierStanding]:
    found = rows.filter(client__in=clients).select_related("tier", "hand_tier").order_by("pk")
    return found.select_for_update(of=("self",), no_key=True)


def counted_for(stairs: Stairs, clients: Sequence[int], *, today: date, zone: ZoneInfo) -> dict[int, Counted]:
    """Client → what counts. One query."""
    if stairs.window_days is None:
        totals = dict(Standing.objects.filter(pk__in=clients).values_list("pk", "total_spent"))
        return {client: Counted.of_total(totals.get(client, ZERO), today) for client in clients}
    spent = spending(clients, stairs.window_days, today=today, zone=zone)
    return {client: Counted.of_window(spent.get(client, {}), stairs.window_days, today) for client in clients}


def batches(clients: Sequence[int]) -> Iterator[Sequence[int]]:
    return (clients[i : i + AT_ONCE] for i in range(0, len(clients), AT_ONCE))


# --- the night -----------------------------------------------------------------------------------------------------


def write_down(*, day: date, zone: ZoneInfo, by_hand: bool) -> int:
    """Write down the falls that have come by this day; how many clients changed their tier.

    `by_hand`: the night is run once more, and lowers also those who are only waiting for the next one. Only who falls
    is read (an index has them), a thousand at a time, each thousand in a transaction of its own.
    """
    TierStanding.objects.filter(by_hand=True, until__lt=day).update(**NO_HAND)
    moved = _bring_forward(day, zone) if by_hand else 0
    while some := _write_some(day, starts_at(day, zone)):
        moved += some
    return moved


def _bring_forward(day: date, zone: ZoneInfo) -> int:
    due = TierStanding.objects.filter(program__enabled=True, falls_on=day + DAY, is_due=True)
    if not due.exists():
        return 0
    moved = 0
    for program, stairs in stairs_of(CashbackProgram.objects.filter(enabled=True)).items():
        clients = list(due.filter(program=program).values_list("client", flat=True))
        moved += evaluate(stairs, clients, today=day, zone=zone, is_night=True, climbs=False)
    return moved


def _write_some(day: date, at: datetime) -> int:
    """One thousand; 0 once there is none."""
    with transaction.atomic():
        due = TierStanding.objects.filter(program__enabled=True, falls_on__lte=day)
        some = list(due.order_by("falls_on").values_list("pk", flat=True)[:AT_ONCE])
        # Locked in one order by everybody: two nights at once wait for each other.
        rows = list(due.filter(pk__in=some).order_by("pk").select_for_update(of=("self",), no_key=True))
        were = {row.pk: row.tier_id for row in rows}
        left = [row for row in rows if bring_up(row, day)]
        save(left)
        tell([Changed(row.client_id, row.program_id, were[row.pk], row.tier_id) for row in rows], at=at)
        gone = {row.pk for row in rows} - {row.pk for row in left}
        if gone:
            TierStanding.objects.filter(pk__in=gone).delete()
    return len(some)


def bring_up(row: TierStanding, day: date) -> bool:
    """Put the falls that have come by this day into the row, not saved; whether there is a tier left."""
    fall, coming = come_to([Fall(*one) for one in falls_of(row.falls)], day)
    if fall is not None:
        row.tier_id, row.since, row.extension_days, row.is_due = fall.tier, fall.day, 0, False  # type: ignore[assignment]
        row.falls = row.falls[-len(coming) :] if coming else []
        row.falls_on = coming[0].day if coming else None
    return row.tier_id is not None


class _LastFall(Func):
    """The tier of the last fall that has come by a day (its expressions: `falls`, the day)."""

    output_field = BigIntegerField()
    WHERE = {
        "sqlite": "(SELECT json_extract(fall.value, '$[1]') FROM json_each({falls}) AS fall"
        " WHERE json_extract(fall.value, '$[0]') <= {day} ORDER BY json_extract(fall.value, '$[0]') DESC LIMIT 1)",
        "postgresql": "(SELECT (fall.value ->> 1)::bigint FROM jsonb_array_elements({falls}) AS fall(value)"
        " WHERE fall.value ->> 0 <= {day} ORDER BY fall.value ->> 0 DESC LIMIT 1)",
    }

    def as_sql(self, compiler: Any, connection: Any, *_args: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:
        falls, day = (compiler.compile(one) for one in self.source_expressions)
        return self.WHERE[connection.vendor].format(falls=falls[0], day=day[0]), (*falls[1], *day[1])


def tier_on(day: date) -> Case:
    """For queries of `TierStanding`: the id of the tier on this day, whether a night has written it down or not."""
    return Case(
        When(falls_on__lte=day, then=_LastFall(F("falls"), Value(day.isoformat()))),
        default=F("tier_id"),
        output_field=BigIntegerField(),
    )
