"""A call about promo codes: hand out the next unique code of a batch."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from clients.models import Client
from clients.refusals import NotFound
from loyalty.api.calls import Call, require
from loyalty.api.components import ID, TEXT, TIME, answer, body, either
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import TILLS
from loyalty.api.people import client_with
from loyalty.api.reading import body_of
from loyalty.api.schema import Operation, described
from loyalty.api.shapes import moment
from loyalty.discounts import normal
from loyalty.models import PromoCode
from loyalty.promo_batches import hand_out
from loyalty.reader import Reader
from loyalty.rulebook import rulebook

LONGEST = 40

HAND_OUT = Operation(
    "hand_out_promo_code",
    "promo codes",
    "Hand out the next free one of a promo code's unique codes; it is told only here",
    answer({"code": TEXT, "client": either(ID), "valid_until": either(TIME)}),
    201,
    body({"client": either(ID)}),
    problems=(404, 410),
    is_change=True,
)


class HandOuts(Call):
    """`POST promo_codes/{code}/hand_out`: for a client, who alone may use it then, or for whoever has it."""

    scopes = {"POST": TILLS}

    @described(HAND_OUT)
    def post(self, request: Request, code: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        promo = promo_with(code)
        client = client_of(body_of(request, {"client"}, house.currency))

        def work(_operation: str) -> Answer:
            given = hand_out(promo=promo, client=client, by=self.caller.actor, now=now)
            until = given.valid_until
            return Answer(
                201,
                {
                    "code": given.code,
                    "client": None if given.client is None else str(given.client),
                    "valid_until": None if until is None else moment(until, house.zone),
                },
            )

        return once(request, work, now=now)


def promo_with(code: str) -> PromoCode:
    """The promo code that is called so, in any case. Raises `NotFound`."""
    if not code.isascii() or not code.isprintable() or len(code) > LONGEST:
        raise NotFound(_("There is no such promo code."))
    return require(PromoCode.objects.filter(code__iexact=normal(code)).first(), _("There is no such promo code."))


def client_of(reader: Reader) -> Client | None:
    """Who gets it, if anybody in particular. Raises `Invalid`, `NotFound`, `ClientErased`."""
    number = reader.client_id("client")
    return None if number is None else client_with(str(number))
