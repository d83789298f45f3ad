"""Cashback: a share of what a check really brought in comes back as bonuses, by the rung that the client stands on.

The rung is the one before the check; what the check adds counts for the next. Several programs may run: a client
gets each of them, on the same base, each rounded down once to the house's bonus step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.basket import Basket
from loyalty.explanations import show_limit, show_percent
from loyalty.house import House
from loyalty.ledger import Movement
from loyalty.mechanics import Mechanic, Person, Reversal, Sale, Scene
from loyalty.models import CashbackProgram, CashbackTier, Standing, TierStanding
from loyalty.money import Money, down
from loyalty.periods import is_running
from loyalty.pricing import Bill, Earning, Idle, Note, Step, Tier
from loyalty.terms import Terms
from loyalty.tiers import Rung, next_after, reached, spent_within


@dataclass(frozen=True, slots=True)
class Cumulative:
    """One cashback program with its rungs."""

    id: int
    code: str
    name: str
    window_days: int | None
    from_day: date | None
    to_day: date | None
    rungs: tuple[Rung, ...]
    terms: Terms

    def rung_of(self, person: Person) -> Rung | None:
        """The rung the client stands on: the one on record, else the one that all their spending reaches.

        Where the owner has taken the one on record away, it is the rung that its threshold reaches, until the night.
        """
        held = person.tiers.get(self.id)
        if held is None:
            return reached(self.rungs, person.total_spent if self.window_days is None else 0)
        on_record = next((rung for rung in self.rungs if rung.id == held.tier), None)
        return on_record or reached(self.rungs, held.from_spent)


@dataclass(frozen=True, slots=True)
class CashbackStep(Idle):
    """Earns cashback on the base of the check."""

    programs: tuple[Cumulative, ...]
    person: Person
    step: Money

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        for program in self.programs:
            bill = self._earn(bill, program)
        return bill

    def _earn(self, bill: Bill, program: Cumulative) -> Bill:
        rung = program.rung_of(self.person)
        if rung is None:
            return bill.noted(Note("earning", program.code, "cashback.no_tier", facts={"name": program.name}))
        if bill.tier is None:
            bill = replace(bill, tier=Tier(rung.name, rung.percent))
        if not bill.base:
            return bill.noted(Note("earning", program.code, "cashback.nothing_paid", facts={"name": program.name}))
        amount = down(bill.base, rung.percent, self.step)
        facts = {"name": program.name, "tier": rung.name, "percent": rung.percent, "base": bill.base}
        bill = bill.noted(Note("earning", program.code, "cashback.earned", amount, facts))
        return bill.earning(Earning("cashback", program.code, program.name, amount, rung.percent)) if amount else bill


class Cashback(Mechanic):
    """Cumulative cashback programs."""

    code = "cashback"
    explanations: ClassVar[Mapping[str, Any]] = {
        "cashback.earned": _("%(name)s, %(tier)s: %(percent)s of %(base)s, %(amount)s bonuses."),
        "cashback.nothing_paid": _("%(name)s: nothing on this check was paid with money, so it earns nothing."),
        "cashback.no_tier": _("%(name)s: the client has not reached the first tier."),
    }

    def rules(self, house: House) -> tuple[Cumulative, ...]:
        rungs: dict[int, list[Rung]] = {}
        programs: dict[int, CashbackProgram] = {}
        for tier in CashbackTier.objects.filter(enabled=True, program__enabled=True).select_related("program"):
            rungs.setdefault(tier.program_id, []).append(Rung(tier.pk, tier.name, tier.from_spent, tier.percent))
            programs[tier.program_id] = tier.program
        return tuple(
            Cumulative(
                id=row.pk,
                code=row.code,
                name=row.name,
                window_days=row.window_days,
                from_day=row.from_day,
                to_day=row.to_day,
                rungs=tuple(rungs[row.pk]),
                terms=Terms.of(row),
            )
            for row in sorted(programs.values(), key=lambda row: (row.priority, row.code))
        )

    def ranks(self, rules: tuple[Cumulative, ...], person: Person, today: date) -> Iterable[str]:
        rungs = (program.rung_of(person) for program in rules if is_running(program, today))
        return [rung.name for rung in rungs if rung is not None]

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        if scene.person is None:
            return Idle()
        return CashbackStep(self._running(scene), scene.person, scene.house.bonus_step)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        if sale.scene.person is not None:
            self._climb(sale, sale.scene.person)
        return sale.grants(self.code, {program.code: program.terms for program in sale.scene.rules[self.code]})

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        self._keep_until_the_night(reversal)
        return reversal.take_back_earned(self.code)

    def _keep_until_the_night(self, reversal: Reversal) -> None:
        """A rung that only the total says is put on record before the total falls: down goes only the night."""
        standing = Standing.objects.filter(pk=reversal.visit.client_id).first()
        if standing is None:
            return
        kept = []
        for program in self.rules(reversal.house):
            rung = reached(program.rungs, standing.total_spent)
            if program.window_days is None and rung is not None:
                kept.append(
                    TierStanding(client_id=standing.pk, program_id=program.id, tier_id=rung.id, since=reversal.today)
                )
        TierStanding.objects.bulk_create(kept, ignore_conflicts=True)

    def promises(self, house: House, rules: tuple[Cumulative, ...], today: date) -> Sequence[str]:
        return [_promise(program, house) for program in rules if is_running(program, today)]

    def _running(self, scene: Scene) -> tuple[Cumulative, ...]:
        return tuple(program for program in scene.rules[self.code] if is_running(program, scene.today))

    def _climb(self, sale: Sale, person: Person) -> None:
        """Up at once, for the next check. One statement, and none where nobody climbs."""
        programs = self._running(sale.scene)
        windows = [program.window_days for program in programs if program.window_days is not None]
        within = spent_within(person.id, windows, sale.scene.now)
        rises = []
        for program in programs:
            spent = within.get(program.window_days or 0, person.total_spent + sale.bill.spent)
            now_on, then_on = program.rung_of(person), reached(program.rungs, spent)
            if then_on is not None and (now_on is None or then_on.from_spent > now_on.from_spent):
                rises.append(
                    TierStanding(client_id=person.id, program_id=program.id, tier_id=then_on.id, since=sale.scene.today)
                )
        TierStanding.objects.bulk_create(
            rises, update_conflicts=True, unique_fields=["client", "program"], update_fields=["tier", "since"]
        )


def _promise(program: Cumulative, house: House) -> str:
    first, last = program.rungs[0], program.rungs[-1]
    facts = {
        "low": show_percent(first.percent),
        "high": show_percent(last.percent),
        "pay": show_limit(program.terms.limit_percent, program.terms.min_check, house.currency),
    }
    if first is last:
        return gettext("%(low)s of what you pay comes back as bonuses. They %(pay)s.") % facts
    return gettext("%(low)s of what you pay comes back as bonuses, up to %(high)s as you go on. They %(pay)s.") % facts


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a client stands in a program, for the balance page: the rung, the next one, and how far it is."""

    program: Cumulative
    rung: Rung | None
    next: Rung | None
    remaining: Money


def ladder(program: Cumulative, person: Person, spent: Money) -> Ladder:
    """How far it is to the next rung, from what counts for this program."""
    rung = program.rung_of(person)
    above = next_after(program.rungs, rung)
    return Ladder(program, rung, above, Money(max(0, above.from_spent - spent)) if above is not None else Money(0))
