"""Gift cards on a check: sold on one, paid with on another, and both undone by a refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from clients.refusals import Invalid
from giftcards import returning
from giftcards.cards import CardState, GiftCardEmpty, cards_with, find, refuse_unusable, states
from giftcards.codes import hash_code, new_code, read_code, show_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.paying import Offered, Paying, Use
from loyalty import ledger
from loyalty.basket import Basket, Item
from loyalty.house import House
from loyalty.ledger import Grant, Movement, Opening, Stock
from loyalty.mechanics import Code, Good, Holdings, Mechanic, Panel, Reversal, Sale, Scene
from loyalty.models import Account, VisitLine
from loyalty.money import Money
from loyalty.pricing import Idle, Line, Step
from loyalty.reader import Reader
from loyalty.terms import last_day_after, valid_for

KIND = "gift_card_type"
MAX_CARDS = 20
SHOWN = 4
"""Of a code, the end that staff are shown."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of gift card that is on sale."""

    id: int
    code: str
    name: str
    valid_days: int | None
    single_use: bool
    denominations: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """A card that is being sold: its line, its kind, its code."""

    line: Line
    kind: Kind
    code: str


class GiftCards(Mechanic):
    """Sells gift cards and takes them as payment."""

    code = "giftcards"
    basket_keys = frozenset({"gift_cards"})
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {KIND: frozenset({"amount"})}
    explanations: ClassVar[Mapping[str, Any]] = {
        "gift_card.paid": gettext_lazy("The gift card that ends in %(card)s pays %(paid)s; %(left)s is left on it."),
        "gift_card.rest_lost": gettext_lazy(
            "The gift card that ends in %(card)s pays %(paid)s. It is for one check: the rest, %(left)s, is lost."
        ),
        "gift_card.not_needed": gettext_lazy(
            "The gift card that ends in %(card)s was not needed; %(left)s is still on it."
        ),
        **returning.EXPLANATIONS,
    }

    def rules(self, house: House) -> Mapping[str, Kind]:
        """What is on sale, by code. One query."""
        rows = GiftCardType.objects.filter(enabled=True).annotate(amount=F("denominations__amount"))
        kinds: dict[str, Kind] = {}
        for row in rows.order_by("code", "amount"):
            amounts = (*kinds[row.code].denominations, row.amount) if row.code in kinds else (row.amount,)
            denominations = tuple(amount for amount in amounts if amount is not None)
            kinds[row.code] = Kind(row.pk, row.code, row.name, row.valid_days, row.single_use, denominations)
        return kinds

    # --- what is sent ---

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        if reader.raw.get("gift_cards") is None:
            return {}
        typed = reader.items("gift_cards")
        if len(typed) > MAX_CARDS:
            raise Invalid(_("must have at most %(limit)d codes") % {"limit": MAX_CARDS}, field="gift_cards")
        for i, code in enumerate(typed):
            if not isinstance(code, str):
                raise Invalid(_("must be a code in a string"), field=f"gift_cards[{i}]")
        return {"gift_cards": tuple(typed)}

    def reads_code(self, text: str) -> Code | None:
        code = read_code(text)
        if code is None:
            return None
        end = code[-SHOWN:]
        return Code("gift_cards", code, _("Gift card …%(end)s") % {"end": end}, ("card", end))

    def read_item(self, reader: Reader, kind: str) -> Item:
        code = reader.text(kind, limit=40)
        amount = reader.money("amount", positive=True)
        if amount is None:
            raise Invalid(_("say for how much the card is"), field=reader.at("amount"))
        return Item(kind=kind, code=code, amount=amount)

    def accounts(self, basket: Basket) -> Q | None:
        codes = [code for code in map(read_code, basket.offers.get("gift_cards", ())) if code is not None]
        # By a subquery: PostgreSQL does not lock the far side of an outer join.
        return Q(pk__in=cards_with(codes).values("account_id")) if codes else None

    # --- paying ---

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        typed = basket.offers.get("gift_cards", ())
        if not typed:
            return Idle()
        places: dict[str | None, str] = {}
        for i, text in enumerate(typed):
            places.setdefault(read_code(text), f"gift_cards[{i}]")
        found = find([code for code in places if code is not None], scene.today)
        lots = {lot.account: lot for lot in scene.lots if lot.unit == Account.Unit.MONEY}
        return Paying(tuple(self._offered(found.get(code or ""), lots, field) for code, field in places.items()))

    def _offered(self, found: CardState | None, lots: Mapping[int, Stock], field: str) -> Offered:
        card = refuse_unusable(found, field=field)
        lot = lots.get(card.account)
        if lot is None:  # a refund filled it while this quote was read
            raise GiftCardEmpty(_("Nothing is left on this gift card."), field=field)
        return Offered(card.id, card.last_four, card.single_use, lot, field)

    # --- selling ---

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        kind: Kind | None = scene.rules[self.code].get(item.code)
        path = f"lines[{number - 1}]"
        if kind is None:
            raise Invalid(_("there is no gift card %(code)s on sale") % {"code": item.code}, field=f"{path}.{KIND}")
        if item.amount is None or item.amount not in kind.denominations:
            amounts = ", ".join(scene.house.currency.number(amount) for amount in kind.denominations)
            raise Invalid(_("must be one of %(amounts)s") % {"amounts": amounts}, field=f"{path}.amount")
        return Line(
            number=number,
            kind=KIND,
            code=kind.code,
            name=kind.name,
            quantity=1,
            price=item.amount,
            earns=False,
            accepts_bonus=False,
            accepts_gift_card=False,
            counts_as_spent=False,
            is_service=False,
            terms=f"{kind.valid_days} {kind.single_use}",
            item=kind,
        )

    def goods(self, house: House, rules: Any) -> Sequence[Good]:
        return [
            Good(
                KIND, kind.code, kind.name, kind.denominations, needs_client=False, hint=valid_for(days=kind.valid_days)
            )
            for kind in rules.values()
        ]

    def openings(self, sale: Sale) -> Iterable[Opening]:
        sold = [line for line in sale.bill.lines if line.kind == KIND]
        return [Opening(_sale_of(line, sale), Account.Unit.MONEY, None) for line in sold]

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Sequence[Use] = sale.bill.plans.get(self.code, ())
        movements: list[Movement] = [move for use in uses for move in _moves(use, sale)]
        fresh = [Fresh(line, line.item, new_code()) for line in sale.bill.lines if line.kind == KIND]
        return movements + (_sell(fresh, sale) if fresh else [])

    # --- coming back ---

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        return returning.returnable(line, house.day(now)) if line.kind == KIND else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        sold = [back.line for back in reversal.lines if back.line.kind == KIND]
        return [*returning.payments(reversal), *returning.sold_cards(reversal, sold)]

    # --- what a client holds ---

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """Cards that the client bought and that still have something on them."""
        bought = GiftCard.objects.filter(buyer=client, account__lots__remaining__gt=0).order_by("pk")
        cards = [
            {
                "id": str(card.id),
                "last_four": card.last_four,
                "remaining": card.remaining,
                "last_day": card.last_day,
                "status": str(card.status),
            }
            for _hash, card in states(bought, house.day(now))
            if card.remaining
        ]
        if not cards:
            return Holdings(balance={"gift_cards": []})
        portal, desk = (Panel(f"giftcards/{face}.html", {"cards": cards}) for face in ("portal", "desk"))
        return Holdings(balance={"gift_cards": cards}, portal=(portal,), desk=(desk,))


def _moves(use: Use, sale: Sale) -> Iterable[Movement]:
    yield ledger.spend(use.card.lot, use.paid, sale.operation(GiftCards.code, f"pay:{use.card.id}"))
    if use.burnt:
        operation = sale.operation(GiftCards.code, f"rest:{use.card.id}")
        note = _("the rest of a card for one check")
        yield ledger.Move(operation, use.card.lot.id, use.card.lot.account, ledger.Kind.EXPIRE, -use.burnt, note=note)


def _sale_of(line: Line, sale: Sale) -> str:
    return sale.operation(GiftCards.code, f"sell:{line.number}:1")


def _sell(fresh: Sequence[Fresh], sale: Sale) -> list[Movement]:
    """Write each card, tell its code, grant its money."""
    scene = sale.scene
    operations = [_sale_of(card.line, sale) for card in fresh]
    rows = GiftCard.objects.bulk_create(
        GiftCard(
            type_id=card.kind.id,
            account_id=sale.accounts[operation],
            code_hash=hash_code(card.code),
            last_four=card.code[-SHOWN:],
            amount=card.line.price,
            single_use=card.kind.single_use,
            sold_on_id=sale.lines[card.line.number],
            buyer_id=scene.person.id if scene.person is not None else None,
            created_at=scene.now,
        )
        for card, operation in zip(fresh, operations, strict=True)
    )
    grants: list[Movement] = []
    for card, row, operation in zip(fresh, rows, operations, strict=True):
        last_day = last_day_after(scene.today, days=card.kind.valid_days)
        told = {"id": str(row.pk), "code": show_code(card.code), "last_day": last_day, "amount": row.amount}
        sale.revealed.setdefault(card.line.number, []).append(told)
        kind = card.kind
        grants.append(
            Grant(operation, row.account_id, row.amount, scene.today, last_day, program=kind.code, name=kind.name)
        )
    return grants
