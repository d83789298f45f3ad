"""Calls about segments: which there are, who belongs now, and who is put on a list or taken off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.refusals import Invalid
from loyalty import lists
from loyalty.api.calls import PAGING, Call, page_of, require
from loyalty.api.components import COUNT, ID, SEGMENT, answer, body, either, many
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, NotAllowed
from loyalty.api.reading import body_of, is_id
from loyalty.api.schema import PAGES, Operation, described, paged
from loyalty.api.shapes import client_shapes, plain
from loyalty.models import Segment
from loyalty.reader import Reader
from loyalty.rulebook import rulebook
from loyalty.segments import members
from loyalty.setup.segments import Segments

IDS = {**many(ID), "maxItems": lists.MOST}
LIST = Operation(
    "list_segments",
    "segments",
    "Segments, newest first",
    paged("Segment"),
    query=PAGES,
)
READ = Operation(
    "read_segment",
    "segments",
    "A segment, and how many clients belong now",
    answer({**SEGMENT["properties"], "clients": COUNT}),
    problems=(404,),
)
MEMBERS = Operation(
    "list_clients_of_segment", "segments", "Who belongs now", paged("Client"), query=PAGES, problems=(404,)
)
CHANGE = Operation(
    "change_list",
    "segments",
    "Put clients on a list, or take them off",
    answer({"added": COUNT, "removed": COUNT, "clients": COUNT, "unknown": many(ID)}),
    takes=body({"add": either(IDS), "remove": either(IDS)}),
    problems=(404,),
    is_change=True,
)
EMPTY = Operation(
    "empty_list",
    "segments",
    "Take everybody off a list",
    answer({"removed": COUNT}),
    problems=(404,),
    is_change=True,
)


class AllSegments(Call):
    """`GET segments`."""

    scopes = {"GET": EVERYONE}
    filters = PAGING

    @described(LIST)
    def get(self, request: Request) -> Response:
        rows = Segment.objects.select_related("location")
        return page_of(request, self.query, rows, lambda found: [_shape(segment) for segment in found])


class OneSegment(Call):
    """`GET segments/{code}`."""

    scopes = {"GET": EVERYONE}

    @described(READ)
    def get(self, request: Request, code: str) -> Response:
        segment = segment_with(code)
        return Response({**_shape(segment), "clients": members(segment, now=timezone.now()).count()})


class Members(Call):
    """`GET`, `POST` and `DELETE segments/{code}/clients`."""

    scopes = {"GET": OWNER, "POST": OWNER, "DELETE": OWNER}
    filters = PAGING

    @described(MEMBERS)
    def get(self, request: Request, code: str) -> Response:
        self._check_everywhere()
        house = rulebook().house
        rows = members(segment_with(code), now=timezone.now())
        return page_of(request, self.query, rows, lambda found: client_shapes(found, house))

    @described(CHANGE)
    def post(self, request: Request, code: str) -> HttpResponse:
        self._check_everywhere()
        now = timezone.now()
        segment = segment_with(code)
        reader = body_of(request, {"add", "remove"}, rulebook().house.currency)
        add, remove = _ids(reader, "add"), _ids(reader, "remove")
        both = sorted(set(add) & set(remove))
        if both:
            raise Invalid(_("%(id)s is to be added too") % {"id": both[0]}, field="remove")

        def work(_operation: str) -> Answer:
            added = lists.put_on(segment=segment, clients=add, by=self.caller.actor, now=now)
            removed = lists.take_off(segment=segment, clients=remove, by=self.caller.actor)
            unknown = [str(client) for client in lists.unknown(add)]
            left = lists.listed(segment).count()
            return Answer(200, {"added": added, "removed": removed, "clients": left, "unknown": unknown})

        return once(request, work, now=now)

    @described(EMPTY)
    def delete(self, request: Request, code: str) -> HttpResponse:
        self._check_everywhere()
        segment = segment_with(code)

        def work(_operation: str) -> Answer:
            return Answer(200, {"removed": lists.empty(segment=segment, by=self.caller.actor)})

        return once(request, work, now=timezone.now())

    def _check_everywhere(self) -> None:
        if self.caller.locations is not None:
            raise NotAllowed(_("Segments are for keys that may be used at every location."))


def segment_with(code: str) -> Segment:
    """The segment of this code. Raises `NotFound`."""
    found = Segment.objects.filter(code=code).select_related("location").first() if "\x00" not in code else None
    return require(found, _("There is no such segment."))


def _shape(segment: Segment) -> Mapping[str, Any]:
    written = plain(Segments().write(segment, rulebook().house.currency))
    return {
        "code": segment.code,
        "name": segment.name,
        "enabled": segment.enabled,
        "static": segment.is_static,
        "rule": written.get("rule"),
    }


def _ids(reader: Reader, key: str) -> list[int]:
    """Ids of clients, as JSON strings (numbers are taken too); absent or null is none. Raises `Invalid`."""
    if reader.raw.get(key) is None:
        return []
    said = reader.items(key)
    if len(said) > lists.MOST:
        raise Invalid(_("must be at most %(count)d clients") % {"count": lists.MOST}, field=key)
    for index, one in enumerate(said):
        if isinstance(one, bool) or not isinstance(one, int | str) or not is_id(str(one)):
            raise Invalid(_("must be the id of a client"), field=f"{key}[{index}]")
    return [int(one) for one in said]
