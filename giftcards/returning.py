"""Refunds: what a gift card paid goes back to it, and what was sold comes back while it is untouched.

The rest that a single-use card gave up comes back when all that the card paid on the check has. Both are read from the
check's own ledger entries (`...:pay:<card>`, `...:rest:<card>`), so several partial refunds add up to the whole, and
each part goes back to the lot that it was taken from. A card that was replaced or put together with another since has
no use for it: it goes on to the card that has its money (`giftcards.following`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Refusal
from giftcards import following, selling
from giftcards.following import Holder
from giftcards.models import GiftCard
from loyalty import ledger
from loyalty.ledger import Kind, Movement, Stock
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
    "gift_card.returned_on": gettext_lazy(
        "The gift card that ends in %(card)s is void, and the one that ends in %(heir)s has its money: that gets"
        " %(amount)s back. It can be used %(until)s."
    ),
    "gift_card.rest_returned": gettext_lazy(
        "All that the gift card that ends in %(card)s had paid is back on it, so the rest that it had lost, %(amount)s,"
        " is back too."
    ),
    "gift_card.sold_back": gettext_lazy(
        "The gift card that ends in %(card)s still had all of its %(amount)s, so all of it comes back. It is void now."
    ),
    "gift_card.top_up_back": gettext_lazy(
        "The %(amount)s that was put on the gift card that ends in %(card)s was all there still, and is taken off it."
    ),
}

Paid = tuple[int, int]
"""A card and its lot: what was taken from there."""


class GiftCardWasUsed(Refusal):
    """What was sold can come back only while everything of it is there and has not ended."""


def returnable(line: VisitLine, today: date) -> tuple[int, int]:
    """The whole price of what is untouched. Raises `GiftCardWasUsed`."""
    row = Lot.objects.select_related("account").filter(operation__in=_names(line)).get()
    lot = ledger.stock(row)
    _refuse_used(lot, ledger.kin_of([lot.id])[lot.id], today)
    return (1, 1)


def _names(line: VisitLine) -> list[str]:
    """The operation of the lot that a line sold."""
    start = f"visit:{line.visit_id}:giftcards:"
    if line.kind == selling.KIND:
        return [f"{start}sell:{line.number}:1"]
    return [f"{start}top_up:{line.number}"]


def _refuse_used(lot: Stock, kin: Sequence[Stock], today: date) -> None:
    living = [one for one in (lot, *kin) if one.remaining] or [lot]
    if all(one.has_ended(today) for one in living):
        raise GiftCardWasUsed(_("This gift card has ended, so it cannot come back."))
    if not following.is_whole(lot, kin, today):
        raise GiftCardWasUsed(_("This gift card has been used, so it cannot come back."))


def sold(reversal: Reversal, lines: Sequence[VisitLine]) -> list[Movement]:
    """Take what these lines sold, wherever it is now; a card with nothing else on it is void then.

    Raises `GiftCardWasUsed`.
    """
    if not lines:
        return []
    by_name = {name: line for line in lines for name in _names(line)}
    rows = list(Lot.objects.filter(operation__in=by_name).select_related("account__gift_card").order_by("pk"))
    cards = {row.pk: row.account.gift_card for row in rows}
    ends = following.holders(reversal, {card.pk for card in cards.values()})
    kin = following.family(reversal, [row.pk for row in rows])
    movements: list[Movement] = []
    for row in rows:
        lot = reversal.lot(row.pk)
        _refuse_used(lot, kin[row.pk], reversal.today)
        movements += _take(reversal, lot, kin[row.pk], by_name[row.operation], ends[cards[row.pk].pk])
    return movements


def _take(reversal: Reversal, lot: Stock, kin: Sequence[Stock], line: VisitLine, card: Holder) -> list[Movement]:
    is_card = line.kind == selling.KIND
    what = f"sell:{line.number}:1" if is_card else f"top_up:{line.number}"
    movements, amount = following.take(reversal, lot, kin, what)
    code = "gift_card.sold_back" if is_card else "gift_card.top_up_back"
    if is_card and not following.void_if_alone(reversal, card, [lot.id, *(one.id for one in kin)]):
        code = "gift_card.top_up_back"
    reversal.note("gift_card", lot.program, code, amount, card=card.last_four)
    return movements


def payments(reversal: Reversal) -> list[Movement]:
    """The gift-card shares of the lines that come back, over the cards in proportion to what is still out of each."""
    amount = total(back.gift_card for back in reversal.lines)
    if not amount:
        return []
    paid = _out(reversal, "pay", (Kind.SPEND, Kind.RETURN))
    burnt = _out(reversal, "rest", (Kind.EXPIRE, Kind.RETURN))
    ends = following.holders(reversal, {card for card, _lot in (*paid, *burnt)})
    names = dict(GiftCard.objects.filter(pk__in=list(ends)).values_list("pk", "last_four"))
    parts = dict(zip(paid, spread(amount, list(paid.values())), strict=True))
    if len({card for (card, _lot), out in paid.items() if out}) > 1 and amount < total(paid.values()):
        reversal.note("gift_card", "", "gift_card.spread", amount, out=total(paid.values()))
    movements: list[Movement] = []
    for at, part in parts.items():
        if part:
            movements += _return(reversal, at, "pay", part, names[at[0]], ends[at[0]])
    for at, rest in burnt.items():
        if rest and all(parts[one] == paid[one] for one in paid if one[0] == at[0]):
            movements += _return(reversal, at, "rest", rest, names[at[0]], ends[at[0]])
    return movements


def _out(reversal: Reversal, what: str, kinds: tuple[Kind, ...]) -> dict[Paid, Money]:
    """Card and lot → what of the movements named so has not come back."""
    out: dict[Paid, Money] = {}
    for card, entry in _entries(reversal, what):
        if entry.kind in kinds:
            at = (card, entry.lot_id)
            out[at] = Money(out.get(at, 0) - entry.amount)
    return out


def _entries(reversal: Reversal, what: str) -> Iterable[tuple[int, Entry]]:
    """The check's entries `visit:<id>:giftcards:<what>:<card>...`, with the card's id."""
    for entry in reversal.entries_of("giftcards"):
        _visit, _id, _mechanic, said, card, *_rest = entry.operation.split(":")
        if said == what:
            yield int(card), entry


def _return(reversal: Reversal, at: Paid, what: str, amount: Money, last_four: str, holder: Holder) -> list[Movement]:
    """Back to its lot; from the lot of a card that is void on to the one that has its money."""
    card, lot_id = at
    lot = reversal.lot(lot_id)
    back = reversal.give_back(lot_id, amount, reversal.operation("giftcards", f"{what}:{card}"))
    facts: dict[str, Any] = {"card": last_four, "until": reversal.until(lot, back.last_day)}
    if holder.id == card:
        code = "gift_card.returned" if what == "pay" else "gift_card.rest_returned"
        reversal.note("gift_card", lot.program, code, amount, **facts)
        return [back]
    reversal.note("gift_card", lot.program, "gift_card.returned_on", amount, heir=holder.last_four, **facts)
    return [back, *following.send_on(reversal, back, holder, what)]
