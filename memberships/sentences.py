"""What a plan is, in words, and what a session comes to. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin.sentences import amount, days, listed, months, quoted
from loyalty.admin.sentences_check_rules import hours_of
from loyalty.money import Currency, Money, total
from memberships import sentences_subscriptions
from memberships.models import Plan, RefundBy, Starts

Covered = tuple[str, Money]
"""Name and list price of a service."""


@dataclass(frozen=True, slots=True)
class Told:
    """A plan beside what its columns do not say: the counts of its services (0: none of its own), names of places."""

    plan: Plan
    services: Sequence[Covered]
    counts: Sequence[int]
    places: str
    currency: Currency

    @property
    def is_counted(self) -> bool:
        return any(self.counts)

    @property
    def sessions(self) -> int | None:
        return sum(self.counts) if self.is_counted else self.plan.sessions

    @property
    def price(self) -> Money:
        return self.plan.price

    def money(self, value: int) -> str:
        return amount(value, self.currency)


def plan(
    one: Plan, services: Sequence[Covered], currency: Currency, *, counts: Sequence[int] = (), places: str = ""
) -> list[str]:
    """ "5 sessions of “Training session” for 90.00." `services`: name and list price of what it covers."""
    if not (services or one.categories) or one.price is None:
        return [*_off(one), _("Choose what it covers.")]
    told = Told(one, services, list(counts) or [0] * len(services), places, currency)
    return [
        *_off(one),
        _what(told),
        _validity(one),
        *_limits(told),
        *_people(one),
        *sentences_subscriptions.told(one, currency),
        *_freeze(one),
        *_refund(told),
        *_saving(told),
    ]


def _off(one: Plan) -> list[str]:
    return [] if one.enabled else [_("Not on sale. Memberships that were sold can still be used.")]


def _what(told: Told) -> str:
    facts = {"price": told.money(told.price)}
    if told.is_counted:
        parts = [
            _("%(sessions)s of %(services)s") % {"sessions": _sessions(count), "services": quoted(name)}
            for (name, _price), count in zip(told.services, told.counts, strict=True)
        ]
        return _("%(what)s for %(price)s.") % {**facts, "what": listed(parts)}
    names = [quoted(name) for name, _price in told.services]
    names += [_("everything in “%(name)s”") % {"name": name} for name in told.plan.categories]
    facts["services"] = listed(names)
    if told.plan.sessions is None:
        return _("Any number of sessions of %(services)s for %(price)s.") % facts
    return _("%(sessions)s of %(services)s for %(price)s.") % {**facts, "sessions": _sessions(told.plan.sessions)}


def _sessions(count: int) -> str:
    return ngettext("%(count)d session", "%(count)d sessions", count) % {"count": count}


def _validity(one: Plan) -> str:
    time = days(one.valid_days) if one.valid_days else months(one.valid_months) if one.valid_months else ""
    if one.starts == Starts.FIRST_VISIT:
        text = _("They can be used for %(time)s from the first visit.") if time else _("They never end.")
    elif one.starts == Starts.DATE:
        text = (
            _("They can be used for %(time)s from the date that is said at the sale.")
            if time
            else _("They can be used from the date that is said at the sale, and never end.")
        )
    else:
        text = _("They can be used for %(time)s from the sale.") if time else _("They never end.")
    return text % {"time": time} if time else text


def _limits(told: Told) -> list[str]:
    said = []
    if told.places:
        said.append(_("Only at %(places)s.") % {"places": told.places})
    if hours := hours_of(told.plan):
        said.append(_("Only at these hours: %(hours)s.") % {"hours": hours})
    if told.plan.per_day:
        text = ngettext("At most %(count)d session a day.", "At most %(count)d sessions a day.", told.plan.per_day)
        said.append(text % {"count": told.plan.per_day})
    return said


def _people(one: Plan) -> list[str]:
    said = []
    if one.people > 1:
        text = ngettext(
            "The holder names %(count)d more person who may use it.",
            "The holder names up to %(count)d more people who may use it.",
            one.people - 1,
        )
        said.append(text % {"count": one.people - 1})
    if one.unnamed:
        said.append(_("Whoever comes with it may use it: the desk chooses it on the check."))
    if not one.transferable:
        said.append(_("It cannot be passed on to another client."))
    if not one.no_show:
        said.append(_("A missed appointment takes no session."))
    return said


def _freeze(one: Plan) -> list[str]:
    if not one.freeze_days:
        return []
    return [_("It can be frozen for %(time)s in all.") % {"time": days(one.freeze_days)}]


def _refund(told: Told) -> list[str]:
    """What comes back of it, by the example of one used session."""
    if told.plan.refund == RefundBy.NONE:
        return [_("It cannot be returned.")]
    if told.plan.refund == RefundBy.USED:
        if not told.services:
            return [_("Returned, it brings back its price less used sessions at list price.")]
        name, price = told.services[0]
        rest = told.money(max(told.price - price, 0))
        text = _("Returned after one “%(name)s”, it brings back %(rest)s: its price less used sessions at list price.")
        return [text % {"name": name, "rest": rest}]
    if told.sessions is None:
        return [_("Returned, it brings back its price for the days left.")]
    rest = told.money(told.price * (told.sessions - 1) // told.sessions)
    return [_("Returned after one session, it brings back %(rest)s: its price for the sessions left.") % {"rest": rest}]


def _saving(told: Told) -> list[str]:
    """Beside the list price; the client sees whether the plan is cheaper."""
    if told.is_counted:
        return [_all_singly(told)]
    if not told.services:
        return []
    name, single = told.services[0]
    facts = {"single": told.money(single), "name": name}
    if told.sessions is None:
        return _as_many(told, single, facts)
    each = Money(told.price // told.sessions)
    facts["each"] = told.money(each)
    if each >= single:
        return [_("A session comes to %(each)s; a single “%(name)s” costs %(single)s, so nobody saves.") % facts]
    return [_("Example: a session comes to %(each)s instead of %(single)s.") % facts]


def _all_singly(told: Told) -> str:
    prices = zip(told.services, told.counts, strict=True)
    singly = total(price.times(count) for (_name, price), count in prices)
    facts = {"price": told.money(told.price), "singly": told.money(singly)}
    if told.price >= singly:
        return _("One by one these sessions cost %(singly)s, so nobody saves.") % facts
    return _("Example: one by one these sessions cost %(singly)s instead of %(price)s.") % facts


def _as_many(told: Told, single: Money, facts: dict[str, str]) -> list[str]:
    if not single:
        return []
    count = -(-told.price // single)
    text = ngettext(
        "Example: %(count)d “%(name)s” at %(single)s costs as much or more.",
        "Example: %(count)d “%(name)s” at %(single)s cost as much or more.",
        count,
    )
    return [text % {**facts, "count": count}]
