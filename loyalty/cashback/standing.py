"""What a check and a refund do to where a client stands: up at once, for the next check; and when they will fall.

Of most clients nothing is written: who stands on the rung that all their spending reaches has no row, and a check that
lifts nobody changes none. Spending is read only for programs that count a window. The client's bonus account is
locked by both, so neither works with what the other is about to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from loyalty.cashback.program import Cumulative
from loyalty.falling import Held, happened, held_of, is_as, on_record, row_of, save, stand
from loyalty.mechanics import Person, Reversal, Sale
from loyalty.models import Standing, TierStanding
from loyalty.money import Money, total
from loyalty.periods import is_running
from loyalty.tiers import Counted, counted_within, spending


def rise(sale: Sale, person: Person, programs: Sequence[Cumulative]) -> None:
    """The client climbs to what is reached with this check, in programs that run; falls are worked out anew in all.

    At most one query and one statement, however many programs. Who changed their tier is told as `tier.changed`.
    """
    today, zone, rows = sale.scene.today, sale.scene.house.zone, []
    windows = counted_within(person.id, lengths(programs), today=today, zone=zone)
    for program in programs:
        counted = program.counted(Money(person.total_spent + sale.bill.spent), windows, today)
        record, before = person.tiers.get(program.id), program.held_by(person, today)
        held, plan = stand(program.stairs, before, counted, today=today, climbs=is_running(program, today))
        if held is None or (record is None and held == before):
            continue
        row = row_of(person.id, program.id, held, plan)
        if record is None or not is_as(row, record):
            rows.append(row)
        if before is None or held.rung.id != before.rung.id:
            was = before.rung.name if before is not None else None
            sale.happened.append(happened(person.id, program.code, was, held.rung.name))
    save(rows)


def come_short(reversal: Reversal, programs: Sequence[Cumulative]) -> None:
    """Nobody falls at a refund; what counts is less now, so when they will is worked out anew.

    A rung that only the total says is put on record: down goes only the night. `programs`: as they are now.
    """
    back = total(line.spent for line in reversal.lines)
    client = reversal.visit.client_id
    standing = Standing.objects.filter(pk=client).first() if client is not None and back else None
    if standing is None or not programs:
        return
    today, rows = reversal.today, []
    on_rows = TierStanding.objects.filter(client=standing.pk).select_related("tier", "hand_tier")
    records = {row.program_id: on_record(row) for row in on_rows}
    windows = _left_in_windows(reversal, standing.pk, back, lengths(programs))
    for program in programs:
        record = records.get(program.id)
        before = held_of(program.stairs, record, today) if record is not None else _unrecorded(program, standing, today)
        counted = program.counted(Money(standing.total_spent - back), windows, today)
        held, plan = stand(program.stairs, before, counted, today=today, climbs=False)
        if held is None or (record is None and not plan.falls):
            continue
        row = row_of(standing.pk, program.id, held, plan)
        if record is None or not is_as(row, record):
            rows.append(row)
    save(rows)


def lengths(programs: Iterable[Cumulative]) -> set[int]:
    """The windows that programs count, in days."""
    return {program.window_days for program in programs if program.window_days is not None}


def _unrecorded(program: Cumulative, standing: Standing, today: date) -> Held | None:
    rung = program.stairs.unrecorded(standing.total_spent)
    return Held(rung, today) if rung is not None else None


def _left_in_windows(reversal: Reversal, client: int, back: int, windows: set[int]) -> Mapping[int, Counted]:
    """What windows hold once this refund, which is not summed up yet, has taken its part off."""
    if not windows:
        return {}
    house, today = reversal.house, reversal.today
    spent = dict(spending([client], max(windows), today=today, zone=house.zone).get(client, {}))
    visited = house.day(reversal.visit.at)
    if visited in spent:
        spent[visited] = Money(spent[visited] - back)
    return {days: Counted.of_window(spent, days, today) for days in windows}
