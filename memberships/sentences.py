"""What a plan is, in words, and what a session comes to. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin.sentences import amount, days, listed, months, quoted
from loyalty.money import Currency, Money
from memberships.models import Plan, RefundBy


def plan(one: Plan, services: Sequence[tuple[str, Money]], currency: Currency) -> list[str]:
    """ "5 sessions of “Training session” for 90.00." `services`: name and list price of what it covers."""
    if not services or not one.sessions or one.price is None:
        return [*_off(one), _("Choose what it covers.")]
    return [
        *_off(one),
        _("%(sessions)s of %(services)s for %(price)s.")
        % {
            "sessions": ngettext("%(count)d session", "%(count)d sessions", one.sessions) % {"count": one.sessions},
            "services": listed([quoted(name) for name, _price in services]),
            "price": amount(one.price, currency),
        },
        _validity(one),
        *_freeze(one),
        *_refund(one, services[0], currency),
        *_saving(one, services[0], currency),
    ]


def _off(one: Plan) -> list[str]:
    return [] if one.enabled else [_("Not on sale. Memberships that were sold can still be used.")]


def _validity(one: Plan) -> str:
    if one.valid_days:
        return _("They can be used for %(time)s from the sale.") % {"time": days(one.valid_days)}
    if one.valid_months:
        return _("They can be used for %(time)s from the sale.") % {"time": months(one.valid_months)}
    return _("They never end.")


def _freeze(one: Plan) -> list[str]:
    if not one.freeze_days:
        return []
    return [_("It can be frozen for %(time)s in all.") % {"time": days(one.freeze_days)}]


def _refund(one: Plan, service: tuple[str, Money], currency: Currency) -> list[str]:
    """What comes back of it, by the example of one used session."""
    name, price = service
    if one.refund == RefundBy.NONE:
        return [_("It cannot be returned.")]
    if one.refund == RefundBy.USED:
        rest = amount(Money(max(one.price - price, 0)), currency)
        text = _("Returned after one “%(name)s”, it brings back %(rest)s: its price less used sessions at list price.")
        return [text % {"name": name, "rest": rest}]
    rest = amount(Money(one.price * (one.sessions - 1) // one.sessions), currency)
    return [_("Returned after one session, it brings back %(rest)s: its price for the sessions left.") % {"rest": rest}]


def _saving(one: Plan, service: tuple[str, Money], currency: Currency) -> list[str]:
    """Per session, beside the list price; the client sees whether the plan is cheaper."""
    each = Money(one.price // one.sessions)
    facts = {"each": amount(each, currency), "single": amount(service[1], currency), "name": service[0]}
    if each >= service[1]:
        return [_("A session comes to %(each)s; a single “%(name)s” costs %(single)s, so nobody saves.") % facts]
    return [_("Example: a session comes to %(each)s instead of %(single)s.") % facts]
