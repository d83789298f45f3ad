"""Memberships cover whole units of the lines that their plan covers, before any discount (`domain.md` 4.2).

The membership that ends soonest is used first, the client's own before those of a family; or those that were named, in
the order named. Each takes lines in their order, one session a unit, from the count of the service where it has one of
its own, and no more than it may a day. A covered unit costs nothing and earns nothing. A unit that costs nothing needs
none.

Worked example: three sessions of 20.00, two sessions left: two are covered, the third is 20.00.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Refusal
from loyalty import ledger
from loyalty.events import Happened
from loyalty.explanations import show_day
from loyalty.ledger import Movement, Stock
from loyalty.mechanics import Sale
from loyalty.money import Money
from loyalty.pricing import Bill, Idle, Line, Note, Step
from memberships.plans import ENDLESS, PlanRule

EXPLANATIONS: Mapping[str, Any] = {
    "membership.covered": gettext_lazy("“%(name)s” covers %(units)s x %(service)s; sessions left: %(left)s."),
    "membership.covered_endless": gettext_lazy("“%(name)s” covers %(units)s x %(service)s; it is for any number."),
    "membership.not_needed": gettext_lazy("“%(name)s” was not needed; sessions left: %(left)s."),
    "membership.not_needed_endless": gettext_lazy("“%(name)s” was not needed; it is for any number of sessions."),
    "membership.covers_nothing": gettext_lazy("“%(name)s” covers nothing on this check; sessions left: %(left)s."),
    "membership.covers_nothing_endless": gettext_lazy("“%(name)s” covers nothing on this check."),
    "membership.count_used_up": gettext_lazy("“%(name)s” has no sessions left of what is on this check."),
    "membership.elsewhere": gettext_lazy("“%(name)s” is not for this location."),
    "membership.other_hours": gettext_lazy("“%(name)s” is not for this weekday and hour."),
    "membership.used_up_today": gettext_lazy("“%(name)s” is for %(per_day)s a day, and that was used today."),
    "membership.suspended": gettext_lazy("“%(name)s” is suspended: its last period was not paid."),
    "membership.being_changed": gettext_lazy(
        "“%(name)s” is being changed to another plan on this check: what is left of it is credited, so it covers"
        " nothing."
    ),
    "membership.not_begun": gettext_lazy("“%(name)s” begins on %(first_day)s."),
}


class MembershipNotApplicable(Refusal):
    """A membership that was named cannot be used on this check."""

    code = "membership_not_applicable"


@dataclass(frozen=True, slots=True)
class Pot:
    """A count of a membership: one lot. `service`: for this one alone."""

    lot: Stock
    service: int | None

    def fits(self, line: Line) -> bool:
        return self.service is None or self.service == line.service_id


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a membership cannot be used here and now: the code of a note without its stem, and its facts."""

    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A membership with sessions left, soonest to end first. `field` is its place in the input, where it was named."""

    id: int
    client: int
    """The holder."""
    plan: PlanRule
    pots: tuple[Pot, ...]
    waits: bool = False
    """Its first use begins it."""
    today: int | None = None
    """How many it may still cover today; None: there is no limit."""
    bar: Bar | None = None
    field: str = ""

    @property
    def is_endless(self) -> bool:
        return any(pot.lot.amount >= ENDLESS for pot in self.pots)

    @property
    def left(self) -> int:
        return sum(int(pot.lot.remaining) for pot in self.pots)


@dataclass(frozen=True, slots=True)
class Use:
    """So many units of a line that a membership covers out of one of its counts."""

    held: Held
    pot: Pot
    line: int
    units: int


@dataclass(frozen=True, slots=True)
class Covering(Idle):
    """The step of memberships."""

    held: tuple[Held, ...]

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        uses: list[Use] = []
        for held in self.held:
            refuse_useless(held, bill)
            taken = _uses(held, bill) if held.bar is None else []
            notes = _notes(held, taken, bill)
            bill = _covered(bill, taken).noted(*notes)
            uses += taken
        return bill.planned("memberships", tuple(uses))


def refuse_useless(held: Held, bill: Bill) -> None:
    """Raises `MembershipNotApplicable` for one that was named and cannot be used, with the reason."""
    if not held.field:
        return
    if not any(held.plan.covers(line) for line in bill.lines):
        message = _("The membership “%(name)s” covers nothing on this check.") % {"name": held.plan.name}
        raise MembershipNotApplicable(message, field=held.field)
    bar = held.bar or _no_count(held, bill)
    if bar is not None:
        text = str(EXPLANATIONS[f"membership.{bar.why}"])
        raise MembershipNotApplicable(text % {"name": held.plan.name, **_shown(bar.facts)}, field=held.field)


def _shown(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: show_day(value) if isinstance(value, date) else value for name, value in facts.items()}


def _no_count(held: Held, bill: Bill) -> Bar | None:
    """Of what it covers here, each has its own count, and nothing is left of that."""
    lines = [line for line in bill.lines if held.plan.covers(line)]
    is_left = any(pot.fits(line) for line in lines for pot in held.pots)
    return None if is_left or not lines else Bar("count_used_up")


def _uses(held: Held, bill: Bill) -> list[Use]:
    left = {pot.lot.id: int(pot.lot.remaining) for pot in held.pots}
    today = held.left if held.today is None else held.today
    uses = []
    for line in bill.lines:
        open_units = line.paid_units if held.plan.covers(line) and line.price else 0
        for pot in held.pots:
            units = min(left[pot.lot.id], open_units, today) if pot.fits(line) else 0
            if units:
                uses.append(Use(held, pot, line.number, units))
                left[pot.lot.id] -= units
                open_units -= units
                today -= units
    return uses


def _covered(bill: Bill, uses: Sequence[Use]) -> Bill:
    units: dict[int, int] = {}
    for use in uses:
        units[use.line] = units.get(use.line, 0) + use.units
    return bill.with_lines(
        replace(
            line,
            covered=line.covered + units[line.number],
            membership=line.membership + line.price.times(units[line.number]),
        )
        for line in bill.lines
        if line.number in units
    )


# --- saying it -------------------------------------------------------------------------------------------------------


def _notes(held: Held, uses: Sequence[Use], bill: Bill) -> list[Note]:
    """What it covered of each line; or why nothing, if there was something for it to cover."""
    if uses:
        return _told(held, uses, bill)
    if not any(line.is_service for line in bill.lines):
        return []
    if not any(held.plan.covers(line) for line in bill.lines):
        return [_idle(held, "covers_nothing")]
    bar = held.bar or _no_count(held, bill)
    if bar is None:
        return [_idle(held, "not_needed")]
    facts = {"name": held.plan.name, **bar.facts}
    return [Note("membership", held.plan.code, f"membership.{bar.why}", Money(0), facts)]


def _told(held: Held, uses: Sequence[Use], bill: Bill) -> list[Note]:
    """A note a line; `left` of the count that it was taken from."""
    lines = {line.number: line for line in bill.lines}
    left = {pot.lot.id: int(pot.lot.remaining) for pot in held.pots}
    notes: dict[int, Note] = {}
    for use in uses:
        line = lines[use.line]
        left[use.pot.lot.id] -= use.units
        units = use.units + (notes[line.number].facts["units"] if line.number in notes else 0)
        facts = {"name": held.plan.name, "units": units, "service": line.name}
        code = "membership.covered_endless"
        if not held.is_endless:
            code = "membership.covered"
            facts["left"] = sum(left[pot.lot.id] for pot in held.pots if pot.fits(line))
        notes[line.number] = Note("membership", held.plan.code, code, line.price.times(units), facts)
    return list(notes.values())


def _idle(held: Held, why: str) -> Note:
    if held.is_endless:
        return Note("membership", held.plan.code, f"membership.{why}_endless", Money(0), {"name": held.plan.name})
    facts = {"name": held.plan.name, "left": held.left}
    return Note("membership", held.plan.code, f"membership.{why}", Money(0), facts)


# --- when the check settles ------------------------------------------------------------------------------------------


def take(uses: Sequence[Use], sale: Sale) -> list[Movement]:
    """Take the sessions: an entry for each membership and line, so that a refund of the line finds its own."""
    sale.happened.extend(_happened(use, sale) for use in uses)
    return [
        ledger.spend(use.pot.lot, Money(use.units), sale.operation("memberships", f"use:{use.held.id}:{use.line}"))
        for use in uses
    ]


def _happened(use: Use, sale: Sale) -> Happened:
    """`membership.used`: by whom, of whose, and how many."""
    line = next(line for line in sale.bill.lines if line.number == use.line)
    person = sale.scene.person
    facts = {
        "membership": str(use.held.id),
        "plan": use.held.plan.code,
        "holder": str(use.held.client),
        "client": str(person.id) if person is not None else None,
        "visit": str(sale.visit),
        "line": use.line,
        "service": line.code,
        "sessions": use.units,
    }
    return Happened("membership.used", facts)
