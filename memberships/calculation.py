"""The calculation of a refund, to be printed: what was bought and paid, used, missed, passed on, and what comes back.

Before it is done each formula is worked out beside the one that the membership was sold with, for whoever decides to be
kinder than it. Afterwards the sheet shows what was given back, with the words of the refund itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.refusals import Refusal
from loyalty.checkout import explain_refund
from loyalty.house import House
from loyalty.ledger import stock
from loyalty.models import Entry, Refund, VisitLine
from loyalty.money import Money, total
from memberships import returning, story
from memberships.formulas import NothingLeftOfMembership, Sold
from memberships.models import Change, Membership, RefundBy
from memberships.no_shows import NoShow, no_shows_of
from memberships.story import Told, Use


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes back by one formula; `steps` are the figures line by line, `why_not` says why nothing does."""

    formula: str
    name: str
    is_own: bool
    steps: Sequence[tuple[str, Money]]
    comes_back: Money
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is on the paper. `bought` None: any number of sessions."""

    line: VisitLine | None
    bought: int | None
    price: Money
    """What was paid for it at the sale, what was credited among it."""
    left: int | None
    uses: Sequence[Use]
    missed: Sequence[NoShow]
    passed_on: Sequence[Told]
    outcomes: Sequence[Outcome]
    refund: Refund | None
    """That brought it back already."""
    refunded: Money
    reasons: Sequence[str]
    """The words of that refund."""

    @property
    def used(self) -> int:
        return sum(use.units for use in self.uses)

    @property
    def used_at_list(self) -> Money:
        return total(use.total for use in self.uses)

    @property
    def missed_at_list(self) -> Money:
        return total(one.price for one in self.missed)


def calculation(membership: Membership, house: House, *, now: datetime) -> Sheet:
    """The sheet of this membership as it is now. `sold_on` must be joined."""
    line = membership.sold_on
    changes = story.changes_of(membership, house)
    passed_on = [told for told in changes if _has_gone(told.change)]
    gone = [_gone(told) for told in passed_on]
    lots = [stock(lot) for lot in returning.lots_of_the_sale(Q(account=membership.pk))]
    back = line.refunds.select_related("refund").first() if line is not None else None
    is_endless = membership.sessions is None
    living = [lot for lot in lots if not lot.has_ended(house.day(now))]
    return Sheet(
        line=line,
        bought=None if membership.sessions is None else membership.sessions + sum(count for count, _paid in gone),
        price=membership.paid + total(paid for _count, paid in gone),
        left=None if is_endless else int(total(lot.remaining for lot in living)),
        uses=story.uses_of(membership),
        missed=[one for one in no_shows_of(membership) if not one.is_back],
        passed_on=passed_on,
        outcomes=_outcomes(membership, line, house, house.day(now)) if line is not None and back is None else [],
        refund=back.refund if back is not None else None,
        refunded=back.to_pay if back is not None else Money(0),
        reasons=_reasons(back.refund, line, house) if back is not None and line is not None else [],
    )


def _has_gone(change: Change) -> bool:
    """Whether something of the membership went with it: not with an upgrade that came back."""
    if change.kind != Change.Kind.UPGRADED:
        return change.kind == Change.Kind.TRANSFERRED
    return not Entry.objects.filter(account=change.membership_id, operation__startswith=f"{change.operation}:").exists()


def _gone(told: Told) -> tuple[int, Money]:
    """Sessions that the membership stands for no more, and what was paid for them."""
    facts = told.change.facts
    if told.change.kind == Change.Kind.TRANSFERRED:
        return (facts["sessions"] or 0, Money(facts["paid"]))
    return (facts["part"] if facts["sessions"] else 0, Money(facts["worth"]))


def _reasons(refund: Refund, line: VisitLine, house: House) -> list[str]:
    told = explain_refund(refund, house.currency)
    return [one.text for one in told if one.stage == "membership" and one.rule == line.code]


# --- what would come back --------------------------------------------------------------------------------------------


def _outcomes(membership: Membership, line: VisitLine, house: House, today: date) -> list[Outcome]:
    """Its own formula first, then the others."""
    order = sorted(RefundBy.values, key=lambda formula: formula != membership.refund)
    try:
        returning.returnable(line, today)
        bar = ""
    except NothingLeftOfMembership as refusal:
        bar = str(refusal)
    return [_outcome(membership, line, formula, house, today, bar) for formula in order]


def _outcome(  # a membership, a formula, and what keeps it from coming back at all
    membership: Membership, line: VisitLine, formula: str, house: House, today: date, bar: str
) -> Outcome:
    is_own = formula == membership.refund
    lots = [stock(lot) for lot in returning.lots_of_the_sale(Q(account=membership.pk))]
    state = returning.as_sold(membership, line, lots, today, formula)
    name = str(RefundBy(formula).label)
    try:
        if (is_own or formula == RefundBy.NONE) and bar:
            raise NothingLeftOfMembership(bar)
        comes_back = state.comes_back
    except Refusal as refusal:
        why_not = str(refusal) if is_own or bar else ""  # a comparison is about a sale that was not
        return Outcome(formula, name, is_own, _paid(state), Money(0), why_not)
    return Outcome(formula, name, is_own, [*_paid(state), *_steps(state, comes_back)], comes_back)


def _paid(state: Sold) -> list[tuple[str, Money]]:
    if state.sessions is None:
        return [(_("Paid for any number of sessions"), state.paid)]
    text = ngettext("Paid for %(count)d session", "Paid for %(count)d sessions", state.sessions)
    return [(text % {"count": state.sessions}, state.paid)]


def _steps(state: Sold, comes_back: Money) -> list[tuple[str, Money]]:
    """How it is worked out."""
    steps: list[tuple[str, Money]] = []
    if state.formula == RefundBy.USED:
        steps += [
            (_("%(units)d x %(service)s at list price") % {"units": use.units, "service": use.service or "—"}, -worth)
            for use in state.used
            if (worth := use.price.times(use.units))
        ]
    else:
        part, whole = state.share
        said = {"part": part, "whole": whole}
        if state.sessions is None:
            text = _("%(part)d of %(whole)d days are left") % said
        else:
            text = _("%(part)d of %(whole)d sessions are left") % said
        steps.append((text, state.stands_for))
    if comes_back < state.stands_for:
        steps.append((_("At most what was paid in money comes back"), comes_back))
    return steps
