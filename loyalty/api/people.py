"""Calls about clients: register, find, change, what they have."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients.cards import clean_number, looks_like_card
from clients.models import Client, Location
from clients.phones import parse_phone
from clients.refusals import Invalid
from clients.registration import search
from loyalty.api import schema
from loyalty.api.calls import PAGING, Call, page_of, require
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, TILLS
from loyalty.api.reading import body_of, given, lifetime, read_id, signed_amount
from loyalty.api.shapes import adjustment_shape, balance_shape, client_shapes, entry_shape
from loyalty.checkout.quote import ClientErased
from loyalty.counter import MOST
from loyalty.models import Entry, Segment
from loyalty.money import Money
from loyalty.reader import Reader
from loyalty.registration import amend, extra_keys, register
from loyalty.rulebook import rulebook
from loyalty.segments import members
from loyalty.terms import Terms
from loyalty.wallet import adjust, wallet

TEXTS = ("first_name", "last_name", "phone", "email", "birthday", "language", "card")
LISTS = ("consents", "tags", "dates", "silences")


def client_with(text: str) -> Client:
    """The client with this id. Raises `NotFound`, `ClientErased`."""
    client = require(Client.objects.filter(pk=read_id(text)).first(), _("There is no such client."))
    if client.erased_at is not None:
        raise ClientErased(_("This client has asked to be forgotten."))
    return client


def details_of(reader: Reader) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said of a client, and what of it mechanics read; null empties a field. Raises `Invalid`."""
    details: dict[str, Any] = {name: given(reader, name) for name in TEXTS if name in reader.raw}
    details |= {name: given(reader, name, list) or [] for name in LISTS if name in reader.raw}
    return details, {name: given(reader, name) for name in extra_keys() if name in reader.raw}


class Clients(Call):
    """`POST clients` and `GET clients`."""

    scopes = {"POST": TILLS, "GET": EVERYONE}
    filters = ("phone", "email", "card", "q", "segment", *PAGING)

    @schema.described(schema.REGISTER)
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        reader = body_of(request, {*TEXTS, *LISTS, *extra_keys()}, house.currency)
        details, extras = details_of(reader)
        details = {name: value for name, value in details.items() if value is not None}

        def work(operation: str) -> Answer:
            client = register(
                details={**details, "home": self._home()},
                extras={name: value for name, value in extras.items() if value is not None},
                by=self.caller.actor,
                now=now,
                key=operation,
            )
            return Answer(201, client_shapes([client], house)[0])

        return once(request, work, now=now)

    def _home(self) -> Location | None:
        """Where a key for one location registers."""
        places = list((self.caller.locations or {}).values())
        return Location.objects.get(pk=places[0]) if len(places) == 1 else None

    @schema.described(schema.FIND_CLIENTS)
    def get(self, request: Request) -> Response:
        house = rulebook().house
        rows = self._of_segment()
        phone, email, card, q = (self.query.text(name) for name in ("phone", "email", "card", "q"))
        if phone is not None:
            # A plus sign that nobody escaped arrives as a space.
            text = f"+{phone.lstrip()}" if phone.startswith(" ") else phone
            rows = rows.filter(phone=parse_phone(text, timezone=house.zone.key))
        if email is not None:
            rows = rows.filter(email=email.strip().lower())
        if card is not None:
            if not looks_like_card(card):
                raise Invalid(_("must be a card number of 4 to 20 digits"), field="card")
            rows = rows.filter(cards__number=clean_number(card))
        if q is not None:
            rows = rows.filter(pk__in=search(q).values("pk"))
        return page_of(request, self.query, rows, lambda found: client_shapes(found, house))

    def _of_segment(self) -> QuerySet[Client]:
        """Everybody, or who belongs to a segment now. Raises `Invalid`."""
        code = self.query.text("segment")
        if code is None:
            return Client.objects.filter(erased_at=None)
        segment = Segment.objects.filter(code=code).first()
        if segment is None:
            raise Invalid(_('there is no segment "%(code)s"') % {"code": code}, field="segment")
        return members(segment, now=timezone.now())


class OneClient(Call):
    """`GET clients/{id}` and `PATCH clients/{id}`."""

    scopes = {"GET": EVERYONE, "PATCH": TILLS}

    @schema.described(schema.READ_CLIENT)
    def get(self, request: Request, client: str) -> Response:
        return Response(client_shapes([client_with(client)], rulebook().house)[0])

    @schema.described(schema.CHANGE_CLIENT)
    def patch(self, request: Request, client: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = client_with(client)
        changes, extras = details_of(body_of(request, {*TEXTS, *LISTS, *extra_keys()}, house.currency))

        def work(_operation: str) -> Answer:
            changed = amend(client=row, changes=changes, extras=extras, by=self.caller.actor, now=now)
            return Answer(200, client_shapes([Client.objects.get(pk=changed.pk)], house)[0])

        return once(request, work, now=now)


class Balance(Call):
    """`GET clients/{id}/balance`."""

    scopes = {"GET": EVERYONE}

    @schema.described(schema.READ_BALANCE)
    def get(self, request: Request, client: str) -> Response:
        return Response(balance_shape(wallet(client_with(client), now=timezone.now())))


class Entries(Call):
    """`GET clients/{id}/entries`, newest first."""

    scopes = {"GET": EVERYONE}
    filters = PAGING

    @schema.described(schema.READ_ENTRIES)
    def get(self, request: Request, client: str) -> Response:
        house = rulebook().house
        rows = Entry.objects.filter(account__client=client_with(client)).select_related("lot", "account")
        return page_of(request, self.query, rows, lambda found: [entry_shape(entry, house) for entry in found])


class Adjust(Call):
    """`POST clients/{id}/adjust`."""

    scopes = {"POST": OWNER}

    @schema.described(schema.ADJUST)
    def post(self, request: Request, client: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = client_with(client)
        reader = body_of(request, {"amount", "reason", "lifetime"}, house.currency)
        amount, reason, terms = _adjustment(reader)

        def work(operation: str) -> Answer:
            entries = adjust(
                client=row, amount=amount, reason=reason, by=self.caller.actor, now=now, key=operation, terms=terms
            )
            return Answer(201, adjustment_shape(entries, house))

        return once(request, work, now=now)


def _adjustment(reader: Reader) -> tuple[Money, str, Terms]:
    """(amount, reason, terms). Raises `Invalid`."""
    amount, terms = signed_amount(reader, "amount"), lifetime(reader, "lifetime")
    if abs(amount) > MOST:
        raise Invalid(_("is too large"), field="amount")
    if terms != Terms() and amount < 0:
        raise Invalid(_("only bonuses that are added have a lifetime"), field="lifetime")
    return amount, reader.text("reason"), terms
