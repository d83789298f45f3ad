"""Selling gift cards: fresh ones, and those of a batch, which are printed already and worth nothing until then.

A type is sold for the amounts that it lists, or for any within its bounds, until its own last day. What a card can do
it keeps as it was sold, whatever becomes of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from clients.refusals import Invalid
from giftcards import recipients
from giftcards.cards import CardState, GiftCardBlocked, Status, refuse_barred
from giftcards.codes import SHOWN, hash_code, new_code, show_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.recipients import Addressed, Recipient
from giftcards.sealing import seal
from loyalty.basket import Item
from loyalty.events import Happened
from loyalty.ledger import Grant, Movement
from loyalty.mechanics import Sale, Scene
from loyalty.money import Currency, Money
from loyalty.pricing import Line
from loyalty.terms import last_day_after

KIND = "gift_card_type"
CARD = "gift_card"
"""Of a line that sells a card of a batch: its code."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of gift card that is on sale."""

    id: int
    code: str
    name: str
    valid_days: int | None
    valid_until: date | None
    single_use: bool
    reloadable: bool
    services: tuple[str, ...]
    locations: tuple[str, ...]
    denominations: tuple[Money, ...]
    min_amount: Money | None
    max_amount: Money | None

    @property
    def terms(self) -> str:
        """What the buyer is promised besides the amount."""
        valid = self.valid_until or self.valid_days
        return f"{valid} {self.single_use} {self.reloadable} {sorted(self.services)} {sorted(self.locations)}"[:250]

    def last_day(self, today: date) -> date | None:
        return self.valid_until or last_day_after(today, days=self.valid_days)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a line: for whom the card is, or which card of a batch it is."""

    recipient: Recipient | None = None
    card: str = ""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a line sells: a card of this kind, and what was said of it; `card` is the one of a batch."""

    kind: Kind
    said: Said
    card: CardState | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """A card that is being sold: its line, what it sells, its code, and its account."""

    line: Line
    sold: Sold
    code: str
    account: int

    @property
    def recipient(self) -> Recipient | None:
        return self.sold.said.recipient


def load_kinds() -> Mapping[str, Kind]:
    """What is on sale, by code. One query."""
    rows = GiftCardType.objects.filter(enabled=True).annotate(listed=F("denominations__amount"))
    kinds: dict[str, Kind] = {}
    for row in rows.order_by("code", "listed"):
        listed = (*kinds[row.code].denominations, row.listed) if row.code in kinds else (row.listed,)
        kinds[row.code] = kind_of(row, tuple(amount for amount in listed if amount is not None))
    return kinds


def kind_of(row: GiftCardType, denominations: Sequence[Money] = ()) -> Kind:
    return Kind(
        id=row.pk,
        code=row.code,
        name=row.name,
        valid_days=row.valid_days,
        valid_until=row.valid_until,
        single_use=row.single_use,
        reloadable=row.reloadable,
        services=tuple(row.services),
        locations=tuple(row.locations),
        denominations=tuple(denominations),
        min_amount=row.min_amount,
        max_amount=row.max_amount,
    )


def check_amount(kind: Kind, amount: Money | None, currency: Currency, field: str) -> Money:
    """The amount, if a card of the kind is sold (or topped up) for it. Raises `Invalid`."""
    within = kind.min_amount is not None and kind.max_amount is not None and amount is not None
    if within and kind.min_amount <= amount <= kind.max_amount:  # type: ignore[operator]  # `within`: none is None
        return amount  # type: ignore[return-value]
    if amount is not None and amount in kind.denominations:
        return amount
    raise Invalid(_amounts(kind, currency), field=field)


def _amounts(kind: Kind, currency: Currency) -> str:
    """What the amount must be."""
    facts: dict[str, str] = {"amounts": ", ".join(currency.number(amount) for amount in kind.denominations)}
    if kind.min_amount is None or kind.max_amount is None:
        return _("must be one of %(amounts)s") % facts
    facts |= {"least": currency.number(kind.min_amount), "most": currency.number(kind.max_amount)}
    if not kind.denominations:
        return _("must be from %(least)s to %(most)s") % facts
    return _("must be one of %(amounts)s, or from %(least)s to %(most)s") % facts


def check_on_sale(kind: Kind, today: date, field: str) -> None:
    """Raises `Invalid` for a type that ends on a day that is over."""
    if kind.valid_until is not None and kind.valid_until < today:
        message = _("%(name)s is not sold any more: all of them have ended.")
        raise Invalid(message % {"name": kind.name}, field=field)


def line(item: Item, number: int, scene: Scene, kinds: Mapping[str, Kind]) -> Line:
    """The line of a gift card. Raises `Invalid`."""
    path = f"lines[{number - 1}]"
    kind = kinds.get(item.code)
    if kind is None:
        raise Invalid(_("there is no gift card %(code)s on sale") % {"code": item.code}, field=f"{path}.{KIND}")
    check_on_sale(kind, scene.today, f"{path}.{KIND}")
    said: Said = item.details or Said()
    # A card of a batch is worth what is printed on it, also when the type is not sold for that any more.
    price = item.amount if said.card else check_amount(kind, item.amount, scene.house.currency, f"{path}.amount")
    assert price is not None
    if said.recipient is not None:
        recipients.check_day(said.recipient, today=scene.today, last_day=kind.last_day(scene.today), path=path)
    return not_a_service(number, KIND, kind, price, name=_named(kind, said.card), item=Sold(kind, said))


def _named(kind: Kind, code: str) -> str:
    return f"{kind.name} …{code[-SHOWN:]}"[:120] if code else kind.name


def not_a_service(number: int, kind: str, what: Kind | None, price: Money, *, name: str, item: object) -> Line:
    """A line of money that is kept for later: it earns nothing, and only money pays for it."""
    return Line(
        number=number,
        kind=kind,
        code=what.code if what is not None else "",
        name=name,
        quantity=1,
        price=price,
        earns=False,
        accepts_bonus=False,
        accepts_gift_card=False,
        counts_as_spent=False,
        is_service=False,
        terms=what.terms if what is not None else "",
        item=item,
    )


class GiftCardSold(GiftCardBlocked):
    """A card of a batch can be sold once."""


def of_batch(line: Line, card: CardState, currency: Currency) -> Line:
    """The line with the very card that it sells. Raises `Refusal` for one that it cannot."""
    sold: Sold = line.item
    path = f"lines[{line.number - 1}]"
    field = f"{path}.{CARD}"
    if card.status is not Status.NEW:
        if card.status in (Status.BLOCKED, Status.VOID):
            refuse_barred(card, field=field)
        raise GiftCardSold(_("This gift card has been sold already."), field=field)
    if card.type != sold.kind.code:
        raise Invalid(_("This gift card is of another type: %(type)s.") % {"type": card.type}, field=field)
    if card.amount != line.price:
        message = _("This gift card is sold for %(amount)s.") % {"amount": currency.number(card.amount)}
        raise Invalid(message, field=f"{path}.amount")
    return replace(line, item=replace(sold, card=card))


def from_the_desk(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed in the fields of a line, as it is read: for whom it is, and the card of a batch."""
    card = {CARD: typed["card"]} if typed.get("card") else {}
    return {**recipients.from_the_desk(typed), **card}


def sell(lines: Sequence[Line], sale: Sale) -> list[Movement]:
    """Write each card, tell its code, grant its money."""
    cards = [_fresh(one, sale) for one in lines]
    rows = _write(cards, sale)
    _address(list(zip(cards, rows, strict=True)), sale)
    return [_grant(card, row, sale) for card, row in zip(cards, rows, strict=True)]


def _fresh(line: Line, sale: Sale) -> Fresh:
    sold: Sold = line.item
    if sold.card is not None:
        return Fresh(line, sold, sold.said.card, sold.card.account)
    return Fresh(line, sold, new_code(), sale.accounts[operation_of(line, sale)])


def operation_of(line: Line, sale: Sale) -> str:
    return sale.operation("giftcards", f"sell:{line.number}:1")


def _write(cards: Sequence[Fresh], sale: Sale) -> list[GiftCard]:
    """Their rows, in order: new ones, and those of batches as they are now sold. In two statements."""
    rows = [(_row(card, sale), card.sold.card is not None) for card in cards]
    GiftCard.objects.bulk_create(row for row, is_printed in rows if not is_printed)
    printed = [row for row, is_printed in rows if is_printed]
    if printed:
        GiftCard.objects.bulk_update(printed, AS_SOLD)
    return [row for row, _is_printed in rows]


AS_SOLD = ("single_use", "reloadable", "services", "locations", "sold_on", "buyer", "created_at", "sealed_code")


def _row(card: Fresh, sale: Sale) -> GiftCard:
    kind, scene = card.sold.kind, sale.scene
    known = card.sold.card
    return GiftCard(
        pk=known.id if known is not None else None,
        type_id=kind.id,
        account_id=card.account,
        code_hash=hash_code(card.code),
        last_four=card.code[-SHOWN:],
        sealed_code=seal(card.code) if card.recipient is not None else "",
        amount=card.line.price,
        single_use=kind.single_use,
        reloadable=kind.reloadable,
        services=list(kind.services),
        locations=list(kind.locations),
        sold_on_id=sale.lines[card.line.number],
        buyer_id=scene.person.id if scene.person is not None else None,
        created_at=scene.now,
    )


def _address(sold: Sequence[tuple[Fresh, GiftCard]], sale: Sale) -> None:
    """Put those that are for somebody on their way."""
    scene = sale.scene
    addressed = [Addressed(row, card.recipient) for card, row in sold if card.recipient is not None]
    buyer = scene.person.id if scene.person is not None else None
    recipients.write(addressed, buyer=buyer, today=scene.today, now=scene.now)


def _grant(card: Fresh, row: GiftCard, sale: Sale) -> Grant:
    kind, today = card.sold.kind, sale.scene.today
    last_day = kind.last_day(today)
    told = {"id": str(row.pk), "code": show_code(card.code), "last_day": last_day, "amount": row.amount}
    sale.revealed.setdefault(card.line.number, []).append(told)
    sale.happened.append(happened("giftcard.sold", row.pk, row.last_four, row.amount, sale))
    operation = operation_of(card.line, sale)
    return Grant(operation, card.account, row.amount, today, last_day, program=kind.code, name=kind.name)


def happened(name: str, card: int, last_four: str, amount: Money, sale: Sale) -> Happened:
    """What is told of a card elsewhere: never its code."""
    text = sale.scene.house.currency.text
    return Happened(name, {"id": str(card), "last_four": last_four, "amount": text(amount), "visit": str(sale.visit)})
