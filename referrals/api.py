"""Calls about whom a client brought; and about partners: who they are, what they are paid, and that it was paid."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.refusals import Invalid
from loyalty.api.calls import PAGING, Call, addresses, page_of, require
from loyalty.api.components import AMOUNT, COUNT, DAY, ID, PERCENT, TEXT, TIME, Schema, answer, body, either, text
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, NotAllowed
from loyalty.api.people import client_with
from loyalty.api.reading import body_of
from loyalty.api.schema import PAGES, Operation, described
from loyalty.api.shapes import moment, plain
from loyalty.house import House
from loyalty.money import percent_text
from loyalty.rulebook import rulebook
from referrals import partners, statements
from referrals.models import Partner, PartnerStatement, Referral
from referrals.tree import Friend, Status, friends_of

TAG = "partners"
MONTH: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "examples": ["2026-03"]}
LINK: Schema = either({"type": "string", "format": "uri"})
PARTNER = answer(
    {
        "code": TEXT,
        "name": TEXT,
        "enabled": {"type": "boolean"},
        "percent": PERCENT,
        "months": either(COUNT),
        "email": TEXT,
        "note": TEXT,
        "clients": COUNT,
    }
)
STATEMENT = answer(
    {
        "month": MONTH,
        "clients": COUNT,
        "visits": COUNT,
        "paid_in": AMOUNT,
        "refunded": AMOUNT,
        "percent": PERCENT,
        "carried": AMOUNT,
        "amount": AMOUNT,
        "made_at": TIME,
        "paid_at": either(TIME),
        "paid_by": TEXT,
        "paid_note": TEXT,
    }
)


def _paged(of: Schema) -> Schema:
    return answer({"next": LINK, "previous": LINK, "results": {"type": "array", "items": of}})


FRIEND = answer(
    {
        "id": ID,
        "first_name": TEXT,
        "status": {"type": "string", "enum": [str(status) for status in Status]},
        "named_at": TIME,
        "joined_at": TIME,
        "first_visit_at": either(TIME),
        "paid": {**AMOUNT, "description": "In money, less what came back; at the locations of the key."},
        "earned": {**AMOUNT, "description": "Bonuses for whoever brought them, less what was taken back."},
        "pending": {**AMOUNT, "description": "Bonuses that cannot be used yet."},
        "pending_until": either(DAY),
        "friends": {**COUNT, "description": "Whom this friend has brought in turn."},
    }
)
FRIENDS = Operation(
    "list_referrals",
    "clients",
    "Friends whom a client brought, newest first",
    _paged(FRIEND),
    query=PAGES,
    problems=(404, 410),
)
LIST = Operation("list_partners", TAG, "Partners, newest first", _paged(PARTNER), query=PAGES)
STATEMENTS = Operation(
    "list_statements", TAG, "Statements of a partner, newest first", _paged(STATEMENT), query=PAGES, problems=(404,)
)
PAID = Operation(
    "mark_statement_paid",
    TAG,
    "Mark the statement of a month as paid out; it stays so",
    STATEMENT,
    takes=body({"note": either(text(statements.NOTE_LENGTH))}),
    problems=(404,),
    is_change=True,
)


def statement_shape(row: PartnerStatement, house: House) -> dict[str, Any]:
    amount = house.currency.text
    return {
        "month": f"{row.month:%Y-%m}",
        "clients": row.clients,
        "visits": row.visits,
        "paid_in": amount(row.paid_in),
        "refunded": amount(row.refunded),
        "percent": percent_text(row.percent),
        "carried": amount(row.carried),
        "amount": amount(row.amount),
        "made_at": moment(row.made_at, house.zone),
        "paid_at": moment(row.paid_at, house.zone) if row.paid_at is not None else None,
        "paid_by": row.paid_by,
        "paid_note": row.paid_note,
    }


class _OfPartners(Call):
    """Partners are of the whole house: a key for some locations may not see them."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.caller.locations is not None:
            raise NotAllowed(_("Partners are for keys that may be used at every location."))


class Partners(_OfPartners):
    """`GET partners`."""

    scopes = {"GET": OWNER}
    filters = PAGING

    @described(LIST)
    def get(self, request: Request) -> Response:
        rows = Partner.objects.annotate(brought=Count("clients"))
        return page_of(request, self.query, rows, lambda found: [_partner(row) for row in found])


def _partner(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "enabled": row.enabled,
        "percent": percent_text(row.percent),
        "months": row.months,
        "email": row.email,
        "note": row.note,
        "clients": row.brought,
    }


class Statements(_OfPartners):
    """`GET partners/{code}/statements`."""

    scopes = {"GET": OWNER}
    filters = PAGING

    @described(STATEMENTS)
    def get(self, request: Request, code: str) -> Response:
        house = rulebook().house
        rows = PartnerStatement.objects.filter(partner=partner_with(code))
        return page_of(request, self.query, rows, lambda found: [statement_shape(row, house) for row in found])


class Paid(_OfPartners):
    """`POST partners/{code}/statements/{month}/paid`."""

    scopes = {"POST": OWNER}

    @described(PAID)
    def post(self, request: Request, code: str, month: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        note = body_of(request, {"note"}, house.currency).text("note", "", limit=statements.NOTE_LENGTH)
        rows = PartnerStatement.objects.filter(partner=partner_with(code), month=_month(month))
        row = require(rows.first(), _("There is no statement for this month."))

        def work(_operation: str) -> Answer:
            paid = statements.mark_paid(statement=row, note=note, by=self.caller.actor, now=now)
            return Answer(200, statement_shape(paid, house))

        return once(request, work, now=now)


def partner_with(code: str) -> Partner:
    """The partner with this code, in any case. Raises `NotFound`."""
    found = partners.partner_with(code)
    return require(found, _("There is no such partner."))


def _month(text: str) -> date:
    """The first day of "2026-03". Raises `Invalid`."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid(_("must be a month like 2026-03"), field="month") from None


class Friends(Call):
    """`GET clients/{id}/referrals`: how far each friend is, with dates and sums."""

    scopes = {"GET": EVERYONE}
    filters = PAGING

    @described(FRIENDS)
    def get(self, request: Request, client: str) -> Response:
        house, now = rulebook().house, timezone.now()
        rows = Referral.objects.filter(referrer=client_with(client))
        own = self.caller.locations
        places = None if own is None else list(own.values())  # a key of a location sees no visits of others

        def shapes(found: list[Referral]) -> list[dict[str, Any]]:
            return [friend_shape(friend, house) for friend in friends_of(found, house, now, places=places)]

        return page_of(request, self.query, rows, shapes)


def friend_shape(friend: Friend, house: House) -> dict[str, Any]:
    amount, visited = house.currency.text, friend.first_visit_at
    return {
        "id": str(friend.client.pk),
        "first_name": friend.client.first_name,
        "status": str(friend.status),
        "named_at": moment(friend.referral.named_at, house.zone),
        "joined_at": moment(friend.client.created_at, house.zone),
        "first_visit_at": moment(visited, house.zone) if visited is not None else None,
        "paid": amount(friend.paid),
        "earned": amount(friend.earned),
        "pending": amount(friend.pending),
        "pending_until": plain(friend.pending_until),
        "friends": friend.friends,
    }


urlpatterns = [
    *addresses("clients/<str:client>/referrals", Friends.as_view()),
    *addresses("partners", Partners.as_view()),
    *addresses("partners/<str:code>/statements", Statements.as_view()),
    *addresses("partners/<str:code>/statements/<str:month>/paid", Paid.as_view()),
]
