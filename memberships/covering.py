"""Memberships cover whole units of the lines that their plan covers, before any discount (`domain.md` 4.2).

The membership that ends soonest is used first (or those that were named, in the order named), on lines in their
order; one session a unit. A covered unit costs nothing and earns nothing. A unit that costs nothing needs none.

Worked example: three sessions of 20.00, two sessions left: two are covered, the third is 20.00.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.ledger import Stock
from loyalty.money import Money
from loyalty.pricing import Bill, Idle, Line, Note, Step
from memberships.plans import PlanRule


class MembershipNotApplicable(Refusal):
    """A membership that was named cannot be used on this check."""

    code = "membership_not_applicable"


@dataclass(frozen=True, slots=True)
class Held:
    """A membership with sessions left. `field` is its place in the input where it was named, else empty."""

    id: int
    plan: PlanRule
    lot: Stock
    field: str = ""

    def covers(self, line: Line) -> bool:
        return line.is_service and line.service_id in self.plan.services


@dataclass(frozen=True, slots=True)
class Use:
    """So many units of a line that a membership covers."""

    held: Held
    line: int
    units: int


@dataclass(frozen=True, slots=True)
class Covering(Idle):
    """The step of memberships."""

    held: tuple[Held, ...]

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        uses: list[Use] = []
        for held in self.held:
            self._refuse_useless(held, bill)
            taken = list(_uses(held, bill))
            bill = _covered(bill, taken).noted(*_notes(held, taken, bill))
            uses += taken
        return bill.planned("memberships", tuple(uses))

    def _refuse_useless(self, held: Held, bill: Bill) -> None:
        if held.field and not any(held.covers(line) for line in bill.lines):
            message = _("The membership “%(name)s” covers nothing on this check.") % {"name": held.plan.name}
            raise MembershipNotApplicable(message, field=held.field)


def _uses(held: Held, bill: Bill) -> list[Use]:
    left = int(held.lot.remaining)
    uses = []
    for line in bill.lines:
        units = min(left, line.paid_units) if held.covers(line) and line.price else 0
        if units:
            uses.append(Use(held, line.number, units))
            left -= units
    return uses


def _covered(bill: Bill, uses: Sequence[Use]) -> Bill:
    units = {use.line: use.units for use in uses}
    return bill.with_lines(
        replace(
            line,
            covered=line.covered + units[line.number],
            membership=line.membership + line.price.times(units[line.number]),
        )
        for line in bill.lines
        if line.number in units
    )


def _notes(held: Held, uses: Sequence[Use], bill: Bill) -> list[Note]:
    """What it covered of each line; or why nothing, if there was something for it to cover."""
    name, code = held.plan.name, held.plan.code
    lines = {line.number: line for line in bill.lines}
    left = int(held.lot.remaining)
    notes = []
    for use in uses:
        left -= use.units
        line = lines[use.line]
        facts = {"name": name, "units": use.units, "service": line.name, "left": left}
        notes.append(Note("membership", code, "membership.covered", line.price.times(use.units), facts))
    if not uses and any(line.is_service for line in bill.lines):
        why = "not_needed" if any(held.covers(line) for line in bill.lines) else "covers_nothing"
        notes.append(Note("membership", code, f"membership.{why}", Money(0), {"name": name, "left": left}))
    return notes
