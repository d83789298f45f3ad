"""What a subscription and the privileges of a plan mean, in words. Pure: values in, sentences out."""

from __future__ import annotations

from django.utils.translation import gettext as _

from loyalty.admin.currency import shown_percent
from loyalty.admin.sentences import amount, days
from loyalty.money import Currency, Money, down, half_up
from memberships.models import Plan

EXAMPLE = 60
"""Of the currency's units: a check that shows what comes of it."""


def told(one: Plan, currency: Currency) -> list[str]:
    """A sentence for each: how it is renewed, what it takes off, what it earns; with an example."""
    return [*_renewal(one, currency), *_discount(one, currency), *_cashback(one, currency)]


def _renewal(one: Plan, currency: Currency) -> list[str]:
    if not one.renews:
        return []
    facts = {"price": amount(one.price, currency), "remind": days(one.remind_days), "grace": days(one.grace_days)}
    return [
        _("A subscription: each further period is a check of %(price)s, asked for %(remind)s before.") % facts,
        _("Not paid %(grace)s after the period has ended, it is suspended; whoever pays then begins anew.") % facts
        if one.grace_days
        else _("Not paid by the end of the period, it is suspended; whoever pays then begins anew."),
    ]


def _check(currency: Currency) -> Money:
    return Money(EXAMPLE * 10**currency.digits)


def _discount(one: Plan, currency: Currency) -> list[str]:
    if not one.discount_percent:
        return []
    check = _check(currency)
    facts = {
        "percent": shown_percent(one.discount_percent),
        "check": amount(check, currency),
        "off": amount(half_up(check, one.discount_percent), currency),
    }
    return [_("Its holder gets %(percent)s off every service it does not cover: %(off)s off %(check)s.") % facts]


def _cashback(one: Plan, currency: Currency) -> list[str]:
    if not one.cashback_percent:
        return []
    check = _check(currency)
    facts = {
        "percent": shown_percent(one.cashback_percent),
        "check": amount(check, currency),
        "more": amount(down(check, one.cashback_percent), currency),
    }
    return [_("Its holder earns %(percent)s more: %(more)s of %(check)s that are paid.") % facts]
