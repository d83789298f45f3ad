"""Refunds: what a gift card paid goes back to it, and a sold card comes back while it is untouched.

The rest that a single-use card gave up comes back when all that the card paid on the check has. Both are read from the
check's own ledger entries (`...:pay:<card>`, `...:rest:<card>`), so several partial refunds add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Refusal
from giftcards.models import GiftCard
from loyalty.ledger import Kind, Movement, Stock, spend
from loyalty.mechanics import Reversal
from loyalty.models import Entry, Lot, VisitLine
from loyalty.money import Money, spread, total

EXPLANATIONS: Mapping[str, Any] = {
    "gift_card.spread": gettext_lazy(
        "The %(amount)s that gift cards had paid go back to them in proportion to the %(out)s not gone back yet."
    ),
    "gift_card.returned": gettext_lazy(
        "The gift card that ends in %(card)s gets %(amount)s back. It can be used %(until)s."
    ),
    "gift_card.rest_returned": gettext_lazy(
        "All that the gift card that ends in %(card)s had paid is back on it, so the rest that it had lost, %(amount)s,"
        " is back too."
    ),
    "gift_card.sold_back": gettext_lazy(
        "The gift card that ends in %(card)s still had all of its %(amount)s, so all of it comes back. It is void now."
    ),
}


class GiftCardWasUsed(Refusal):
    """A sold card can come back only while everything is on it and it has not ended."""


def returnable(line: VisitLine, today: date) -> tuple[int, int]:
    """The whole price of an untouched card. Raises `GiftCardWasUsed`."""
    lot = Lot.objects.get(account__gift_card__sold_on=line)
    _refuse_used(lot, today)
    return (1, 1)


def _refuse_used(lot: Lot | Stock, today: date) -> None:
    if lot.last_day is not None and lot.last_day < today:
        raise GiftCardWasUsed(_("This gift card has ended, so it cannot come back."))
    if lot.remaining != lot.amount:
        raise GiftCardWasUsed(_("This gift card has been used, so it cannot come back."))


def sold_cards(reversal: Reversal, sold: Sequence[VisitLine]) -> list[Movement]:
    """Void the cards of these lines and take what is on them. Raises `GiftCardWasUsed`."""
    if not sold:
        return []
    cards = list(GiftCard.objects.filter(sold_on__in=sold).select_related("sold_on"))
    movements: list[Movement] = []
    for card in cards:
        lots = reversal.lots.get(card.account_id, [])
        if not lots:
            raise GiftCardWasUsed(_("This gift card has been used, so it cannot come back."))
        _refuse_used(lots[0], reversal.today)
        line = card.sold_on.number if card.sold_on is not None else 0
        operation = reversal.operation("giftcards", f"sell:{line}:1")
        movements.append(spend(lots[0], lots[0].remaining, operation, Kind.TAKE_BACK))
        reversal.note("gift_card", lots[0].program, "gift_card.sold_back", lots[0].remaining, card=card.last_four)
    GiftCard.objects.filter(pk__in=[card.pk for card in cards]).update(voided_at=reversal.now)
    return movements


def payments(reversal: Reversal) -> list[Movement]:
    """The gift-card shares of the lines that come back, over the cards in proportion to what is still out of each."""
    amount = total(back.gift_card for back in reversal.lines)
    if not amount:
        return []
    paid = _out(reversal, "pay", (Kind.SPEND, Kind.RETURN))
    burnt = _out(reversal, "rest", (Kind.EXPIRE, Kind.RETURN))
    ends = dict(GiftCard.objects.filter(pk__in=list(paid)).values_list("pk", "last_four"))
    parts = dict(zip(paid, spread(amount, list(paid.values())), strict=True))
    if len([out for out in paid.values() if out]) > 1 and amount < total(paid.values()):
        reversal.note("gift_card", "", "gift_card.spread", amount, out=total(paid.values()))
    movements: list[Movement] = []
    for card, part in parts.items():
        if part:
            movements.append(_return(reversal, card, "pay", part, "gift_card.returned", ends[int(card)]))
        if part == paid[card] and burnt.get(card):
            movements.append(_return(reversal, card, "rest", burnt[card], "gift_card.rest_returned", ends[int(card)]))
    return movements


def _out(reversal: Reversal, what: str, kinds: tuple[Kind, ...]) -> dict[str, Money]:
    """Card → what of its movements named so has not come back."""
    out: dict[str, Money] = {}
    for card, entry in _entries(reversal, what):
        if entry.kind in kinds:
            out[card] = out.get(card, Money(0)) - entry.amount
    return out


def _entries(reversal: Reversal, what: str) -> Iterable[tuple[str, Entry]]:
    """The check's entries `visit:<id>:giftcards:<what>:<card>...`, with the card's id."""
    for entry in reversal.entries_of("giftcards"):
        _visit, _id, _mechanic, said, card, *_rest = entry.operation.split(":")
        if said == what:
            yield card, entry


def _return(reversal: Reversal, card: str, what: str, amount: Money, code: str, last_four: str) -> Movement:
    lot_id = next(entry.lot_id for found, entry in _entries(reversal, what) if found == card)
    lot = reversal.lot(lot_id)
    move = reversal.give_back(lot_id, amount, reversal.operation("giftcards", f"{what}:{card}"))
    reversal.note("gift_card", lot.program, code, amount, card=last_four, until=reversal.until(lot, move.last_day))
    return move
