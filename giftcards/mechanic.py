"""Gift cards on a check: sold and topped up on one, paid with on another, and all of it undone by a refund."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client
from clients.refusals import Invalid
from giftcards import following, giving, holding, paying, recipients, returning, selling, topping_up
from giftcards.cards import CardState, Status, cards_with, find, unknown
from giftcards.codes import LONGEST_TYPED, SHOWN, read_code
from giftcards.models import GiftCardType
from giftcards.paying import Offered, Use
from giftcards.selling import CARD, KIND, GiftCardSold, Kind, Said
from loyalty.basket import Basket, Item
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.ledger import Movement, Opening
from loyalty.mechanics import (
    CalledBack,
    Code,
    DeskLink,
    Good,
    Handing,
    Holdings,
    LineForm,
    Mechanic,
    Present,
    Reversal,
    Sale,
    Scene,
)
from loyalty.models import Account, Visit, VisitLine
from loyalty.pricing import Bill, Idle, Line, Step
from loyalty.reader import Reader
from loyalty.terms import valid_for

MAX_CARDS = 20
TOP_UP = topping_up.KIND
# Each card joins once, so that it ends whatever the rows say.
SOLD_AT = """
WITH RECURSIVE heirs (id, account_id) AS (
    SELECT card.id, card.account_id
    FROM giftcards_giftcard card
    JOIN loyalty_visitline line ON line.id = card.sold_on_id
    JOIN loyalty_visit visit ON visit.id = line.visit_id
    WHERE visit.location_id = %s
    UNION
    SELECT card.id, card.account_id FROM giftcards_giftcard card JOIN heirs ON card.replaces_id = heirs.id
)
SELECT account_id FROM heirs
"""


@dataclass(frozen=True, slots=True)
class Counter(Idle):
    """The step of gift cards: those that are sold and topped up are known by now, and those that pay, pay."""

    scene: Scene
    kinds: Mapping[str, Kind]
    cards: tuple[Offered, ...] = ()
    named: Mapping[int, CardState] = field(default_factory=dict)
    """Line number → the very card that it sells or tops up."""

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        lines = {line.number: line for line in bill.lines}
        bill = bill.with_lines(self._with_card(lines[number], card) for number, card in self.named.items())
        return paying.pay(bill, self.cards, self.scene) if self.cards else bill

    def _with_card(self, line: Line, card: CardState) -> Line:
        if line.kind == TOP_UP:
            return topping_up.resolved(line, card, self.kinds, self.scene)
        return selling.of_batch(line, card, self.scene.house.currency)


class GiftCards(Mechanic):
    """Sells gift cards and takes them as payment."""

    code = "giftcards"
    basket_keys = frozenset({"gift_cards"})
    item_keys: ClassVar[Mapping[str, frozenset[str]]] = {
        KIND: frozenset({"amount", CARD, recipients.KEY}),
        TOP_UP: frozenset({"amount"}),
    }
    line_forms: ClassVar[Mapping[str, LineForm]] = {KIND: LineForm("giftcards/recipient.html", selling.from_the_desk)}
    presents = "gift_cards"
    paper = "giftcards_desk:paper"
    counter = DeskLink("giftcards_desk:counter", gettext_lazy("Gift cards"), "giftcards.view_giftcard")
    explanations: ClassVar[Mapping[str, Any]] = {
        "gift_card.paid": gettext_lazy("The gift card that ends in %(card)s pays %(paid)s; %(left)s is left on it."),
        "gift_card.rest_lost": gettext_lazy(
            "The gift card that ends in %(card)s pays %(paid)s. It is for one check: the rest, %(left)s, is lost."
        ),
        "gift_card.not_needed": gettext_lazy(
            "The gift card that ends in %(card)s was not needed; %(left)s is still on it."
        ),
        **returning.EXPLANATIONS,
        **giving.EXPLANATIONS,
    }

    def rules(self, house: House) -> Mapping[str, Kind]:
        """What is on sale, by code. One query."""
        return selling.load_kinds()

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
        code = _read_code(reader, kind) if kind == TOP_UP else reader.text(kind, limit=40)
        amount = reader.money("amount", positive=True)
        if amount is None:
            raise Invalid(_("say for how much the card is"), field=reader.at("amount"))
        said = Said() if kind == TOP_UP else Said(recipients.read(reader), _read_code(reader, CARD))
        return Item(kind=kind, code=code, amount=amount, details=said)

    def accounts(self, basket: Basket) -> Q | None:
        typed = (read_code(text) for text in basket.offers.get("gift_cards", ()))
        codes = [code for code in (*typed, *_named_in(basket).values()) if code is not None]
        # By a subquery: PostgreSQL does not lock the far side of an outer join.
        return Q(pk__in=cards_with(codes).values("account_id")) if codes else None

    def accounts_of_place(self, location: int) -> Q | None:
        """Cards that were sold there, whoever holds them now, and those that replaced them, however often."""
        return Q(pk__in=RawSQL(SOLD_AT, (location,)))  # noqa: S611  # a text of ours, and a number for it

    # --- on the counter ---

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        """All cards that are named, of whatever use, are looked up together."""
        named = _named_in(basket)
        typed = basket.offers.get("gift_cards", ())
        if not typed and not named:
            return Idle()
        places: dict[str | None, str] = {}
        for i, text in enumerate(typed):
            places.setdefault(read_code(text), f"gift_cards[{i}]")
        found = find({code for code in (*places, *named.values()) if code is not None}, scene.today)
        return Counter(
            scene,
            scene.rules[self.code],
            paying.offered({place: found.get(code or "") for code, place in places.items()}, scene),
            dict(_known(basket, named, found)),
        )

    # --- selling ---

    def line(self, item: Item, number: int, quantity: int, scene: Scene) -> Line:
        if item.kind == TOP_UP:
            return topping_up.line(item, number)
        return selling.line(item, number, scene, scene.rules[self.code])

    def goods(self, house: House, rules: Any) -> Sequence[Good]:
        goods = [_good(kind) for kind in rules.values()]
        return [*goods, *map(_top_up, _reloadable(rules.values()))]

    def waiting(self, text: str, house: House, today: date) -> Good | None:
        """A printed card of a batch that was not sold yet."""
        code = read_code(text)
        card = find([code], today).get(code) if code is not None else None
        if card is None or code is None or card.status is not Status.NEW:
            return None
        name = _("Gift card …%(end)s") % {"end": card.last_four}
        return Good(KIND, card.type, name, (card.amount,), needs_client=False, hint=_("not sold yet"), item=code)

    def openings(self, sale: Sale) -> Iterable[Opening]:
        fresh = [line for line in sale.bill.lines if line.kind == KIND and line.item.card is None]
        return [Opening(selling.operation_of(line, sale), Account.Unit.MONEY, None) for line in fresh]

    def settle(self, sale: Sale) -> Iterable[Movement]:
        uses: Sequence[Use] = sale.bill.plans.get(self.code, ())
        sold, topped_up = ([line for line in sale.bill.lines if line.kind == kind] for kind in (KIND, TOP_UP))
        return [
            *paying.settle(uses, sale),
            *(selling.sell(sold, sale) if sold else ()),
            *topping_up.settle(topped_up, sale),
        ]

    # --- giving ---

    def gives(self) -> Mapping[str, str]:
        return dict(GiftCardType.objects.order_by("code").values_list("code", "name"))

    def present(self, present: Present, handing: Handing) -> Iterable[Movement]:
        kind = GiftCardType.objects.filter(code=present.good).first()
        return giving.issue(kind, present, handing) if kind is not None else []

    def call_back(self, called: CalledBack, reversal: Reversal) -> Iterable[Movement]:
        return giving.call_back(called, reversal)

    # --- coming back ---

    def returnable(self, line: VisitLine, house: House, now: datetime) -> tuple[int, int] | None:
        return returning.returnable(line, house.day(now)) if line.kind in (KIND, TOP_UP) else None

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        sold = [back.line for back in reversal.lines if back.line.kind in (KIND, TOP_UP)]
        return [*returning.payments(reversal), *returning.sold(reversal, sold)]

    def undo_accounts(self, visit: Visit) -> Q | None:
        return following.accounts_after(visit)

    # --- what a client holds ---

    def holdings(self, client: Client, house: House, now: datetime) -> Holdings | None:
        """Cards that the client bought or was given, and that still have something on them."""
        return holding.holdings(client, house, now)


def _read_code(reader: Reader, key: str) -> str:
    """The code of a card under this key; nothing where it was not said. Raises `GiftCardUnknown`."""
    if reader.raw.get(key) is None:
        return ""
    code = read_code(reader.text(key, limit=LONGEST_TYPED))
    if code is None:
        raise unknown(reader.at(key))
    return code


def _named_in(basket: Basket) -> dict[int, str]:
    """Line number → the code of the very card that it sells or tops up."""
    named: dict[int, str] = {}
    for number, line in enumerate(basket.lines, start=1):
        item = line.item
        if item is not None and item.kind == TOP_UP:
            named[number] = item.code
        elif item is not None and item.kind == KIND and item.details is not None and item.details.card:
            named[number] = item.details.card
    return named


def _known(basket: Basket, named: Mapping[int, str], found: Mapping[str, CardState]) -> Iterable[tuple[int, CardState]]:
    """The cards that lines name. Raises `Refusal` for a code that is no card's, and for a card that is sold twice."""
    sold: set[str] = set()
    for number, code in named.items():
        item = basket.lines[number - 1].item
        is_sold = item is not None and item.kind == KIND
        field = f"lines[{number - 1}].{CARD if is_sold else TOP_UP}"
        if code not in found:
            raise unknown(field)
        if is_sold and code in sold:
            raise GiftCardSold(_("This gift card is on the check already."), field=field)
        sold |= {code} if is_sold else set()
        yield number, found[code]


def _good(kind: Kind) -> Good:
    return Good(
        KIND,
        kind.code,
        kind.name,
        kind.denominations,
        needs_client=False,
        hint=_hint(kind),
        least=kind.min_amount,
        most=kind.max_amount,
        until=kind.valid_until,
    )


def _reloadable(kinds: Iterable[Kind]) -> list[Kind]:
    return [kind for kind in kinds if kind.reloadable]


def _top_up(kind: Kind) -> Good:
    """Money on a card that somebody has already, within what its type is sold for."""
    amounts = [*kind.denominations, *(one for one in (kind.min_amount, kind.max_amount) if one is not None)]
    name = _("Top up “%(name)s”") % {"name": kind.name}
    return Good(
        TOP_UP,
        kind.code,
        name,
        (),
        needs_client=False,
        least=min(amounts, default=None),
        most=max(amounts, default=None),
        until=kind.valid_until,
        asks_code=True,
    )


def _hint(kind: Kind) -> str:
    if kind.valid_until is not None:
        return _("valid until %(day)s") % {"day": show_day(kind.valid_until)}
    return valid_for(days=kind.valid_days)
