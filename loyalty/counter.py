"""Reads a basket from what a till, the desk or a script sent (`contract.md`), strictly.

`client`, `location`, `lines` and `at` are read here; the other keys belong to mechanics, who read them
themselves (`gift_cards`, `memberships`, `redeem`, a line's `gift_card_type`). A key that nobody reads is refused.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from loyalty.basket import Basket, BasketLine
from loyalty.house import House
from loyalty.mechanics import mechanic_selling, mechanics
from loyalty.money import Money, total
from loyalty.reader import Reader

MAX_LINES = 200
MAX_QUANTITY = 9999
MOST = Money(10**15)
"""Minor units: no check and no lot comes near it, and any sum of a few thousand still fits the database."""
OWN_KEYS = {"client", "location", "lines", "at"}
LINE_KEYS = {"service", "quantity", "price", "price_reason"}


def read_basket(raw: Any, house: House, *, by_staff: bool = True) -> Basket:
    """The basket that was sent. Raises `Invalid` with the path of what is wrong."""
    reader = Reader(raw, "", house.currency)
    reader.only(OWN_KEYS.union(*(mechanic.basket_keys for mechanic in mechanics())))
    lines = reader.items("lines")
    if not 1 <= len(lines) <= MAX_LINES:
        raise Invalid(_("must have 1 to %(limit)d lines") % {"limit": MAX_LINES}, field="lines")
    basket = Basket(
        client=reader.client_id("client"),
        location=reader.text("location", limit=40),
        lines=tuple(_line(line, f"lines[{i}]", house) for i, line in enumerate(lines)),
        offers={key: value for mechanic in mechanics() for key, value in mechanic.read_offer(reader).items()},
        at=reader.moment("at"),
        by_staff=by_staff,
    )
    if total(_list_price(line, house) for line in basket.lines) > MOST:
        raise Invalid(_("come to more than a check can hold"), field="lines")
    return basket


def _list_price(line: BasketLine, house: House) -> Money:
    service = house.services.get(line.service)
    own = line.item.amount if line.item is not None else service.price if service is not None else None
    return ((line.price if line.price is not None else own) or Money(0)).times(line.quantity)


def _line(raw: Any, path: str, house: House) -> BasketLine:
    reader = Reader(raw, path, house.currency)
    kinds = [kind for mechanic in mechanics() for kind in mechanic.item_keys if kind in reader.raw]
    if kinds:
        return _item_line(reader, kinds[0])
    reader.only(LINE_KEYS)
    return BasketLine(
        service=reader.text("service", limit=40),
        quantity=reader.count("quantity", 1, MAX_QUANTITY),
        price=reader.money("price"),
        price_reason=reader.text("price_reason", ""),
    )


def _item_line(reader: Reader, kind: str) -> BasketLine:
    mechanic = mechanic_selling(kind)
    assert mechanic is not None
    reader.only({kind, *mechanic.item_keys[kind]})
    return BasketLine(item=mechanic.read_item(reader, kind))
