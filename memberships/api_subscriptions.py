"""Calls about subscriptions: pay for the next period, end it, take it up again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from loyalty.api.calls import Call, addresses, require
from loyalty.api.components import DAY, PAYMENTS, SUBSCRIPTION, body, either, ref, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import TILLS
from loyalty.api.reading import body_of, payments, read_id
from loyalty.api.schema import Operation, described
from loyalty.api.visits import sale_of, sell, settled_shape
from loyalty.house import House
from loyalty.rulebook import rulebook
from memberships import renewing
from memberships.models import Membership
from memberships.renewal_checks import KIND
from memberships.subscribers import held, waiting

TAG = "memberships"
UNTIL = {**either(DAY), "description": "Null: it begins at the first visit, which has not been."}
WAITING = {**SUBSCRIPTION, "properties": {**SUBSCRIPTION["properties"], "paid_until": UNTIL}}
NAMES = {f"lines[0].{KIND}": "membership"}
RENEW = Operation(
    "renew_membership",
    TAG,
    "Pay for the next period of a subscription: a check with one line",
    {"allOf": [SUBSCRIPTION, {"type": "object", "properties": {"visit": ref("Visit")}, "required": ["visit"]}]},
    201,
    body({"location": text(40), "payments": either(PAYMENTS)}, "location"),
    problems=(404, 410),
    is_change=True,
)
END = Operation(
    "end_renewal",
    TAG,
    "Renew a subscription no more: what is paid stays until its end",
    WAITING,
    takes=body({"reason": text(250)}, "reason"),
    problems=(404,),
    is_change=True,
)
TAKE_UP = Operation(
    "take_up_renewal",
    TAG,
    "Renew a subscription again that was ended, before its end",
    WAITING,
    takes=body({}),
    problems=(404,),
    is_change=True,
)


def _row(text: str) -> Membership:
    rows = Membership.objects.select_related("plan").filter(client__erased_at=None)
    return require(rows.filter(pk=read_id(text)).first(), _("There is no such membership."))


def _facts(membership: int, house: House, now: datetime) -> dict[str, Any]:
    row = Membership.objects.select_related("plan").get(pk=membership)
    one = held(row, house, now) or waiting(row)  # one that was ended before its first visit
    return one.facts()


class Renew(Call):
    """`POST memberships/{id}/renew`."""

    scopes = {"POST": TILLS}

    @described(RENEW)
    def post(self, request: Request, membership: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = _row(membership)
        reader = body_of(request, {"location", "payments"}, house.currency)
        paid = payments(reader)
        raw = {"lines": [{KIND: str(row.pk)}], "location": reader.raw.get("location"), "client": str(row.client_id)}
        basket = sale_of(raw, house, self.caller, names=NAMES, now=now)

        def work(operation: str) -> Answer:
            settled = sell(basket, paid, self.caller, names=NAMES, key=operation, now=now)
            return Answer(201, {**_facts(row.pk, house, now), "visit": settled_shape(settled, house)})

        return once(request, work, now=now)


class EndRenewal(Call):
    """`POST memberships/{id}/end_renewal`."""

    scopes = {"POST": TILLS}

    @described(END)
    def post(self, request: Request, membership: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = _row(membership)
        reason = body_of(request, {"reason"}, house.currency).text("reason")

        def work(operation: str) -> Answer:
            renewing.end(membership=row.pk, reason=reason, by=self.caller.actor, now=now, key=operation)
            return Answer(200, _facts(row.pk, house, now))

        return once(request, work, now=now)


class TakeUpRenewal(Call):
    """`POST memberships/{id}/take_up_renewal`."""

    scopes = {"POST": TILLS}

    @described(TAKE_UP)
    def post(self, request: Request, membership: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = _row(membership)
        body_of(request, set(), house.currency)

        def work(operation: str) -> Answer:
            renewing.take_up(membership=row.pk, by=self.caller.actor, now=now, key=operation)
            return Answer(200, _facts(row.pk, house, now))

        return once(request, work, now=now)


urlpatterns = [
    *addresses("memberships/<str:membership>/renew", Renew.as_view()),
    *addresses("memberships/<str:membership>/end_renewal", EndRenewal.as_view()),
    *addresses("memberships/<str:membership>/take_up_renewal", TakeUpRenewal.as_view()),
]
