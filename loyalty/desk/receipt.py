"""The receipt of a check: every figure and its reason, the way to the client's own page, and refunds.

A refund is first tried and rolled back, so that whoever hands out the money sees its exact figures before.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.admin_base import is_owner
from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.checkout import Ask, Back, Reach, explain_refund, refund, refundable_since, why_refunded
from loyalty.desk.access import REFUND, Desk, at_the_desk
from loyalty.desk.check import REVEALED, method_names
from loyalty.desk.draft import KEY, count
from loyalty.mechanics import mechanics
from loyalty.models import Refund, Visit
from loyalty.portal.links import balance_link
from loyalty.receipts import Receipt, receipt_of

REFUND_RECENT = "loyalty.refund_recent_visit"
REASON_LENGTH = 250
LISTED = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """A refund as it was typed: units by line, the reason, its operation."""

    lines: Mapping[int, str]
    reason: str
    key: str

    @classmethod
    def read(cls, sent: QueryDict, receipt: Receipt) -> Typed:
        """Units left out mean all that are left of the check (`whole`)."""
        left = {line.number: line.quantity - line.refunded for line in receipt.lines}
        typed = {number: sent.get(f"units-{number}", "").strip() for number in left}
        if sent.get("whole"):
            typed = {number: str(units) for number, units in left.items()}
        key = sent.get("refund_key", "")
        return cls(typed, sent.get("reason", "").strip(), key if KEY.fullmatch(key) else secrets.token_urlsafe(24))

    def backs(self) -> list[Back]:
        """Raises `Invalid` for what is not a number, or if nothing is to come back."""
        backs = [Back(number, _units(number, text)) for number, text in self.lines.items() if text not in {"", "0"}]
        if not backs:
            raise Invalid(_("Say how much of what comes back."), field="lines")
        return backs

    def checked_reason(self) -> str:
        if not self.reason:
            raise Invalid(_("Say why it comes back."), field="reason")
        if len(self.reason) > REASON_LENGTH or not self.reason.isprintable():
            message = _("The reason must be one line of at most %(limit)d characters.")
            raise Invalid(message % {"limit": REASON_LENGTH}, field="reason")
        return self.reason


@require_GET
@at_the_desk
def today(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The checks of this location today, newest first: the way to one without a client."""
    begin = desk.now.astimezone(desk.house.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    visits = Visit.objects.filter(location=desk.place.id, at__gte=begin).select_related("client").order_by("-at", "-pk")
    context = {"desk": desk, "currency": desk.house.currency, "zone": desk.house.zone}
    return render(
        request, "desk/today.html", context | {"visits": visits.prefetch_related("refunds", "lines")[:LISTED]}
    )


@require_GET
@at_the_desk
def receipt(request: HttpRequest, desk: Desk, visit: str) -> HttpResponse:
    """The receipt. Codes of gift cards that were sold are told the first time only."""
    row = _visit(visit, desk)
    shown = receipt_of(row, desk.house.currency)
    told = request.session.get(REVEALED, {})
    codes = told.pop(str(row.pk), [])
    if codes:
        request.session[REVEALED] = told
    typed = Typed({}, "", secrets.token_urlsafe(24))
    cards = [(card["code"], date.fromisoformat(card["last_day"]) if card["last_day"] else None) for card in codes]
    return _page(request, desk, row, shown, {"cards": cards, "typed": typed})


@require_POST
@at_the_desk
def give_back(request: HttpRequest, desk: Desk, visit: str) -> HttpResponse:
    """Show what a refund comes to and why; with `confirm`, do it. Sent twice, it is done once."""
    row = _visit(visit, desk)
    shown = receipt_of(row, desk.house.currency)
    typed = Typed.read(request.POST, shown)
    if _whom_to_ask(row, desk) is not None:
        return _page(request, desk, row, shown, {"typed": typed}, status=403)
    try:
        if request.POST.get("confirm"):
            done = _refund(row, typed, desk)
            messages.success(request, _("The refund is recorded."))
            return redirect("desk:receipt", done.visit_id)
        trial = _tried(row, typed, desk)
    except Refusal as refusal:
        errors = {refusal.field if refusal.field == "reason" else "lines": str(refusal)}
        return _page(request, desk, row, shown, {"typed": typed, "errors": errors}, status=422)
    return _page(request, desk, row, shown, {"typed": typed, "trial": trial})


def _refund(row: Visit, typed: Typed, desk: Desk) -> Refund:
    key = f"desk:refund:{typed.key}"
    earlier = Refund.objects.filter(operation=key, visit=row).first()  # sent again: the lines are gone by now
    if earlier is not None:
        return earlier
    backs, reason = typed.backs(), typed.checked_reason()
    return refund(visit_id=row.pk, lines=backs, reason=reason, key=key, by=desk.by, now=desk.now, reach=_reach(desk))


def _reach(desk: Desk) -> Reach:
    rights = {"may_refund": desk.may(REFUND), "may_recent": desk.may(REFUND_RECENT)}
    return refundable_since(desk.house, desk.now, is_owner=is_owner(desk.staff), **rights)


def _whom_to_ask(row: Visit, desk: Desk) -> Ask | None:
    """Who refunds this check, where whoever is at the desk may not."""
    return _reach(desk).asks(row.at)


def _tried(row: Visit, typed: Typed, desk: Desk) -> dict[str, Any]:
    """The figures that the refund would have: done, read and rolled back."""
    with transaction.atomic():
        done = _refund(row, typed, desk)
        why = why_refunded(explain_refund(done, desk.house.currency))
        tried = {"refund": done, "payments": list(done.payments.order_by("pk")), "why": why}
        transaction.set_rollback(True)
    return tried


def _page(
    request: HttpRequest, desk: Desk, row: Visit, shown: Receipt, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    client = row.client
    refunds = Refund.objects.filter(visit=row).prefetch_related("payments").order_by("pk")
    explained = ((done, why_refunded(explain_refund(done, shown.currency))) for done in refunds)
    shown_too = {
        "desk": desk,
        "visit": row,
        "receipt": shown,
        "client": client,
        "currency": shown.currency,
        "zone": desk.house.zone,
        "paper": next((mechanic.paper for mechanic in mechanics() if mechanic.paper), ""),
        "link": balance_link(client) if client is not None and client.erased_at is None else "",
        "referrer": _referrer(shown),
        "payments": [(dict(method_names()).get(method, method), amount) for method, amount in shown.payments],
        "refunds": [(done, done.payments.all(), why) for done, why in explained],
        "ask": _whom_to_ask(row, desk),
        "is_left": shown.status != "refunded",
        "units": _unit_fields(shown, context["typed"]),
    }
    return render(request, "desk/receipt.html", shown_too | context, status=status)


def _unit_fields(shown: Receipt, typed: Typed) -> Sequence[tuple[Any, int, str]]:
    """(line, units that can come back, what was typed) for each line with something left."""
    rows = ((line, line.quantity - line.refunded) for line in shown.lines)
    return [(line, left, typed.lines.get(line.number, "")) for line, left in rows if left]


def _referrer(shown: Receipt) -> Client | None:
    earned = shown.referrer_earned
    return Client.objects.filter(pk=earned.client or 0).first() if earned is not None else None


def _visit(text: str, desk: Desk) -> Visit:
    """The visit with this number, at a location of theirs. Raises `Http404`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    visit = Visit.objects.select_related("client", "location").filter(pk=int(text)).first()
    if visit is None or not desk.works_at(visit.location_id):
        raise Http404
    return visit


def _units(number: int, text: str) -> int:
    units = count(text)
    if not isinstance(units, int):
        raise Invalid(_("Line %(line)d: say a whole number.") % {"line": number}, field="lines")
    return units
