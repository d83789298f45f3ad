"""Calls about actions that bring bonuses: a review, a survey, a post, a booking online."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from loyalty.actions import LONGEST_KEY, record_action
from loyalty.api import schema
from loyalty.api.calls import Call
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import TILLS
from loyalty.api.people import client_with
from loyalty.api.reading import body_of, given
from loyalty.api.shapes import action_shape
from loyalty.rulebook import rulebook


class Actions(Call):
    """`POST clients/{id}/actions`."""

    scopes = {"POST": TILLS}

    @schema.described(schema.ACT)
    def post(self, request: Request, client: str) -> HttpResponse:
        now, house = timezone.now(), rulebook().house
        row = client_with(client)
        reader = body_of(request, {"code", "key", "note"}, house.currency)
        code, key = reader.text("code", limit=40), reader.text("key", limit=LONGEST_KEY)
        note = given(reader, "note") or ""

        def work(_operation: str) -> Answer:
            entry = record_action(
                client=row, code=code, key=key, by=self.caller.actor, now=now, note=note, place=self._place()
            )
            return Answer(201, action_shape(entry, house))

        return once(request, work, now=now)

    def _place(self) -> str | None:
        """Where a key for one location confirms."""
        codes = list(self.caller.locations or {})
        return codes[0] if len(codes) == 1 else None
