"""Cashback: rungs that go down, rungs that nobody comes to, caps below the step of the house. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from loyalty.discounts.rules import LadderStep
from loyalty.explanations import show_day, show_percent
from loyalty.findings import Finding
from loyalty.linter.deals import gives_nothing, nothing_on_sale
from loyalty.linter.programs import WHOLE, WHOLE_WEEK, Cashback, Deal, Kind, Programs, is_over
from loyalty.linter.words import quoted
from loyalty.money import Money
from loyalty.tiers import Rung


def ladders(programs: Programs) -> Iterable[Finding]:
    """Every cashback program that is not over, and the steps of cumulative discounts."""
    free = [(deal, start) for deal in programs.live_deals if (start := _free_from(deal, programs)) is not None]
    for one in programs.cashback:
        if is_over(one.program, programs.known):
            continue
        if one.rules is None:
            text = _("%(name)s has no tiers: nobody earns from it. Add one, or switch it off.")
            yield one.program.grave("no_steps", text % {"name": one.program.name})
            continue
        yield from _rungs(one, one.rules.rungs, free, programs)
        yield from _services(one, programs)
        yield from _caps(one, programs)
        yield from _multipliers(one, programs)
    for deal in programs.live_deals:
        yield from _steps(deal, programs)


# --- rungs ----------------------------------------------------------------------------------------------------------


def _rungs(
    one: Cashback, rungs: Sequence[Rung], free: Sequence[tuple[Deal, Money]], programs: Programs
) -> Iterable[Finding]:
    rungs = sorted(rungs, key=lambda rung: rung.from_spent)
    if not any(rung.percent for rung in rungs):
        yield gives_nothing(one.program)
        return
    show = programs.house.currency.number
    for below, rung in pairwise(rungs):
        if rung.percent < below.percent:
            text = _(
                "%(name)s: the tier %(tier)s from %(spent)s gives %(percent)s, less than the %(more)s of %(below)s "
                "below it, so whoever climbs to it loses. Raise it, or lower the one below."
            )
            facts = {"tier": quoted(rung.name), "below": quoted(below.name), "spent": show(rung.from_spent)}
            facts |= {"percent": show_percent(rung.percent), "more": show_percent(below.percent)}
            yield one.program.grave("tier_falls", text % {"name": one.program.name, **facts})
    for rung in rungs:
        stops = [(deal, start) for deal, start in free if start < rung.from_spent]
        if stops:
            yield _unreachable(one, rung, *min(stops, key=lambda stop: stop[1]), programs)
            return  # those above it are no nearer


def _unreachable(one: Cashback, rung: Rung, deal: Deal, start: Money, programs: Programs) -> Finding:
    show = programs.house.currency.number
    facts = {"name": one.program.name, "discount": deal.program.name, "tier": quoted(rung.name)}
    facts |= {"start": show(start), "spent": show(rung.from_spent)}
    if start:
        text = _(
            "From %(start)s spent on, %(discount)s makes everything free: what a client has spent stops growing "
            "before the tier %(tier)s of %(name)s at %(spent)s. Lower the threshold, or limit the discount."
        )
    else:
        text = _(
            "%(discount)s makes everything free for everybody: nobody spends anything, so nobody comes to the tier "
            "%(tier)s of %(name)s at %(spent)s. Limit the discount."
        )
    return one.program.grave("unreachable", text % facts, deal.program.where)


def _free_from(deal: Deal, programs: Programs) -> Money | None:
    """From which total spent everything on the price list is free for whoever has spent it; None: it never is."""
    rule = deal.rule
    asks = (rule.client, rule.tier, rule.card, rule.places, rule.most, rule.min_check, rule.to_day)
    begins_later = rule.from_day is not None and rule.from_day > programs.known.today
    partly = not programs.house.services or len(programs.services_of(rule.scope)) < len(programs.house.services)
    if deal.code is not None or any(asks) or begins_later or partly or deal.program.week != WHOLE_WEEK:
        return None
    audience = _spent_by_audience(deal, programs)
    if rule.kind == Kind.CUMULATIVE and audience is not None:
        whole = _last_steps_of(rule.steps)
        return None if whole is None else max(audience, whole)
    return audience if rule.kind == Kind.PERMANENT and rule.percent == WHOLE else None


def _last_steps_of(steps: Sequence[LadderStep]) -> Money | None:
    """From which sum on all steps are 100 %."""
    start = None
    for step in sorted(steps, key=lambda step: -step.from_spent):
        if step.percent != WHOLE:
            break
        start = step.from_spent
    return start


def _spent_by_audience(deal: Deal, programs: Programs) -> Money | None:
    """From which total spent somebody is in the segment, if that is all that it asks; 0 for everybody."""
    if deal.rule.segment is None:
        return Money(0)
    segment = programs.house.segments.get(deal.rule.segment)
    if segment is None:
        return None
    limits = (segment.last_visit_days_min, segment.last_visit_days_max, segment.visits_max, segment.spent_max)
    figures = (segment.visits_min, segment.balance_min, segment.rfm)
    facts = (segment.tier, segment.birthday_month, segment.tag, segment.location, segment.service, segment.further)
    asks = segment.is_static or any(figures) or any(facts) or any(limit is not None for limit in limits)
    return None if asks else Money(segment.spent_min or 0)


def _steps(deal: Deal, programs: Programs) -> Iterable[Finding]:
    """A cumulative discount that gives less to whoever has spent more."""
    steps = sorted(deal.rule.steps, key=lambda step: step.from_spent)
    show = programs.house.currency.number
    for below, step in pairwise(steps):
        if step.percent < below.percent:
            text = _(
                "%(name)s gives %(percent)s from %(spent)s, less than the %(more)s from %(before)s: whoever spends "
                "more loses. Raise it, or lower the one below."
            )
            facts = {"spent": show(step.from_spent), "before": show(below.from_spent)}
            facts |= {"percent": show_percent(step.percent), "more": show_percent(below.percent)}
            yield deal.program.grave("tier_falls", text % {"name": deal.program.name, **facts})


# --- what else ------------------------------------------------------------------------------------------------------


def _services(one: Cashback, programs: Programs) -> Iterable[Finding]:
    """Without services named, what is no service (a membership) may earn still."""
    scope, house = one.program.scope, programs.house
    if not scope.named or not house.services:
        return
    covered = programs.services_of(scope)
    if not covered:
        yield nothing_on_sale(one.program)
    elif not any(house.services[code].earns for code in covered):
        text = _(
            "Nothing that %(name)s is for earns bonuses, so it gives none. "
            "Let these services earn on the price list, or choose others."
        )
        yield one.program.grave("nothing_earns", text % {"name": one.program.name})


def _caps(one: Cashback, programs: Programs) -> Iterable[Finding]:
    assert one.rules is not None
    caps = (one.rules.caps.check, one.rules.caps.day, one.rules.caps.month)
    least = min((cap for cap in caps if cap is not None), default=None)
    step = programs.house.bonus_step
    if least is not None and least < step:
        show = programs.house.currency.number
        text = _(
            "%(name)s gives at most %(cap)s, less than the %(step)s in which bonuses are counted: it gives none. "
            "Raise the cap."
        )
        yield one.program.grave(
            "cap_below_step", text % {"name": one.program.name, "cap": show(least), "step": show(step)}
        )


def _multipliers(one: Cashback, programs: Programs) -> Iterable[Finding]:
    """A multiplier is over like a program."""
    assert one.rules is not None
    for multiplier in one.rules.multipliers:
        if multiplier.to_day is not None and multiplier.to_day < programs.known.today:
            text = _("A multiplier of %(name)s ended on %(day)s. Give it new dates, or take it away.")
            facts = {"name": one.program.name, "day": show_day(multiplier.to_day)}
            yield one.program.note("multiplier_ended", text % facts)
