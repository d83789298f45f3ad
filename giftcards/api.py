"""Calls about gift cards: sell one, see what is on one, block, unblock and replace it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients import throttle
from giftcards import recipients
from giftcards.cards import Status, block, check, state_of, unblock
from giftcards.codes import show_code
from giftcards.models import GiftCard
from giftcards.replacing import replace
from giftcards.selling import CARD, KIND
from loyalty.api.calls import Call, addresses, require
from loyalty.api.components import (
    AMOUNT,
    DAY,
    ID,
    PAYMENTS,
    POSITIVE,
    RECIPIENT,
    TEXT,
    answer,
    body,
    either,
    many,
    ref,
    text,
)
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, TILLS
from loyalty.api.reading import body_of, payments, read_id
from loyalty.api.schema import Operation, described
from loyalty.api.shapes import plain
from loyalty.api.visits import guesses_counted, sale_of, sell, settled_shape
from loyalty.house import House
from loyalty.rulebook import rulebook

CHECKS, PERIOD = 30, timedelta(minutes=1)
"""So many cards a minute can be looked up with one key: a till does not see more, and guessing does not pay."""
NAMES = {
    f"lines[0].{KIND}": "type",
    f"lines[0].{CARD}": "code",
    f"lines[0].{recipients.KEY}": recipients.KEY,
    "lines[0].amount": "amount",
    "lines": "amount",  # more than a check can hold
}

SELL = Operation(
    "sell_gift_card",
    "gift cards",
    "Sell a gift card; its code is told only here",
    answer({"id": ID, "code": TEXT, "amount": AMOUNT, "last_day": either(DAY), "visit": ref("Visit")}),
    201,
    body(
        {
            "type": text(40),
            "amount": POSITIVE,
            "code": {**either(text(100)), "description": "Of a printed card of a batch: that very card is sold."},
            "client": either(ID),
            "recipient": either(RECIPIENT),
            "location": text(40),
            "payments": either(PAYMENTS),
        },
        *("type", "amount", "location", "payments"),
    ),
    problems=(404, 410, 429),
    is_change=True,
)
CHECK = Operation(
    "check_gift_card",
    "gift cards",
    "What is on a gift card",
    answer({"remaining": AMOUNT, "last_day": either(DAY), "status": TEXT}),
    takes=body({"code": text(100)}, "code"),
    problems=(429,),
)
CARD_SHAPE: dict[str, Any] = {
    "id": ID,
    "type": TEXT,
    "last_four": TEXT,
    "amount": AMOUNT,
    "remaining": AMOUNT,
    "last_day": either(DAY),
    "status": {"type": "string", "enum": [str(status) for status in Status]},
    "single_use": {"type": "boolean"},
    "reloadable": {"type": "boolean"},
    "services": many(TEXT),
    "locations": many(TEXT),
    "client": either(ID),
    "reason": TEXT,
    "replaces": either(ID),
    "moved_to": {**either(ID), "description": "The card that has its money now: it was replaced or put together."},
}
READ = Operation("read_gift_card", "gift cards", "A gift card, without its code", answer(CARD_SHAPE), problems=(404,))


def _verb(name: str, summary: str, shape: dict[str, Any]) -> Operation:
    takes = body({"reason": text(250)}, "reason")
    return Operation(name, "gift cards", summary, answer(shape), takes=takes, problems=(404,), is_change=True)


BLOCK = _verb("block_gift_card", "Nobody can pay with it until it is unblocked", CARD_SHAPE)
UNBLOCK = _verb("unblock_gift_card", "It can pay again", CARD_SHAPE)
REPLACE = _verb(
    "replace_gift_card",
    "Replace a lost gift card; the code of the new one is told only here",
    {**CARD_SHAPE, "code": TEXT},
)


FIELDS = {"type", "amount", "code", "client", "recipient", "location", "payments"}


class Sales(Call):
    """`POST giftcards`: a check with one line."""

    scopes = {"POST": TILLS}

    @described(SELL)
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        reader = body_of(request, FIELDS, house.currency)
        paid = payments(reader)
        line = {
            KIND: reader.raw.get("type"),
            "amount": reader.raw.get("amount"),
            CARD: reader.raw.get("code"),
            "recipient": reader.raw.get("recipient"),
        }
        raw = {"lines": [line], "location": reader.raw.get("location"), "client": reader.raw.get("client")}

        def work(operation: str) -> Answer:
            settled = sell(basket, paid, self.caller, names=NAMES, key=operation, now=now)
            card = plain(settled.revealed[1][0], house.currency)
            told = {name: card[name] for name in ("id", "code", "amount", "last_day")}
            return Answer(201, {**told, "visit": settled_shape(settled, house)})

        with guesses_counted(raw, self.caller, now=now):
            basket = sale_of(raw, house, self.caller, names=NAMES, now=now)
            return once(request, work, now=now)


class Checks(Call):
    """`POST giftcards/check`, throttled. A till is told which it was (`contract.md`)."""

    scopes = {"POST": TILLS}

    @described(CHECK)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        house = rulebook().house
        code = body_of(request, {"code"}, house.currency).text("code", limit=100)
        throttle.count("giftcards.api", f"key:{self.caller.key}", limit=CHECKS, period=PERIOD, now=now)
        card = check(code, now)
        return Response(
            {
                "remaining": house.currency.text(card.remaining),
                "last_day": plain(card.last_day),
                "status": str(card.status),
            }
        )


class OneCard(Call):
    """`GET giftcards/{id}`."""

    scopes = {"GET": EVERYONE}

    @described(READ)
    def get(self, request: Request, card: str) -> Response:
        return Response(card_shape(_card(card), rulebook().house, timezone.now()))


class _Verb(Call):
    """What is done with one card, and why."""

    scopes = {"POST": TILLS}

    def _answer(self, request: Request, card: str, work: Callable[[GiftCard, str, datetime], Any]) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = _card(card)
        reason = body_of(request, {"reason"}, house.currency).text("reason")
        return once(request, lambda _operation: Answer(200, work(row, reason, now)), now=now)


class Block(_Verb):
    """`POST giftcards/{id}/block`."""

    @described(BLOCK)
    def post(self, request: Request, card: str) -> HttpResponse:
        def work(row: GiftCard, reason: str, now: datetime) -> Any:
            return card_shape(block(row, reason=reason, by=self.caller.actor, now=now), rulebook().house, now)

        return self._answer(request, card, work)


class Unblock(_Verb):
    """`POST giftcards/{id}/unblock`. At the desk a manager's right, so no till's."""

    scopes = {"POST": OWNER}

    @described(UNBLOCK)
    def post(self, request: Request, card: str) -> HttpResponse:
        def work(row: GiftCard, reason: str, now: datetime) -> Any:
            return card_shape(unblock(row, reason=reason, by=self.caller.actor), rulebook().house, now)

        return self._answer(request, card, work)


class Replace(_Verb):
    """`POST giftcards/{id}/replace`: the new card, and its code, which is told only here.

    Whoever is told it can pay, with any card there is: a manager's right at the desk, so no till's.
    """

    scopes = {"POST": OWNER}

    @described(REPLACE)
    def post(self, request: Request, card: str) -> HttpResponse:
        def work(row: GiftCard, reason: str, now: datetime) -> Any:
            replaced = replace(card=row, reason=reason, by=self.caller.actor, now=now)
            return {**card_shape(replaced.card, rulebook().house, now), "code": show_code(replaced.code)}

        return self._answer(request, card, work)


def _card(text: str) -> GiftCard:
    """The card with this id. Cards are used everywhere, so every key may see them. Raises `NotFound`."""
    rows = GiftCard.objects.select_related("replaces", "replaced_by")
    return require(rows.filter(pk=read_id(text)).first(), _("There is no such gift card."))


def card_shape(card: GiftCard, house: House, now: datetime) -> dict[str, Any]:
    state = state_of(card, house.day(now))
    heir = GiftCard.objects.filter(replaces=card).values_list("pk", flat=True).first() or card.merged_into_id
    return {
        "id": str(card.pk),
        "type": state.type,
        "last_four": state.last_four,
        "amount": house.currency.text(state.amount),
        "remaining": house.currency.text(state.remaining),
        "last_day": plain(state.last_day),
        "status": str(state.status),
        "single_use": state.single_use,
        "reloadable": state.reloadable,
        "services": list(state.services),
        "locations": list(state.locations),
        "client": str(card.buyer_id) if card.buyer_id is not None else None,
        "reason": card.block_reason,
        "replaces": str(card.replaces_id) if card.replaces_id is not None else None,
        "moved_to": str(heir) if heir is not None else None,
    }


urlpatterns = [
    *addresses("giftcards", Sales.as_view()),
    *addresses("giftcards/check", Checks.as_view()),
    *addresses("giftcards/<str:card>", OneCard.as_view()),
    *addresses("giftcards/<str:card>/block", Block.as_view()),
    *addresses("giftcards/<str:card>/unblock", Unblock.as_view()),
    *addresses("giftcards/<str:card>/replace", Replace.as_view()),
]
