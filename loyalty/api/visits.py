"""Calls about checks: quote, settle, list, refund; and the sale of one thing, which is a check with one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from clients import throttle
from clients.models import Location, Throttle
from clients.refusals import Invalid, Refusal
from loyalty import promises
from loyalty.api import schema
from loyalty.api.calls import PAGING, Call, page_of
from loyalty.api.idempotency import Answer, once
from loyalty.api.keys import EVERYONE, OWNER, TILLS, Caller, NotAllowed
from loyalty.api.reading import (
    LATEST,
    backs,
    body_of,
    check_time,
    object_of,
    payments,
    read_id,
    visible_visit,
)
from loyalty.api.shapes import check_shape, quote_shape, refund_shape
from loyalty.basket import Basket
from loyalty.checkout import Paid, QuoteChanged, Settled, quote, refund, refundable_since, settle
from loyalty.counter import read_basket
from loyalty.house import House
from loyalty.models import Refund, Visit
from loyalty.reader import Reader
from loyalty.receipts import receipt_of, receipts_of
from loyalty.rulebook import rulebook

CARD_KEYS = ("gift_card", "gift_card_top_up")
"""Of a line: the code of the card that it sells, or puts money on."""
UNKNOWN_CODES, PERIOD = 30, timedelta(minutes=1)
"""So many codes that no gift card has may be named with one key: a till mistypes less, and guessing does not pay."""


def basket_of(raw: Mapping[str, Any], house: House, caller: Caller, *, latest: datetime) -> Basket:
    """The basket that was sent, at one of the caller's locations. Raises `Invalid`, `NotAllowed`."""
    caller.check_location(raw.get("location"))
    basket = read_basket(raw, house, by_staff=caller.scope in TILLS)
    check_time(basket.at, latest=latest)
    return basket


def card_named(raw: Mapping[str, Any]) -> str:
    """Where in what was sent a gift card is named by its code; empty: nowhere. Nothing of it has been checked."""
    if raw.get("gift_cards"):
        return "gift_cards"
    lines = raw.get("lines")
    named = (
        f"lines[{i}].{key}"
        for i, line in enumerate(lines if isinstance(lines, list) else ())
        for key in CARD_KEYS
        if isinstance(line, Mapping) and line.get(key)
    )
    return next(named, "")


def refuse_cards(raw: Mapping[str, Any], caller: Caller) -> None:
    """A quote tells what a code is worth, so it is told to those who may look a card up. Raises `NotAllowed`."""
    place = card_named(raw)
    if place and caller.scope not in TILLS:
        raise NotAllowed(_("Only a key with the scope “till” or “owner” may name gift cards."), field=place)


@contextmanager
def guesses_counted(raw: Mapping[str, Any], caller: Caller, *, now: datetime) -> Iterator[None]:
    """Count a refusal because no gift card has the code; beyond the limit no code is looked up. Raises `Throttled`.

    Outside any transaction. Cards that are there count nothing, so a till may quote one again and again. What was sent
    before the limit was reached is still answered.
    """
    if not card_named(raw):
        yield
        return

    def count() -> None:
        throttle.count(scope, "", limit=UNKNOWN_CODES, period=PERIOD, now=now)

    scope = f"giftcards.named:{caller.key}"  # in the open, so that it can be asked for without counting
    if Throttle.objects.filter(scope=scope, tries__gte=UNKNOWN_CODES, ends_at__gt=now).exists():
        count()  # which refuses
    try:
        yield
    except Refusal as refusal:
        if refusal.code == "gift_card_unknown":
            count()
        raise


def settled_shape(settled: Settled, house: House) -> dict[str, Any]:
    """A visit that has just been settled, with what is told only now."""
    return check_shape(receipt_of(settled.visit, house.currency), house.zone, revealed=settled.revealed)


class Quotes(Call):
    """`POST visits/quote`. Whoever may only read asks what services come to, not what a gift card is worth."""

    scopes = {"POST": EVERYONE}

    @schema.described(replace(schema.QUOTE, problems=(*schema.QUOTE.problems, 429)))
    def post(self, request: Request) -> Response:
        now = timezone.now()
        house = rulebook().house
        raw = object_of(request)
        refuse_cards(raw, self.caller)
        with guesses_counted(raw, self.caller, now=now):
            basket = basket_of(raw, house, self.caller, latest=LATEST)
            quoted = quote(basket, now=now)
        promises.keep(quoted.book, now=now)
        return Response(quote_shape(quoted))


class Visits(Call):
    """`POST visits` and `GET visits`."""

    scopes = {"POST": TILLS, "GET": EVERYONE}
    filters = ("client", "location", "from", "to", *PAGING)

    @schema.described(replace(schema.SETTLE, problems=(*schema.SETTLE.problems, 429)))
    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        reader = Reader(object_of(request), "", house.currency)
        paid, token = payments(reader), reader.text("quote", "") or None
        raw = {key: value for key, value in reader.raw.items() if key not in {"payments", "quote"}}
        with guesses_counted(raw, self.caller, now=now):
            basket = basket_of(raw, house, self.caller, latest=now)
            if basket.at is not None and self.caller.scope not in OWNER:
                raise NotAllowed(_("Only a key with the scope “owner” may record a visit of another time."), field="at")
            return self._settled(request, basket, paid, token, house, now)

    def _settled(
        self, request: Request, basket: Basket, paid: list[Paid], token: str | None, house: House, now: datetime
    ) -> HttpResponse:
        def work(operation: str) -> Answer:
            settled = settle(basket=basket, payments=paid, key=operation, by=self.caller.actor, now=now, token=token)
            return Answer(201, settled_shape(settled, house))

        try:
            return once(request, work, now=now)
        except QuoteChanged as changed:  # the new quote is a promise too; by now the transaction is over
            promises.keep(changed.facts["quote"].book, now=now)
            raise

    @schema.described(schema.LIST_VISITS)
    def get(self, request: Request) -> Response:
        house = rulebook().house
        rows = Visit.objects.select_related("location")
        where: dict[str, Any] = {
            "client": self.query.id("client"),
            "location": self._location(),
            "at__gte": self.query.moment("from", house.zone, end=False),
            "at__lte": self.query.moment("to", house.zone, end=True),
        }
        rows = rows.filter(**{name: value for name, value in where.items() if value is not None})
        if self.caller.locations is not None:
            rows = rows.filter(location__in=self.caller.locations.values())
        return page_of(
            request,
            self.query,
            rows,
            lambda found: [check_shape(receipt, house.zone) for receipt in receipts_of(found, house.currency)],
        )

    def _location(self) -> int | None:
        code = self.query.text("location")
        if code is None:
            return None
        self.caller.check_location(code)
        place = Location.objects.filter(code=code.strip()).values_list("pk", flat=True).first()
        if place is None:
            raise Invalid(_("there is no location %(code)s") % {"code": code}, field="location")
        return place


class OneVisit(Call):
    """`GET visits/{id}`."""

    scopes = {"GET": EVERYONE}

    @schema.described(schema.READ_VISIT)
    def get(self, request: Request, visit: str) -> Response:
        house = rulebook().house
        return Response(check_shape(receipt_of(find_visit(visit, self.caller), house.currency), house.zone))


def find_visit(text: str, caller: Caller) -> Visit:
    """The visit with this id, if it was at one of the caller's locations. Raises `NotFound`."""
    visit = Visit.objects.select_related("location").filter(pk=read_id(text)).first()
    return visible_visit(visit, visit is not None and caller.sees(visit.location_id))


class Refunds(Call):
    """`POST visits/{id}/refund`."""

    scopes = {"POST": TILLS}

    @schema.described(schema.REFUND)
    def post(self, request: Request, visit: str) -> HttpResponse:
        now = timezone.now()
        house = rulebook().house
        row = find_visit(visit, self.caller)
        reader = body_of(request, {"lines", "reason"}, house.currency)
        lines, reason = backs(reader), reader.text("reason")
        is_owner = self.caller.scope in OWNER
        reach = refundable_since(house, now, is_owner=is_owner, may_refund=True)  # a till, as a manager

        def work(operation: str) -> Answer:
            made = refund(
                visit_id=row.pk, lines=lines, reason=reason, key=operation, by=self.caller.actor, now=now, reach=reach
            )
            return Answer(201, refund_shape(Refund.objects.prefetch_related("payments").get(pk=made.pk), house))

        return once(request, work, now=now)


# --- selling one thing -----------------------------------------------------------------------------------------------


def sale_of(raw: Mapping[str, Any], house: House, caller: Caller, *, names: Mapping[str, str], now: datetime) -> Basket:
    """A check with one line, `raw`. A refusal names the place in what was sent: `names` says from where to where."""
    try:
        return basket_of(raw, house, caller, latest=now)
    except Refusal as refusal:
        raise renamed(refusal, names) from None


def renamed(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    """The refusal, its field called as the caller called it; so is what is inside of a place that has a name."""
    inside = [place for place in names if refusal.field.startswith(f"{place}.")]
    place = refusal.field if refusal.field in names else max(inside, key=len, default="")
    if place:
        refusal.field = names[place] + refusal.field.removeprefix(place)
    return refusal


def sell(
    basket: Basket, paid: list[Paid], caller: Caller, *, names: Mapping[str, str], key: str, now: datetime
) -> Settled:
    """Settle the check of a sale. Raises what settling raises, its field called as the caller called it."""
    try:
        return settle(basket=basket, payments=paid, key=key, by=caller.actor, now=now)
    except Refusal as refusal:
        raise renamed(refusal, names) from None


__all__ = ["Reader", "payments", "sale_of", "sell", "settled_shape"]
