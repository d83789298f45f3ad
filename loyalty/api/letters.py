"""`GET clients/{id}/letters`: every letter to a client, and what became of it."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from clients.letters.reasons import show_reason
from clients.models import Message
from loyalty.api import schema
from loyalty.api.calls import PAGING, Call, page_of
from loyalty.api.keys import EVERYONE
from loyalty.api.people import client_with
from loyalty.api.shapes import moment
from loyalty.house import House
from loyalty.rulebook import rulebook


class Letters(Call):
    """`GET clients/{id}/letters`, newest first."""

    scopes = {"GET": EVERYONE}
    filters = PAGING

    @schema.described(schema.READ_LETTERS)
    def get(self, request: Request, client: str) -> Response:
        house = rulebook().house
        rows = Message.objects.filter(client=client_with(client)).select_related("template")
        return page_of(request, self.query, rows, lambda found: [letter_shape(row, house) for row in found])


def letter_shape(row: Message, house: House) -> dict[str, Any]:
    """`reason` is a word for programs, `reason_text` the sentence. Subject and text are there once it was sent."""
    return {
        "id": str(row.pk),
        "letter": row.template.code if row.template else None,
        "occasion": row.occasion,
        "channel": row.channel,
        "topic": row.topic,
        "state": row.state,
        "reason": row.reason,
        "reason_text": show_reason(row.reason),
        "subject": row.subject,
        "text": row.text,
        "written_at": moment(row.created_at, house.zone),
        "due_at": moment(row.due_at, house.zone),
        "sent_at": moment(row.sent_at, house.zone) if row.sent_at else None,
        "tries": row.tries,
    }
