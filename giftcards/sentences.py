"""What a kind of gift card is, in words. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from giftcards.models import GiftCardType
from loyalty.admin.sentences import amount, days, listed
from loyalty.admin.words import Words
from loyalty.explanations import show_day
from loyalty.money import Currency, Money

NO_WORDS = Words()


def gift_card(kind: GiftCardType, amounts: Sequence[Money], currency: Currency, words: Words = NO_WORDS) -> list[str]:
    """ "Sold for 20.00, 50.00 or 100.00. Valid 180 days from the sale. For one check: what is left is lost." """
    ordered = sorted(amounts)
    is_free = kind.min_amount is not None and kind.max_amount is not None
    if not ordered and not is_free:
        return [*_off(kind), _("No amount yet: add one, for example 50.")]
    typical = ordered[len(ordered) // 2] if ordered else kind.min_amount
    return [
        *_off(kind),
        *_prices(kind, ordered, currency),
        _how_long(kind),
        _("It pays one check; what is left after that is lost.")
        if kind.single_use
        else _("It pays until nothing is left on it."),
        *([_("Money can be put on it again.")] if kind.reloadable else []),
        *_only(kind, words),
        _example(kind, typical or Money(0), currency),
    ]


def _off(kind: GiftCardType) -> list[str]:
    return [] if kind.enabled else [_("Not on sale. Cards that were sold can still be used.")]


def _only(kind: GiftCardType, words: Words) -> list[str]:
    said = []
    if kind.services:
        said.append(_("It pays only for %(services)s.") % {"services": words.all_called(kind.services)})
    if kind.locations:
        said.append(_("It pays only at %(places)s.") % {"places": words.at(kind.locations)})
    return said


def _prices(kind: GiftCardType, ordered: Sequence[Money], currency: Currency) -> list[str]:
    said = []
    if ordered:
        said.append(_("Sold for %(amounts)s.") % {"amounts": listed([amount(one, currency) for one in ordered])})
    if kind.min_amount is not None and kind.max_amount is not None:
        bounds = {"least": amount(kind.min_amount, currency), "most": amount(kind.max_amount, currency)}
        said.append(_("Sold for any amount from %(least)s to %(most)s.") % bounds)
    return said


def _how_long(kind: GiftCardType) -> str:
    if kind.valid_until is not None:
        return _("It can be used until %(day)s, whenever it was sold.") % {"day": show_day(kind.valid_until)}
    if kind.valid_days:
        return _("It can be used for %(time)s from the sale.") % {"time": days(kind.valid_days)}
    return _("It never ends.")


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
