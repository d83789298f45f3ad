"""Falls that lie ahead: what keeps the tier, and whom to warn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q

from clients.models import LetterRules
from loyalty.falling.plan import Fall, Stairs, come_to
from loyalty.falling.rows import AT_ONCE, counted_for, stairs_of
from loyalty.house import House
from loyalty.mechanics import falls_of
from loyalty.models import CashbackProgram, TierStanding
from loyalty.money import Money
from loyalty.periods import is_running
from loyalty.tiers import DAY, Counted, Rung


@dataclass(frozen=True, slots=True)
class Missing:
    """A fall that comes, and what keeps the tier: `missing` more, spent by `keeps_by`, that day included."""

    on: date
    to: Rung | None
    keeps_by: date
    missing: Money


def missing_for(rung: Rung, fall: Fall, rungs: Sequence[Rung], counted: Counted) -> Missing:
    """What keeps this rung: its threshold less what will still count on the day of the fall.

    By then more may have left a window than on the day before; so much more always keeps it.
    """
    to = next((one for one in rungs if one.id == fall.tier), None)
    missing = Money(max(0, rung.from_spent - counted.on(fall.day)))
    return Missing(on=fall.day, to=to, keeps_by=fall.day - DAY, missing=missing)


@dataclass(frozen=True, slots=True)
class FallAhead:
    """Somebody to warn: "86.00 more by 30 April keeps Silver"."""

    client: int
    standing: int
    """The id of their `TierStanding`."""
    program: str
    tier: str
    falls_on: date
    keeps_by: date
    missing: Money
    lower: str
    """The tier that they come to; "" for none."""


def warnings(day: date, house: House) -> Iterator[FallAhead]:
    """Who falls within as many days as the rules of letters say, and was not warned of this fall yet.

    Asks a few queries for each thousand of them. `mark_warned` those who were written to.
    """
    rules = LetterRules.objects.first() or LetterRules()
    soon = TierStanding.objects.filter(
        falls_on__gt=day, falls_on__lte=day + timedelta(days=rules.falling_days), client__erased_at=None
    ).filter(Q(warned_of=None) | ~Q(warned_of=F("falls_on")))
    programs = CashbackProgram.objects.filter(enabled=True)
    names = {program.pk: program for program in programs}
    for program, stairs in stairs_of(programs).items():
        if is_running(names[program], day):
            yield from _warnings(names[program].name, stairs, soon.filter(program=program), day, house)


def _warnings(name: str, stairs: Stairs, soon: object, day: date, house: House) -> Iterator[FallAhead]:
    last = 0
    while rows := list(soon.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):  # type: ignore[attr-defined]
        last = rows[-1].pk
        clients = [row.client_id for row in rows]
        counted = counted_for(stairs, clients, today=day, zone=house.zone)
        for row in rows:
            ahead = _ahead(name, stairs, row, counted[row.client_id], day)
            if ahead is not None:
                yield ahead


def _ahead(name: str, stairs: Stairs, row: TierStanding, counted: Counted, day: date) -> FallAhead | None:
    _passed, coming = come_to([Fall(*one) for one in falls_of(row.falls)], day)
    rung = next((one for one in stairs.rungs if one.id == row.tier_id), None)
    if rung is None or not coming:
        return None
    missing = missing_for(rung, coming[0], stairs.rungs, counted)
    return FallAhead(
        client=row.client_id,
        standing=row.pk,
        program=name,
        tier=rung.name,
        falls_on=missing.on,
        keeps_by=missing.keeps_by,
        missing=missing.missing,
        lower=missing.to.name if missing.to is not None else "",
    )


def mark_warned(told: Iterable[FallAhead]) -> None:
    """They know of this fall. Should it move to another day, they are warned again."""
    by_day: dict[date, list[int]] = {}
    for one in told:
        by_day.setdefault(one.falls_on, []).append(one.standing)
    for falls_on, rows in by_day.items():
        TierStanding.objects.filter(pk__in=rows, falls_on=falls_on).update(warned_of=falls_on)
