"""What a kind of gift card is, in words. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from giftcards.models import GiftCardType
from loyalty.admin.sentences import amount, days, listed
from loyalty.money import Currency, Money


def gift_card(kind: GiftCardType, amounts: Sequence[Money], currency: Currency) -> list[str]:
    """ "Sold for 20.00, 50.00 or 100.00. Valid 180 days from the sale. For one check: what is left is lost." """
    if not amounts:
        return [*_off(kind), _("No amount yet: add one, for example 50.")]
    ordered = sorted(amounts)
    prices = listed([amount(one, currency) for one in ordered])
    return [
        *_off(kind),
        _("Sold for %(amounts)s.") % {"amounts": prices},
        _("It can be used for %(time)s from the sale.") % {"time": days(kind.valid_days)}
        if kind.valid_days
        else _("It never ends."),
        _("It pays one check; what is left after that is lost.")
        if kind.single_use
        else _("It pays until nothing is left on it."),
        _example(kind, ordered[len(ordered) // 2], currency),
    ]


def _off(kind: GiftCardType) -> list[str]:
    return [] if kind.enabled else [_("Not on sale. Cards that were sold can still be used.")]


def _example(kind: GiftCardType, worth: Money, currency: Currency) -> str:
    check = Money(worth * 4 // 5)
    facts = {
        "worth": amount(worth, currency),
        "check": amount(check, currency),
        "left": amount(worth - check, currency),
    }
    if kind.single_use:
        return _("Example: a card of %(worth)s pays a check of %(check)s → %(left)s are lost.") % facts
    return _("Example: a card of %(worth)s pays a check of %(check)s → %(left)s are left on it.") % facts
