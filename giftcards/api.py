"""Calls about gift cards: sell one, and see what is on one."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from clients import throttle
from giftcards.cards import check
from giftcards.mechanic import KIND
from loyalty.api.calls import Call, addresses
from loyalty.api.components import AMOUNT, DAY, ID, PAYMENTS, POSITIVE, TEXT, answer, body, either, ref, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import TILLS
from loyalty.api.reading import body_of, payments
from loyalty.api.schema import Operation, described
from loyalty.api.shapes import plain
from loyalty.api.visits import sale_of, sell, settled_shape
from loyalty.rulebook import rulebook

CHECKS, PERIOD = 30, timedelta(minutes=1)
"""So many cards a minute can be looked up with one key: a till does not see more, and guessing does not pay."""
NAMES = {f"lines[0].{KIND}": "type", "lines[0].amount": "amount"}

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
            "client": either(ID),
            "location": text(40),
            "payments": either(PAYMENTS),
        },
        *("type", "amount", "location", "payments"),
    ),
    problems=(404, 410),
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


class Sales(Call):
    """`POST giftcards`: a check with one line."""

    scopes = {"POST": TILLS}

    @described(SELL)
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        reader = body_of(request, {"type", "amount", "client", "location", "payments"}, house.currency)
        paid = payments(reader)
        line = {KIND: reader.raw.get("type"), "amount": reader.raw.get("amount")}
        raw = {"lines": [line], "location": reader.raw.get("location"), "client": reader.raw.get("client")}
        basket = sale_of(raw, house, self.caller, names=NAMES, now=now)

        def work(operation: str) -> Answer:
            settled = sell(basket, paid, self.caller, names=NAMES, key=operation, now=now)
            card = plain(settled.revealed[1][0], house.currency)
            told = {name: card[name] for name in ("id", "code", "amount", "last_day")}
            return Answer(201, {**told, "visit": settled_shape(settled, house)})

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


urlpatterns = [*addresses("giftcards", Sales.as_view()), *addresses("giftcards/check", Checks.as_view())]
