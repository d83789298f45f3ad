"""Paying with gift cards: after bonuses, before money, in the order in which they were given (`domain.md` 4.5).

Each card pays what it can of what is left, spread over the lines that accept gift cards by largest remainder. A
single-use card gives up its rest. A card that is not needed is left alone, so that nothing of it is lost.

Worked example: 60.00 to pay, cards of 20.00 and 50.00 (for one check each): the first pays 20.00, the second 40.00
and gives up 10.00.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from loyalty.ledger import Stock
from loyalty.money import ZERO, Money, spread, total
from loyalty.pricing import Bill, Idle, Note, Step


@dataclass(frozen=True, slots=True)
class Offered:
    """A usable card on the counter, and its money. `field` is its place in the input."""

    id: int
    last_four: str
    single_use: bool
    lot: Stock
    field: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a card pays of a check, and what it gives up."""

    card: Offered
    paid: Money
    burnt: Money


@dataclass(frozen=True, slots=True)
class Paying(Idle):
    """The step of gift cards."""

    cards: tuple[Offered, ...]

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        if not any(line.accepts_gift_card for line in bill.lines):
            raise Invalid(_("Nothing on this check can be paid with a gift card."), field=self.cards[0].field)
        uses = []
        for card in self.cards:
            bill, use = _pay(bill, card)
            uses.append(use)
        return bill.planned("giftcards", tuple(use for use in uses if use.paid)).noted(*map(_note, uses))


def _pay(bill: Bill, card: Offered) -> tuple[Bill, Use]:
    lines = [line for line in bill.lines if line.accepts_gift_card and line.rest]
    rests = [line.rest for line in lines]
    paid = min(card.lot.remaining, total(rests))
    shares = zip(lines, spread(paid, rests), strict=True)
    burnt = card.lot.remaining - paid if card.single_use and paid else ZERO
    return bill.with_lines(replace(line, gift_card=line.gift_card + part) for line, part in shares), Use(
        card, paid, burnt
    )


def _note(use: Use) -> Note:
    left = use.card.lot.remaining - use.paid
    facts = {"card": use.card.last_four, "paid": use.paid, "left": left}
    if not use.paid:
        return Note("gift_card", "giftcards", "gift_card.not_needed", facts=facts)
    code = "gift_card.rest_lost" if use.burnt else "gift_card.paid"
    return Note("gift_card", "giftcards", code, use.paid, facts)
