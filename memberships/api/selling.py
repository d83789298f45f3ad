"""Calls about memberships: sell one, and list those of a client."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.refusals import Invalid
from loyalty.api.calls import PAGING, Call, addresses, page_of
from loyalty.api.components import DAY, ID, PAYMENTS, body, either, ref, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, TILLS
from loyalty.api.people import client_with
from loyalty.api.reading import body_of, payments
from loyalty.api.schema import PAGES, Operation, described, paged
from loyalty.api.shapes import plain
from loyalty.api.visits import sale_of, sell, settled_shape
from loyalty.house import House
from loyalty.rulebook import rulebook
from memberships import upgrading
from memberships.holding import membership_state, states_of
from memberships.models import Membership
from memberships.selling import FIRST_DAY, KIND

SAID = (FIRST_DAY, upgrading.KEY)
NAMES = {f"lines[0].{KIND}": "plan", **{f"lines[0].{key}": key for key in SAID}}

SOLD = {"allOf": [ref("Membership"), {"type": "object", "properties": {"visit": ref("Visit")}, "required": ["visit"]}]}
SELL = Operation(
    "sell_membership",
    "memberships",
    "Sell a membership",
    SOLD,
    201,
    body(
        {
            "client": ID,
            "plan": text(40),
            "location": text(40),
            "payments": either(PAYMENTS),
            FIRST_DAY: either({**DAY, "description": "Of a plan that begins on a date."}),
            upgrading.KEY: either(
                {**ID, "description": "A membership whose unused part is credited; it is void then."}
            ),
        },
        "client",
        "plan",
        "location",
    ),
    problems=(404, 410),
    is_change=True,
)
LIST = Operation(
    "list_memberships",
    "memberships",
    "Memberships, newest first",
    paged("Membership"),
    query={"client": "Of this client.", **PAGES},
    problems=(404, 410),
)


class Memberships(Call):
    """`POST memberships` (a check with one line) and `GET memberships`."""

    scopes = {"POST": TILLS, "GET": EVERYONE}
    filters = ("client", *PAGING)

    @described(SELL)
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        reader = body_of(request, {"client", "plan", "location", "payments", *SAID}, house.currency)
        paid = payments(reader)
        if reader.client_id("client") is None:
            raise Invalid(_("A membership belongs to a client: say who it is."), field="client")
        line = {KIND: reader.raw.get("plan"), **{key: reader.raw[key] for key in SAID if key in reader.raw}}
        raw = {"lines": [line], "location": reader.raw.get("location"), "client": reader.raw["client"]}
        basket = sale_of(raw, house, self.caller, names=NAMES, now=now)

        def work(operation: str) -> Answer:
            settled = sell(basket, paid, self.caller, names=NAMES, key=operation, now=now)
            membership = Membership.objects.get(sold_on__visit=settled.visit)
            facts = plain(membership_state(membership, house, now).facts(), house.currency)
            return Answer(201, {**facts, "visit": settled_shape(settled, house)})

        return once(request, work, now=now)

    @described(LIST)
    def get(self, request: Request) -> Response:
        house = rulebook().house
        rows = Membership.objects.all()
        if self.query.text("client") is not None:
            rows = rows.filter(client=client_with(str(self.query.id("client"))))
        return page_of(request, self.query, rows, lambda found: _shapes(found, house))


def _shapes(found: list[Membership], house: House) -> list[dict[str, Any]]:
    return [plain(state.facts(), house.currency) for state in states_of(found, house, timezone.now())]


urlpatterns = addresses("memberships", Memberships.as_view())
