"""Paying with gift cards: after bonuses, before money, in the order in which they were given (`domain.md` 4.5).

Each card pays what it can of what is left on the lines that it may pay, spread over them by largest remainder. Of
several lots on a card the soonest to end pays first. A single-use card gives up its rest, of all its lots. A card that
is not needed is left alone, so that nothing of it is lost.

Worked example: 60.00 to pay, cards of 20.00 and 50.00 (for one check each): the first pays 20.00, the second 40.00
and gives up 10.00.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from giftcards.cards import CardState, GiftCardEmpty, refuse_unusable
from giftcards.selling import happened
from loyalty import ledger
from loyalty.ledger import Kind, Move, Stock
from loyalty.mechanics import Sale, Scene
from loyalty.models import Account
from loyalty.money import ZERO, Money, spread, total
from loyalty.pricing import Bill, Line, Note
from loyalty.scope import Scope


@dataclass(frozen=True, slots=True)
class Offered:
    """A usable card on the counter, and its money, the soonest to end first. `field` is its place in the input."""

    id: int
    last_four: str
    single_use: bool
    scope: Scope
    lots: tuple[Stock, ...]
    field: str

    @property
    def remaining(self) -> Money:
        return total(lot.remaining for lot in self.lots)

    def pays(self, line: Line) -> bool:
        """Whether it may pay of this line."""
        return line.accepts_gift_card and self.scope.covers(line)


@dataclass(frozen=True, slots=True)
class Use:
    """What a card pays of a check, and what it gives up."""

    card: Offered
    paid: Money
    burnt: Money

    @property
    def parts(self) -> Iterable[tuple[Stock, Money]]:
        """What of it each lot pays."""
        left = self.paid
        for lot in self.card.lots:
            part = min(left, lot.remaining)
            left = Money(left - part)
            yield lot, Money(part)


def offered(cards: Mapping[str, CardState | None], scene: Scene) -> tuple[Offered, ...]:
    """The cards that were put on the counter, by their place in the input. Raises which cannot pay, and why."""
    lots: dict[int, list[Stock]] = {}
    for lot in scene.lots:
        if lot.unit == Account.Unit.MONEY and lot.is_active(scene.today):
            lots.setdefault(lot.account, []).append(lot)
    return tuple(_offered(card, lots, scene, field) for field, card in cards.items())


def _offered(found: CardState | None, lots: Mapping[int, list[Stock]], scene: Scene, field: str) -> Offered:
    card = refuse_unusable(found, field=field)
    if card.locations and scene.place.code not in card.locations:
        raise Invalid(_not_here(card, scene), field=field)
    money = lots.get(card.account, [])
    if not money:  # a refund filled it while this quote was read
        raise GiftCardEmpty(_("Nothing is left on this gift card."), field=field)
    scope = Scope.of(card.services, ())
    return Offered(card.id, card.last_four, card.single_use, scope, tuple(ledger.soonest_first(money)), field)


def _not_here(card: CardState, scene: Scene) -> str:
    places = scene.house.places
    names = ", ".join(places[code].name if code in places else code for code in card.locations)
    return _("This gift card can be used at %(places)s only.") % {"places": names}


def pay(bill: Bill, cards: Sequence[Offered], scene: Scene) -> Bill:
    """The bill after these cards. Raises `Invalid` for a card that may pay nothing of it."""
    uses = []
    for card in cards:
        _refuse_useless(bill, card, scene)
        bill, use = _pay(bill, card)
        uses.append(use)
    return bill.planned("giftcards", tuple(use for use in uses if use.paid)).noted(*map(_note, uses))


def _refuse_useless(bill: Bill, card: Offered, scene: Scene) -> None:
    if not any(line.accepts_gift_card for line in bill.lines):
        raise Invalid(_("Nothing on this check can be paid with a gift card."), field=card.field)
    if not any(card.pays(line) for line in bill.lines):
        services = scene.house.services
        names = ", ".join(services[code].name if code in services else code for code in sorted(card.scope.named))
        message = _("This gift card can be used for %(services)s only, and there is none on this check.")
        raise Invalid(message % {"services": names}, field=card.field)


def _pay(bill: Bill, card: Offered) -> tuple[Bill, Use]:
    lines = [line for line in bill.lines if line.rest and card.pays(line)]
    rests = [line.rest for line in lines]
    paid = min(card.remaining, total(rests))
    shares = zip(lines, spread(paid, rests), strict=True)
    burnt = card.remaining - paid if card.single_use and paid else ZERO
    return bill.with_lines(replace(line, gift_card=line.gift_card + part) for line, part in shares), Use(
        card, paid, burnt
    )


def _note(use: Use) -> Note:
    left = use.card.remaining - use.paid
    facts = {"card": use.card.last_four, "paid": use.paid, "left": left}
    if not use.paid:
        return Note("gift_card", "giftcards", "gift_card.not_needed", facts=facts)
    code = "gift_card.rest_lost" if use.burnt else "gift_card.paid"
    return Note("gift_card", "giftcards", code, use.paid, facts)


def settle(uses: Sequence[Use], sale: Sale) -> list[Move]:
    """What these cards pay and give up, as movements of their lots."""
    moves: list[Move] = []
    for use in uses:
        card = use.card
        sale.happened.append(happened("giftcard.spent", card.id, card.last_four, use.paid, sale))
        pays, burns = (sale.operation("giftcards", f"{what}:{card.id}") for what in ("pay", "rest"))
        note = _("the rest of a card for one check")
        for lot, part in use.parts:
            if part:
                moves.append(ledger.spend(lot, part, pays))
            if use.burnt and lot.remaining > part:
                moves.append(Move(burns, lot.id, lot.account, Kind.EXPIRE, Money(part - lot.remaining), note=note))
    return moves
