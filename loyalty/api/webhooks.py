"""Calls about webhooks: who is told of events."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.refusals import Invalid
from loyalty import events
from loyalty.api.calls import PAGING, Call, page_of, require
from loyalty.api.components import ID, TEXT, TIME, answer, body, many, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import OWNER, NotAllowed
from loyalty.api.reading import body_of, read_id
from loyalty.api.schema import PAGES, Operation, described
from loyalty.api.shapes import moment
from loyalty.house import House
from loyalty.models import Webhook
from loyalty.rulebook import rulebook

TAG = "webhooks"
FLAG = {"type": "boolean"}
NAME = {"type": "string", "enum": list(events.NAMES)}
FIELDS = {"id": ID, "url": TEXT, "events": many(NAME), "enabled": FLAG, "disabled_reason": TEXT, "created_at": TIME}
WEBHOOK = answer(FIELDS)
ADD = Operation(
    "add_webhook",
    TAG,
    "Be told of events; the secret that signs them is told only here",
    answer({**FIELDS, "secret": TEXT}),
    201,
    body({"url": text(500), "events": many(NAME)}, "url", "events"),
    is_change=True,
)
LIST = Operation("list_webhooks", TAG, "Who is told of events", answer({"results": many(WEBHOOK)}), query=dict(PAGES))
READ = Operation("read_webhook", TAG, "One of them", WEBHOOK, problems=(404,))
REMOVE = Operation(
    "remove_webhook", TAG, "Not be told any more", answer({"removed": FLAG}), problems=(404,), is_change=True
)


def shape(row: Webhook, house: House) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "url": row.url,
        "events": row.events,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
        "created_at": moment(row.created_at, house.zone),
    }


class OfTheWholeBusiness(Call):
    """Events tell of every location, so a key of some of them may not listen."""

    def check_everywhere(self) -> None:
        if self.caller.locations is not None:
            raise NotAllowed(_("Webhooks are for keys that may be used at every location."))


class Webhooks(OfTheWholeBusiness):
    """`POST webhooks`, and `GET`: all of them."""

    scopes = {"GET": OWNER, "POST": OWNER}
    filters = PAGING

    @described(LIST)
    def get(self, request: Request) -> Response:
        self.check_everywhere()
        house = rulebook().house
        return page_of(request, self.query, Webhook.objects.all(), lambda found: [shape(one, house) for one in found])

    @described(ADD)
    def post(self, request: Request) -> HttpResponse:
        self.check_everywhere()
        house = rulebook().house
        reader = body_of(request, {"url", "events"}, house.currency)
        url, names = reader.text("url", limit=500), reader.items("events")
        for i, name in enumerate(names):
            if not isinstance(name, str):
                raise Invalid(_("must be the name of an event"), field=f"events[{i}]")

        def work(_operation: str) -> Answer:
            row, secret = events.add(url=url, events=names, by=self.caller.actor)
            return Answer(201, {**shape(row, house), "secret": secret})

        return once(request, work, now=timezone.now())


class OneWebhook(OfTheWholeBusiness):
    """`GET` and `DELETE webhooks/{id}`."""

    scopes = {"GET": OWNER, "DELETE": OWNER}

    @described(READ)
    def get(self, request: Request, webhook: str) -> Response:
        self.check_everywhere()
        return Response(shape(_webhook(webhook), rulebook().house))

    @described(REMOVE)
    def delete(self, request: Request, webhook: str) -> HttpResponse:
        self.check_everywhere()
        row = _webhook(webhook)

        def work(_operation: str) -> Answer:
            events.remove(row)
            return Answer(200, {"removed": True})

        return once(request, work, now=timezone.now())


def _webhook(said: str) -> Webhook:
    """Raises `NotFound`."""
    return require(Webhook.objects.filter(pk=read_id(said)).first(), _("There is no such webhook."))
