"""Two discounts or promo codes at once: what meets on one check, what goes first, what is always outdone. Pure.

Two rules meet if some check of some client could have both, on one and the same service: their dates, weekdays and
hours overlap, and their locations, services and clients do. Only what excludes a meeting for certain is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from loyalty.audience import Segment
from loyalty.discounts.rules import Rule
from loyalty.findings import Finding
from loyalty.linter.dates import is_on_whenever, share_a_moment
from loyalty.linter.never import has_been_here
from loyalty.linter.programs import WHOLE, Deal, Kind, Programs
from loyalty.linter.words import some
from loyalty.money import Money

LOOKED_AT = 100
"""Of more rules than that nobody keeps the overview either; the first in order are compared."""


def pairs(programs: Programs) -> Iterable[Finding]:
    """Codes that add up, codes that are always outdone, and rules whose order is left to chance."""
    combinable = [deal for deal in programs.live_deals if deal.rule.combinable and deal.is_off_a_check]
    combinable = sorted(combinable, key=lambda deal: deal.order)[:LOOKED_AT]
    yield from _overlapping([deal for deal in combinable if deal.code is not None], programs)
    yield from _outdone(programs)
    yield from _equal(combinable, programs)


def _overlapping(codes: Sequence[Deal], programs: Programs) -> Iterable[Finding]:
    """Each pair is told once, with the code that goes first."""
    for i, code in enumerate(codes):
        others = [other for other in codes[i + 1 :] if meet(code, other, programs)]
        if others:
            text = _(
                "%(name)s and %(others)s can be used together on one check, and then all are taken off. "
                "If that is not meant, do not let them combine."
            )
            facts = {"name": code.program.name, "others": some(other.program.name for other in others)}
            yield code.program.note("overlap", text % facts, *(other.program.where for other in others))


def _equal(deals: Sequence[Deal], programs: Programs) -> Iterable[Finding]:
    for i, deal in enumerate(deals):
        same = [other for other in deals[i + 1 :] if other.rule.priority == deal.rule.priority]
        others = [other for other in same if meet(deal, other, programs)]
        if others:
            text = _(
                "%(name)s and %(others)s have the same priority, %(priority)d. On one check %(name)s goes first: "
                "percents go before amounts, then the code decides. Give them different priorities if you mean "
                "another order."
            )
            facts = {
                "name": deal.program.name,
                "others": some(other.program.name for other in others),
                "priority": deal.rule.priority,
            }
            yield deal.program.note("equal_priority", text % facts, *(other.program.where for other in others))


# --- what meets -----------------------------------------------------------------------------------------------------


def meet(one: Deal, other: Deal, programs: Programs) -> bool:
    """Whether a check could have both on the same service."""
    places, others = one.rule.places, other.rule.places
    return (
        not (places and others and not places & others)
        and _share_clients(one, other, programs)
        and bool(programs.services_of(one.rule.scope) & programs.services_of(other.rule.scope))
        and share_a_moment(one.program, other.program, programs.known.today, programs.house)
    )


def _share_clients(one: Deal, other: Deal, programs: Programs) -> bool:
    first, second = programs.segment_of(one.program), programs.segment_of(other.program)
    apart = (
        one.rule.client is not None and other.rule.client is not None and one.rule.client != other.rule.client,
        _is_new_only(one) and has_been_here(second),
        _is_new_only(other) and has_been_here(first),
        first is not None and second is not None and _exclude_each_other(first, second),
    )
    return not any(apart)


def _is_new_only(deal: Deal) -> bool:
    return deal.code is not None and deal.code.new_clients_only


def _exclude_each_other(one: Segment, other: Segment) -> bool:
    if one.is_static or other.is_static:
        return False
    months, classes = {one.birthday_month, other.birthday_month} - {None}, {one.rfm, other.rfm} - {""}
    return len(months) == 2 or len(classes) == 2 or _ends_before(one, other) or _ends_before(other, one)


def _ends_before(one: Segment, other: Segment) -> bool:
    """Whether whoever is in `one` came too lately, too seldom or for too little for `other`."""
    ranges = (
        (one.last_visit_days_max, other.last_visit_days_min),
        (one.visits_max, other.visits_min),
        (one.spent_max, other.spent_min),
    )
    return any(most is not None and least is not None and most < least for most, least in ranges)


# --- what is always outdone -----------------------------------------------------------------------------------------


def _outdone(programs: Programs) -> Iterable[Finding]:
    """An exclusive code that a discount for everybody, exclusive too, leaves no check to."""
    exclusive = [deal for deal in programs.live_deals if not deal.rule.combinable and deal.is_off_a_check]
    for_all = [deal for deal in exclusive if _is_for_everybody(deal)]
    for code in exclusive:
        if code.code is None:
            continue
        better = next((deal for deal in for_all if _outdoes(deal, code, programs)), None)
        if better is not None:
            text = _(
                "%(name)s is never used: %(discount)s takes as much off or more for everybody, and neither combines "
                "with others. Let the code give more, or let it combine."
            )
            facts = {"name": code.program.name, "discount": better.program.name}
            yield code.program.grave("outdone", text % facts, better.program.where)


def _is_for_everybody(deal: Deal) -> bool:
    rule = deal.rule
    asks = (rule.segment, rule.client, rule.tier, rule.card)
    return rule.kind == Kind.PERMANENT and not any(asks)


def _outdoes(discount: Deal, code: Deal, programs: Programs) -> bool:
    """Whether the discount takes off at least as much of every check that the code could be used on."""
    ours, theirs = discount.rule, code.rule
    everywhere = not ours.places or bool(theirs.places and theirs.places <= ours.places)
    wide = programs.services_of(theirs.scope) <= programs.services_of(ours.scope)
    return (
        everywhere
        and wide
        and ours.min_check <= theirs.min_check
        and is_on_whenever(discount.program, code.program, programs.known.today)
        and _gives_as_much(discount, code)
    )


def _gives_as_much(discount: Deal, code: Deal) -> bool:
    """Of equal discounts the one that comes first in order is taken."""
    ours, theirs = discount.rule, code.rule
    wins_ties = discount.order < code.order
    if ours.percent is None:
        return theirs.percent is None and wins_ties and _at_most(ours) >= _at_most(theirs)
    if not _reaches_as_far(ours.most, theirs.most, wins_ties=wins_ties):
        return False
    if theirs.percent is None:
        return ours.percent == WHOLE and wins_ties
    return ours.percent > theirs.percent or (ours.percent == theirs.percent and wins_ties)


def _reaches_as_far(ours: Money | None, theirs: Money | None, *, wins_ties: bool) -> bool:
    """Whether a cap lets as much through as another."""
    if ours is None:
        return True
    return theirs is not None and (ours > theirs or (ours == theirs and wins_ties))


def _at_most(rule: Rule) -> int:
    return min(int(one) for one in (rule.amount, rule.most) if one is not None)
