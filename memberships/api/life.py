"""Calls about one membership that was sold: what it is, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Client
from clients.refusals import Invalid
from loyalty.api.calls import Call, addresses, require
from loyalty.api.components import AMOUNT, COUNT, DAY, ID, TEXT, TIME, answer, body, either, many, ref, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, TILLS, Caller
from loyalty.api.people import client_with
from loyalty.api.reading import body_of, read_id
from loyalty.api.schema import Operation, described
from loyalty.api.shapes import moment, plain
from loyalty.house import House
from loyalty.reader import Reader
from loyalty.rulebook import rulebook
from memberships import extending, freezing, no_shows, people, story, transferring
from memberships.freezing import days_left, rests_of
from memberships.holding import membership_state
from memberships.models import Change, Membership, RefundBy

MOST_DAYS, MOST_SESSIONS = 10_000, 1_000_000

FREEZE = answer({"from": DAY, "until": DAY, "days": COUNT})
CHANGE = answer(
    {
        "kind": {"type": "string", "enum": list(Change.Kind.values)},
        "text": TEXT,
        "reason": TEXT,
        "at": TIME,
        "by": TEXT,
        "membership": either({**ID, "description": "That came out of it."}),
    }
)
USE = answer({"visit": ID, "at": TIME, "service": TEXT, "sessions": COUNT, "client": either(ID)})
MISSED = answer({"number": COUNT, "at": TIME, "service": TEXT, "reason": TEXT, "given_back": {"type": "boolean"}})
ONE = {
    "allOf": [
        ref("Membership"),
        answer(
            {
                "client": ID,
                "paid": AMOUNT,
                "credit": AMOUNT,
                "refund": {"type": "string", "enum": list(RefundBy.values)},
                "origin": either(ID),
                "freeze_days": COUNT,
                "freeze_days_left": COUNT,
                "freezes": many(FREEZE),
                "no_shows": many(MISSED),
                "uses": many(USE),
                "changes": many(CHANGE),
            }
        ),
    ]
}


def _verb(name: str, summary: str, takes: dict[str, Any], *required: str) -> Operation:
    problems = (404, 410) if "client" in takes else (404,)
    return Operation(name, "memberships", summary, ONE, takes=body(takes, *required), problems=problems, is_change=True)


READ = Operation("get_membership", "memberships", "A membership, and its story", ONE, problems=(404,))
FREEZING = _verb(
    "freeze_membership",
    "Let it rest: its end moves by the days",
    {
        "from": {**DAY, "description": "Tomorrow at the earliest, which is meant if it is left out."},
        "days": COUNT,
        "reason": either(text(250)),
    },
    "days",
)
UNFREEZING = _verb("unfreeze_membership", "End the freeze, or call it off", {})
EXTENDING = _verb("extend_membership", "Let it end later", {"days": COUNT, "reason": text(250)}, "days", "reason")
TRANSFERRING = _verb(
    "transfer_membership",
    "Pass it on to another client, wholly or some sessions",
    {"client": ID, "reason": text(250), "sessions": either(COUNT), "service": either(text(40))},
    "client",
    "reason",
)
MISSING = _verb(
    "count_no_show",
    "Take a session for a missed appointment",
    {"reason": text(250), "service": either(text(40))},
    "reason",
)
GIVING_BACK = _verb(
    "give_no_show_back",
    "Give the session of a missed appointment back",
    {"number": COUNT, "reason": text(250)},
    "number",
    "reason",
)
NAMING = _verb("name_person", "Name somebody who may use it", {"client": ID}, "client")
UNNAMING = Operation(
    "remove_person", "memberships", "Somebody may not use it any more", ONE, problems=(404,), is_change=True
)


def one_shape(row: Membership, house: House, now: datetime, caller: Caller) -> dict[str, Any]:
    """`GET memberships/{id}`. A key of some locations is told of the uses there, not of those elsewhere."""
    rests = rests_of(row)
    facts = {
        **membership_state(row, house, now).facts(),
        "client": str(row.client_id),
        "paid": row.paid,
        "credit": row.credit,
        "refund": row.refund,
        "origin": str(row.origin_id) if row.origin_id is not None else None,
        "freeze_days": row.freeze_days,
        "freeze_days_left": days_left(row, rests),
        "freezes": [{"from": rest.from_day, "until": rest.last_day, "days": rest.days} for rest in rests if rest.days],
    }
    return {
        **plain(facts, house.currency),
        "no_shows": [_missed_shape(one, house) for one in no_shows.no_shows_of(row)],
        "uses": [_use_shape(use, house) for use in story.uses_of(row) if caller.sees(use.place_id)],
        "changes": [_change_shape(told, house) for told in story.changes_of(row, house)],
    }


def _missed_shape(one: no_shows.NoShow, house: House) -> dict[str, Any]:
    at = moment(one.at, house.zone)
    return {"number": one.number, "at": at, "service": one.service, "reason": one.reason, "given_back": one.is_back}


def _use_shape(use: story.Use, house: House) -> dict[str, Any]:
    return {
        "visit": str(use.visit),
        "at": moment(use.at, house.zone),
        "service": use.service,
        "sessions": use.units,
        "client": str(use.client) if use.client is not None else None,
    }


def _change_shape(told: story.Told, house: House) -> dict[str, Any]:
    row = told.change
    return {
        "kind": row.kind,
        "text": told.text,
        "reason": row.reason,
        "at": moment(row.at, house.zone),
        "by": row.by,
        "membership": str(told.to) if told.to is not None else None,
    }


def _membership(text: str) -> Membership:
    """Raises `NotFound`."""
    row = Membership.objects.select_related("plan").filter(pk=read_id(text)).first()
    return require(row, _("There is no such membership."))


class OneMembership(Call):
    """`GET memberships/{id}`."""

    scopes = {"GET": EVERYONE}

    @described(READ)
    def get(self, request: Request, membership: str) -> Response:
        return Response(one_shape(_membership(membership), rulebook().house, timezone.now(), self.caller))


class _Verb(Call):
    """Something that is done to a membership; it answers as `GET` does."""

    scopes = {"POST": TILLS}

    def _answer(self, request: Request, membership: str, work: Callable[..., Membership], **said: Any) -> HttpResponse:
        row, now, house = _membership(membership), timezone.now(), rulebook().house

        def done(operation: str) -> Answer:
            changed = work(membership=row.pk, by=self.caller.actor, now=now, key=operation, **said)
            return Answer(200, one_shape(changed, house, now, self.caller))

        return once(request, done, now=now)

    def _reader(self, request: Request, *keys: str) -> Reader:
        return body_of(request, set(keys), rulebook().house.currency)


class FreezeIt(_Verb):
    """`POST memberships/{id}/freeze`."""

    @described(FREEZING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "from", "days", "reason")
        tomorrow = rulebook().house.day(timezone.now()) + timedelta(days=1)
        said = {"from_day": _day(reader, "from") or tomorrow, "days": reader.count("days", 0, MOST_DAYS)}
        return self._answer(request, membership, freezing.freeze, **said, reason=reader.text("reason", ""))


class UnfreezeIt(_Verb):
    """`POST memberships/{id}/unfreeze`."""

    @described(UNFREEZING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        self._reader(request)
        return self._answer(request, membership, freezing.unfreeze)


class ExtendIt(_Verb):
    """`POST memberships/{id}/extend`. At the desk a manager's right, so no till's."""

    scopes = {"POST": OWNER}

    @described(EXTENDING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "days", "reason")
        days = reader.count("days", 0, extending.LONGEST)
        return self._answer(request, membership, extending.extend, days=days, reason=reader.text("reason"))


class TransferIt(_Verb):
    """`POST memberships/{id}/transfer`. At the desk a manager's right, so no till's."""

    scopes = {"POST": OWNER}

    @described(TRANSFERRING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "client", "reason", "sessions", "service")
        said = {"client": _client(reader), "reason": reader.text("reason"), "service": _service(reader)}
        if reader.raw.get("sessions") is not None:
            said["sessions"] = reader.count("sessions", 0, MOST_SESSIONS)
        return self._answer(request, membership, transferring.transfer, **said)


class MissIt(_Verb):
    """`POST memberships/{id}/no_show`."""

    @described(MISSING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "reason", "service")
        said = {"reason": reader.text("reason"), "service": reader.text("service", "", limit=40)}
        return self._answer(request, membership, no_shows.count, **said)


class GiveMissedBack(_Verb):
    """`POST memberships/{id}/no_show_back`."""

    @described(GIVING_BACK)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "number", "reason")
        said = {"number": reader.count("number", 0, MOST_SESSIONS), "reason": reader.text("reason")}
        return self._answer(request, membership, no_shows.give_back, **said)


class People(_Verb):
    """`POST memberships/{id}/people`."""

    @described(NAMING)
    def post(self, request: Request, membership: str) -> HttpResponse:
        reader = self._reader(request, "client")
        return self._answer(request, membership, people.add, client=_client(reader))


class Person(_Verb):
    """`DELETE memberships/{id}/people/{client}`."""

    scopes = {"DELETE": TILLS}

    @described(UNNAMING)
    def delete(self, request: Request, membership: str, client: str) -> HttpResponse:
        return self._answer(request, membership, people.remove, client=read_id(client))


def _client(reader: Reader) -> Client:
    """Raises `Invalid`, `NotFound`, `ClientErased`."""
    pk = reader.client_id("client")
    if pk is None:
        raise Invalid(_("Say who it is."), field="client")
    return client_with(str(pk))


def _service(reader: Reader) -> int | None:
    """The id of a service by its code. Raises `Invalid`."""
    code = reader.text("service", "", limit=40)
    if not code:
        return None
    known = rulebook().house.services.get(code)
    if known is None:
        raise Invalid(_("%(code)s is not on the price list") % {"code": code}, field="service")
    return known.id


def _day(reader: Reader, key: str) -> date | None:
    """A date. Raises `Invalid`."""
    value = reader.raw.get(key)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid(_("must be a date like 2026-11-23"), field=reader.at(key)) from None


urlpatterns = [
    *addresses("memberships/<str:membership>", OneMembership.as_view()),
    *addresses("memberships/<str:membership>/freeze", FreezeIt.as_view()),
    *addresses("memberships/<str:membership>/unfreeze", UnfreezeIt.as_view()),
    *addresses("memberships/<str:membership>/extend", ExtendIt.as_view()),
    *addresses("memberships/<str:membership>/transfer", TransferIt.as_view()),
    *addresses("memberships/<str:membership>/no_show", MissIt.as_view()),
    *addresses("memberships/<str:membership>/no_show_back", GiveMissedBack.as_view()),
    *addresses("memberships/<str:membership>/people", People.as_view()),
    *addresses("memberships/<str:membership>/people/<str:client>", Person.as_view()),
]
