"""`GET setup` and `PUT setup`: the document that the owner's settings are."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api import schema
from loyalty.api.calls import Call
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import OWNER, NotAllowed
from loyalty.api.reading import object_of
from loyalty.api.shapes import plain
from loyalty.setup import dump, load


class Setup(Call):
    """The setup is the whole business's: a key for some locations may not read or change it."""

    scopes = {"GET": OWNER, "PUT": OWNER}

    @schema.described(schema.READ_SETUP)
    def get(self, request: Request) -> Response:
        self._check_everywhere()
        return Response(plain(dump()))

    @schema.described(schema.LOAD_SETUP)
    def put(self, request: Request) -> HttpResponse:
        self._check_everywhere()

        def work(_operation: str) -> Answer:
            load(object_of(request), by=self.caller.actor)
            return Answer(200, plain(dump()))

        return once(request, work, now=timezone.now())

    def _check_everywhere(self) -> None:
        if self.caller.locations is not None:
            raise NotAllowed(_("The setup is for keys that may be used at every location."))
