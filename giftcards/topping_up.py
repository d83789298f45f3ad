"""Topping a card up: money that is put on a card which its owner has already.

Only cards that were sold so can be topped up, by what their type is sold for now. Each top-up is a lot of its own,
with the validity that the type has now; it earns nothing, only money pays for it, and it comes back while it is
untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from giftcards.cards import CardState, refuse_barred
from giftcards.codes import SHOWN, read_code
from giftcards.selling import Kind, check_amount, check_on_sale, not_a_service
from loyalty.basket import Item
from loyalty.ledger import Grant, Movement
from loyalty.mechanics import Sale, Scene
from loyalty.money import ZERO
from loyalty.pricing import Line

KIND = "gift_card_top_up"


@dataclass(frozen=True, slots=True)
class TopUp:
    """What a line puts money on, once it is known."""

    card: CardState
    kind: Kind


def line(item: Item, number: int) -> Line:
    """The line of a top-up; which card it is for comes with `resolved`."""
    end = (read_code(item.code) or "")[-SHOWN:]
    name = _("Top-up of gift card …%(end)s") % {"end": end}
    return not_a_service(number, KIND, None, item.amount or ZERO, name=name, item=None)


def resolved(line: Line, card: CardState, kinds: Mapping[str, Kind], scene: Scene) -> Line:
    """The line with its card. Raises `Refusal` for a card that cannot be topped up, or not by so much."""
    path = f"lines[{line.number - 1}]"
    field = f"{path}.{KIND}"
    refuse_barred(card, field=field)
    kind = kinds.get(card.type)
    if not card.reloadable:
        raise Invalid(_("This gift card cannot be topped up."), field=field)
    if kind is None:
        raise Invalid(_("Gift cards of this type are not sold any more, so it cannot be topped up."), field=field)
    check_on_sale(kind, scene.today, field)
    check_amount(kind, line.price, scene.house.currency, f"{path}.amount")
    return replace(line, code=kind.code, terms=f"{card.id} {kind.terms}"[:250], item=TopUp(card, kind))


def settle(lines: Sequence[Line], sale: Sale) -> list[Movement]:
    """Grant what was put on."""
    today = sale.scene.today
    grants: list[Movement] = []
    for one in lines:
        top_up: TopUp = one.item
        kind = top_up.kind
        operation = sale.operation("giftcards", f"top_up:{one.number}")
        last_day = kind.last_day(today)
        grants.append(
            Grant(operation, top_up.card.account, one.price, today, last_day, program=kind.code, name=kind.name)
        )
    return grants
