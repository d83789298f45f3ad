"""What the owner should look at in plans that are on sale: what covers nothing, cannot be used, or saves nobody a cent.

Pure. Only what is certain is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from loyalty.findings import Finding, Severity, Where
from loyalty.house import House, Priced
from loyalty.linter.words import days, quoted, weekdays
from loyalty.money import Money, total
from memberships.models import RefundBy
from memberships.plans import PlanRule

WEEK = 7


def lint(house: House, plans: Mapping[int, PlanRule]) -> Iterable[Finding]:
    for plan in sorted(plans.values(), key=lambda plan: plan.code):
        if plan.on_sale:
            yield from _one(plan, house)


def _one(plan: PlanRule, house: House) -> Iterable[Finding]:
    covered = [one for one in house.services.values() if one.id in plan.services or one.category in plan.categories]
    facts = {"name": quoted(plan.name)}
    if not covered:
        text = _("%(name)s is for services that are not on sale: it covers nothing. Choose others, or switch it off.")
        yield _found(Severity.GRAVE, "plan_covers_nothing", plan, text % facts)
    if plan.places and not plan.places & house.places.keys():
        text = _("%(name)s is for locations that are closed: it can be used nowhere. Choose open ones, or none.")
        yield _found(Severity.GRAVE, "plan_nowhere", plan, text % facts)
    yield from _when(plan, facts)
    yield from _price(plan, covered, house)
    yield from _for_ever(plan, facts)


def _when(plan: PlanRule, facts: Mapping[str, str]) -> Iterable[Finding]:
    week = plan.week
    if week.from_time is not None and week.from_time == week.to_time:
        text = _("%(name)s is from %(time)s until %(time)s: that is a whole day. Give it another end, or no hours.")
        time = f"{week.from_time:%H:%M}"
        yield _found(Severity.NOTE, "plan_whole_day", plan, text % {**facts, "time": time})
    if plan.valid_days is not None and week.weekdays and _may_miss(plan.valid_days + 1, week.weekdays):
        text = _(
            "%(name)s is valid %(days)s and only on %(weekdays)s: sold on other days it can end before it can be used."
            " Make it valid longer."
        )
        said = {**facts, "days": days(plan.valid_days), "weekdays": weekdays(week)}
        yield _found(Severity.GRAVE, "plan_never_valid", plan, text % said)


def _may_miss(length: int, on: frozenset[int]) -> bool:
    """Whether so many days in a row can go by without one of these weekdays."""
    starts = range(WEEK)
    return any(not on & {(start + day) % WEEK for day in range(min(length, WEEK))} for start in starts)


def _price(plan: PlanRule, covered: list[Priced], house: House) -> Iterable[Finding]:
    """One by one, its sessions cost no more: nobody saves."""
    singly = _singly(plan, covered)
    if singly is None or plan.price <= singly:
        return
    show = house.currency.number
    text = _(
        "%(name)s costs %(price)s, its sessions one by one cost at most %(singly)s: nobody saves. Lower its price, or"
        " give more sessions."
    )
    facts = {"name": quoted(plan.name), "price": show(plan.price), "singly": show(singly)}
    yield _found(Severity.NOTE, "plan_dearer_than_list", plan, text % facts)


def _singly(plan: PlanRule, covered: list[Priced]) -> Money | None:
    """What its sessions cost at most at list price; None for any number."""
    if plan.counts:
        return total(one.price.times(plan.counts.get(one.id, 0)) for one in covered)
    if plan.sessions is None or not covered:
        return None
    return max(one.price for one in covered).times(plan.sessions)


def _for_ever(plan: PlanRule, facts: Mapping[str, str]) -> Iterable[Finding]:
    if plan.valid_days is not None or plan.valid_months is not None:
        return
    if plan.all_sessions is None and plan.refund == RefundBy.PROPORTIONAL:
        text = _(
            "%(name)s is for any number of sessions, for ever: once it was used there is no part of its price that"
            " could come back in proportion. Say how long it is valid, or another way of returning it."
        )
        yield _found(Severity.NOTE, "plan_without_measure", plan, text % facts)
    if plan.freeze_days:
        text = _("%(name)s never ends, so freezing it moves nothing. Say how long it is valid, or take freezing away.")
        yield _found(Severity.NOTE, "plan_freezes_nothing", plan, text % facts)


def _found(severity: Severity, rule: str, plan: PlanRule, text: str) -> Finding:
    return Finding(severity, rule, Where("memberships.plan", plan.id), text)
