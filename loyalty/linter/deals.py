"""Discounts and promo codes, each for itself: what they are for, what they give, whether a code can be typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.explanations import show_percent
from loyalty.findings import Finding
from loyalty.linter.never import odd_for_newcomers, odd_hours
from loyalty.linter.programs import WHOLE_WEEK, Deal, Kind, Program, Programs
from loyalty.linter.words import quoted
from loyalty.scope import Scope

ZERO_PERCENT = Decimal(0)


def deals(programs: Programs) -> Iterable[Finding]:
    """Every discount and promo code in turn; of those that are over nothing more is told."""
    for deal in programs.live_deals:
        yield from _services(deal, programs)
        yield from _gives(deal, programs)
        yield from odd_hours(deal.program)
        if deal.rule.kind == Kind.HOURS and deal.program.week == WHOLE_WEEK:
            text = _("%(name)s has neither weekdays nor hours: it acts all week. Say when.")
            yield deal.program.note("always_happy", text % {"name": deal.program.name})
        if deal.code is not None:
            segment = programs.segment_of(deal.program)
            yield from odd_for_newcomers(deal.program, segment, new_clients_only=deal.code.new_clients_only)
            yield from _codes(deal)


# --- of what --------------------------------------------------------------------------------------------------------


def _services(deal: Deal, programs: Programs) -> Iterable[Finding]:
    """Without a price list nothing is told: the first page says that nothing can be sold."""
    if not programs.house.services:
        return
    if deal.rule.kind == Kind.BUNDLE:
        yield from _bundle(deal, programs)
    elif not programs.services_of(deal.program.scope):
        yield nothing_on_sale(deal.program)
    elif deal.rule.kind == Kind.DELIVERY and deal.rule.min_check:
        yield from _delivery(deal, programs)


def nothing_on_sale(program: Program) -> Finding:
    text = _(
        "%(name)s is for services that are not on sale, or excludes all that it is for: it never acts. "
        "Choose other services, or switch it off."
    )
    return program.grave("nothing_on_sale", text % {"name": program.name})


def _bundle(deal: Deal, programs: Programs) -> Iterable[Finding]:
    name, excluded = deal.program.name, deal.program.scope.excluded
    if not deal.rule.services:
        text = _("%(name)s names no services, so no check has them all: it never acts. Choose its services.")
        yield deal.program.grave("nothing_on_sale", text % {"name": name})
        return
    gone = [part for part in deal.rule.services if not programs.services_of(Scope(frozenset({part}), excluded))]
    if gone:
        text = _(
            "%(name)s is for services together, but %(part)s is not on sale or is excluded: it is never complete. "
            "Choose its services again, or switch it off."
        )
        yield deal.program.grave("never_complete", text % {"name": name, "part": quoted(gone[0])})


def _delivery(deal: Deal, programs: Programs) -> Iterable[Finding]:
    if len(programs.services_of(deal.program.scope)) == len(programs.house.services):
        text = _(
            "%(name)s asks what the other services come to, but it is for all of them: no other is left, so it never "
            "acts. Choose the services that it makes cheaper."
        )
        yield deal.program.grave("nothing_else", text % {"name": deal.program.name})


# --- how much -------------------------------------------------------------------------------------------------------


def _gives(deal: Deal, programs: Programs) -> Iterable[Finding]:
    rule, facts = deal.rule, {"name": deal.program.name}
    percents = [step.percent for step in rule.steps] if rule.kind == Kind.CUMULATIVE else [rule.percent]
    if not percents:
        yield no_steps(deal.program)
    elif all(percent is not None and not percent for percent in percents):
        yield gives_nothing(deal.program)
    if rule.amount is not None and rule.most is not None and rule.most < rule.amount:
        show = programs.house.currency.number
        text = _("%(name)s takes %(amount)s off, but at most %(most)s: it never takes more. Drop one of the two.")
        yield deal.program.note("capped_amount", text % {**facts, "amount": show(rule.amount), "most": show(rule.most)})


def no_steps(program: Program) -> Finding:
    text = _("%(name)s has no steps: nobody gets anything from it. Add one.")
    return program.grave("no_steps", text % {"name": program.name})


def gives_nothing(program: Program) -> Finding:
    text = _("%(name)s gives %(percent)s, which is nothing. Let it give more, or switch it off.")
    return program.grave("gives_nothing", text % {"name": program.name, "percent": show_percent(ZERO_PERCENT)})


# --- promo codes ----------------------------------------------------------------------------------------------------


def _codes(deal: Deal) -> Iterable[Finding]:
    codes, facts = deal.codes, {"name": deal.program.name}
    assert deal.code is not None
    if codes.in_work:
        return
    if deal.code.is_batch and not codes.made:
        text = _("No codes have been made for %(name)s: there is nothing to type. Make some, or switch it off.")
        yield deal.program.grave("no_codes", text % facts)
    elif codes.made and not codes.left:
        if deal.code.is_batch:
            text = _("All codes of %(name)s have been used: nobody can use it any more. Make more, or switch it off.")
        else:
            text = _("%(name)s has been used up: nobody can use it any more. Raise its limit, or switch it off.")
        yield deal.program.note("used_up", text % facts)
