"""What bonus programs give for a check, and why one that might have does not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loyalty.bonuses.past import MECHANIC, Past
from loyalty.bonuses.program import Occasion, Trigger
from loyalty.mechanics import Person
from loyalty.money import ZERO, Money, down
from loyalty.pricing import Bill, Earning, Idle, Note, Step


@dataclass(frozen=True, slots=True)
class Chance:
    """A program that may give something for this check."""

    occasion: Occasion
    why_not: str = ""
    """What keeps it from this client or place: "not_for", "elsewhere"."""
    left: Money | None = None
    """Of its budget; None: it has none."""


@dataclass(frozen=True, slots=True)
class OccasionStep(Idle):
    """Earns what the first check, the Nth visit, a campaign, or passing a sum brings."""

    chances: tuple[Chance, ...]
    person: Person
    past: Past
    step: Money

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        for chance in self.chances if bill.earns else ():
            if self._is_due(chance.occasion, bill):
                bill = self._give(chance, bill)
        return bill

    def _is_due(self, occasion: Occasion, bill: Bill) -> bool:
        if occasion.trigger == Trigger.NTH_VISIT:
            is_its_visit = bill.is_visit and self.person.visits + 1 == occasion.nth
            return is_its_visit and occasion.code not in self.past.given
        if occasion.trigger == Trigger.FIRST_CHECK:
            return bill.is_visit and bool(bill.base) and not self.past.has_paid
        if occasion.trigger == Trigger.SPENT:
            reaches, before = occasion.reaches or ZERO, self.person.total_spent
            return before < reaches <= before + bill.spent and occasion.code not in self.past.given
        return bool(bill.base)

    def _give(self, chance: Chance, bill: Bill) -> Bill:
        occasion = chance.occasion
        amount = self._amount(occasion, bill)
        if not amount:
            return bill
        if chance.why_not:
            return bill.noted(_note(occasion, chance.why_not))
        if chance.left is not None and amount > chance.left:
            left = "budget_left" if chance.left else "budget_used_up"
            return bill.noted(_note(occasion, left, left=chance.left, would_be=amount))
        bill = bill.earning(Earning(MECHANIC, occasion.code, occasion.name, amount, occasion.percent))
        if occasion.percent is None:
            return bill.noted(_note(occasion, "amount", amount))
        return bill.noted(_note(occasion, "percent", amount, percent=occasion.percent, base=bill.base))

    def _amount(self, occasion: Occasion, bill: Bill) -> Money:
        if occasion.percent is None:
            return occasion.amount or ZERO
        return down(bill.base, occasion.percent, self.step)


def _note(occasion: Occasion, code: str, amount: Money = ZERO, **facts: Any) -> Note:
    return Note("earning", occasion.code, f"occasion.{code}", amount, {"name": occasion.name, **facts})
