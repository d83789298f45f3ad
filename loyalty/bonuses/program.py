"""A bonus program as plain values, loaded once and kept until a setting changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.models import BonusProgram
from loyalty.money import Money
from loyalty.terms import Terms

Trigger = BonusProgram.Trigger

ON_CHECKS = (Trigger.FIRST_CHECK, Trigger.NTH_VISIT, Trigger.CAMPAIGN, Trigger.SPENT)
AT_THE_MOMENT = (*ON_CHECKS, Trigger.REGISTRATION, Trigger.ACTION)
"""What is given when it happens; the others are the night's."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A bonus program that acts on checks, on joining or for an action."""

    id: int
    code: str
    name: str
    trigger: str
    amount: Money | None
    percent: Decimal | None
    nth: int | None
    reaches: Money | None
    once: bool
    repeat_days: int | None
    from_day: date | None
    to_day: date | None
    segment: int | None
    places: frozenset[str]
    """Codes of locations; none means everywhere."""
    budget: Money | None
    letter: int | None
    """The template of the letter to whoever gets it."""
    terms: Terms

    @property
    def is_on_checks(self) -> bool:
        return self.trigger in ON_CHECKS

    def is_at(self, place: str | None) -> bool:
        """Whether it acts at this location (None: at none that is known)."""
        return not self.places or place in self.places


def load_occasions() -> tuple[Occasion, ...]:
    """The programs that are on and give at the moment, the lower priority first. One query."""
    rows = BonusProgram.objects.filter(enabled=True, trigger__in=AT_THE_MOMENT)
    return tuple(occasion_of(row) for row in rows)


def occasion_of(row: BonusProgram) -> Occasion:
    """A stored program as the rules see it."""
    return Occasion(
        id=row.pk,
        code=row.code,
        name=row.name,
        trigger=row.trigger,
        amount=row.amount,
        percent=row.percent,
        nth=row.nth,
        reaches=row.reaches,
        once=row.once,
        repeat_days=row.repeat_days,
        from_day=row.from_day,
        to_day=row.to_day,
        segment=row.segment_id,
        places=frozenset(row.locations),
        budget=row.budget,
        letter=row.letter_id,
        terms=Terms.of(row),
    )
