"""Calls about prizes: what there is, take one for a client, hand it over, take it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Location
from clients.refusals import NotFound
from loyalty import prizes
from loyalty.api.calls import Call, require
from loyalty.api.components import AMOUNT, COUNT, DAY, ID, TEXT, TIME, answer, body, either, many, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, TILLS
from loyalty.api.people import client_with
from loyalty.api.reading import body_of, read_id
from loyalty.api.schema import Operation, described
from loyalty.api.shapes import moment, plain
from loyalty.house import House
from loyalty.models import Prize, PrizeClaim
from loyalty.prizes import left_of, number_of
from loyalty.reader import Reader
from loyalty.rulebook import rulebook

PRIZE = answer(
    {
        "code": TEXT,
        "name": TEXT,
        "description": TEXT,
        "price": AMOUNT,
        "service": either(TEXT),
        "left": either(COUNT),
        "per_client": either(COUNT),
        "valid_days": either(COUNT),
        "segment": either(TEXT),
        "by_client": {"type": "boolean"},
    }
)
CLAIM = answer(
    {
        "id": ID,
        "number": TEXT,
        "client": ID,
        "prize": TEXT,
        "name": TEXT,
        "price": AMOUNT,
        "state": {"type": "string", "enum": ["waiting", "handed_over", "cancelled"]},
        "last_day": either(DAY),
        "at": TIME,
        "by": TEXT,
        "closed_at": either(TIME),
        "reason": TEXT,
    }
)
TAG = "prizes"
CATALOGUE = Operation("list_prizes", TAG, "What clients can take for bonuses", answer({"results": many(PRIZE)}))
HELD = Operation(
    "list_prizes_of_client", TAG, "What waits for a client", answer({"results": many(CLAIM)}), problems=(404, 410)
)
TAKE = Operation(
    "take_prize",
    TAG,
    "Take a prize for a client",
    CLAIM,
    201,
    body({"prize": text(40), "key": either(text(60)), "location": either(text(40))}, "prize"),
    problems=(404, 410),
    is_change=True,
)
HAND_OVER = Operation(
    "hand_over_prize", TAG, "The client got it", CLAIM, takes=body({}), problems=(404,), is_change=True
)
CANCEL = Operation(
    "cancel_prize",
    TAG,
    "Take a prize back: its bonuses return",
    CLAIM,
    takes=body({"reason": text(250)}, "reason"),
    problems=(404,),
    is_change=True,
)


def prize_shape(prize: Prize, house: House) -> dict[str, Any]:
    return {
        "code": prize.code,
        "name": prize.name,
        "description": prize.description,
        "price": house.currency.text(prize.price),
        "service": prize.service.code if prize.service is not None else None,
        "left": left_of(prize),
        "per_client": prize.per_client,
        "valid_days": prize.free_days,
        "segment": prize.segment.code if prize.segment is not None else None,
        "by_client": prize.by_client,
    }


def claim_shape(claim: PrizeClaim, house: House) -> dict[str, Any]:
    return {
        "id": str(claim.pk),
        "number": number_of(claim),
        "client": str(claim.client_id),
        "prize": claim.prize.code,
        "name": claim.prize.name,
        "price": house.currency.text(claim.price),
        "state": str(claim.state),
        "last_day": plain(claim.last_day),
        "at": moment(claim.at, house.zone),
        "by": claim.by,
        "closed_at": moment(claim.closed_at, house.zone) if claim.closed_at is not None else None,
        "reason": claim.reason,
    }


class Prizes(Call):
    """`GET prizes`."""

    scopes = {"GET": EVERYONE}

    @described(CATALOGUE)
    def get(self, request: Request) -> Response:
        house = rulebook().house
        rows = Prize.objects.filter(enabled=True).select_related("service", "segment", "taken_stock")
        return Response({"results": [prize_shape(prize, house) for prize in rows]})


class PrizesOfClient(Call):
    """`POST clients/{id}/prizes`, and `GET`: what waits for them."""

    scopes = {"GET": EVERYONE, "POST": TILLS}

    @described(HELD)
    def get(self, request: Request, client: str) -> Response:
        house = rulebook().house
        waiting = prizes.waiting_for(client_with(client))
        return Response({"results": [claim_shape(claim, house) for claim in waiting]})

    @described(TAKE)
    def post(self, request: Request, client: str) -> HttpResponse:
        """`key` is the caller's own name of it: under the same key it is taken once, whenever it is sent."""
        now = timezone.now()
        house = rulebook().house
        row = client_with(client)
        reader = body_of(request, {"prize", "key", "location"}, house.currency)
        prize, place = _prize(reader), self._place(reader)
        key = reader.text("key", "", limit=60)

        def work(operation: str) -> Answer:
            operation = f"api:{self.caller.key}:prize:{row.pk}:{key}" if key else operation
            taken = prizes.claim(client=row, prize=prize, by=self.caller.actor, now=now, key=operation, location=place)
            return Answer(201, claim_shape(taken, house))

        return once(request, work, now=now)

    def _place(self, reader: Reader) -> Location | None:
        """Where it is taken, if that is said. Raises `NotAllowed` for a location that is not the key's."""
        code = reader.text("location", "", limit=40)
        if not code:
            return None
        self.caller.check_location(code)
        return require(Location.objects.filter(code=code).first(), _("There is no such location."))


def _prize(reader: Reader) -> Prize:
    code = reader.text("prize", limit=40)
    prize = Prize.objects.filter(code=code).first()
    if prize is None:
        raise NotFound(_("There is no prize %(code)s.") % {"code": code}, field="prize")
    return prize


class _Claim(Call):
    """What becomes of a prize that was taken."""

    scopes = {"POST": TILLS}

    def _answer(self, request: Request, claim: str, work: Callable[[PrizeClaim], PrizeClaim]) -> HttpResponse:
        house = rulebook().house
        row = require(PrizeClaim.objects.filter(pk=read_id(claim)).first(), _("There is no such prize."))
        return once(request, lambda _operation: Answer(200, claim_shape(work(row), house)), now=timezone.now())


class HandOver(_Claim):
    """`POST prizes/claims/{id}/hand_over`."""

    @described(HAND_OVER)
    def post(self, request: Request, claim: str) -> HttpResponse:
        body_of(request, set(), rulebook().house.currency)
        now, by = timezone.now(), self.caller.actor
        return self._answer(request, claim, lambda row: prizes.hand_over(claim=row, by=by, now=now))


class Cancel(_Claim):
    """`POST prizes/claims/{id}/cancel`."""

    @described(CANCEL)
    def post(self, request: Request, claim: str) -> HttpResponse:
        reason = body_of(request, {"reason"}, rulebook().house.currency).text("reason")
        now, by = timezone.now(), self.caller.actor
        return self._answer(request, claim, lambda row: prizes.cancel(claim=row, reason=reason, by=by, now=now))
