"""Prizes at the desk: what waits for a client, handing it over, taking it back, and taking one for them."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.models import Client, Location
from clients.refusals import Refusal
from loyalty import prizes
from loyalty.desk.access import Desk, at_the_desk
from loyalty.desk.guest import find_client
from loyalty.models import Prize, PrizeClaim
from loyalty.wallet import wallet

HAND_OVER = "loyalty.hand_over_prize"
KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)
TYPED = {"reason": "", "claim": 0}


@require_GET
@at_the_desk
def shelf(request: HttpRequest, desk: Desk, client: str) -> HttpResponse:
    """What waits for this client, and what they can have."""
    return _page(request, desk, _client(client, desk))


@require_POST
@at_the_desk
def take(request: HttpRequest, desk: Desk, client: str) -> HttpResponse:
    """Take a prize for the client. Pressed twice it is taken once."""
    row, key = _client(client, desk), request.POST.get("key", "")
    code = request.POST.get("prize", "")[:40].replace("\x00", "")
    prize = Prize.objects.filter(code=code, enabled=True).first()
    if prize is None or not KEY.fullmatch(key):
        return _page(request, desk, row, problem=_("This prize is not there any more."))
    try:
        prizes.claim(
            client=row,
            prize=prize,
            by=desk.by,
            now=desk.now,
            key=f"desk:prize:{key}",
            location=Location.objects.get(pk=desk.place.id),
        )
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal))
    return redirect("desk:prizes", client=row.pk)


@require_POST
@at_the_desk
def hand_over(request: HttpRequest, desk: Desk, client: str, claim: str) -> HttpResponse:
    """The client got it."""
    row, claimed = _client(client, desk), _claim(client, claim)
    try:
        prizes.hand_over(claim=claimed, by=desk.by, now=desk.now)
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal))
    return redirect("desk:prizes", client=row.pk)


@require_POST
@at_the_desk
def take_back(request: HttpRequest, desk: Desk, client: str, claim: str) -> HttpResponse:
    """The bonuses return; a reason stays with it."""
    row, claimed, reason = _client(client, desk), _claim(client, claim), request.POST.get("reason", "")
    try:
        prizes.cancel(claim=claimed, reason=reason, by=desk.by, now=desk.now)
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal), typed={"reason": reason, "claim": claimed.pk})
    return redirect("desk:prizes", client=row.pk)


def _client(text: str, desk: Desk) -> Client:
    """The client, for staff who hand prizes over. Raises `Http404`."""
    row = find_client(text)
    if row is None or row.erased_at is not None or not desk.may(HAND_OVER):
        raise Http404
    return row


def _claim(client: str, text: str) -> PrizeClaim:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    claimed = PrizeClaim.objects.filter(pk=int(text), client=int(client)).first()
    if claimed is None:
        raise Http404
    return claimed


def _page(
    request: HttpRequest, desk: Desk, client: Client, *, problem: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    held = wallet(client, now=desk.now)
    waiting = [(prizes.number_of(claim), claim, _is_over(claim, desk)) for claim in prizes.waiting_for(client)]
    shown = {
        "desk": desk,
        "client": client,
        "currency": desk.house.currency,
        "spendable": held.spendable,
        "waiting": waiting,
        "offers": prizes.catalogue(client, held.spendable, now=desk.now),
        "key": secrets.token_urlsafe(24),
        "problem": problem,
        "typed": typed or TYPED,
        "back": f"{resolve_url('desk:screen')}?client={client.pk}",
    }
    return render(request, "desk/prizes.html", shown, status=422 if problem else 200)


def _is_over(claim: PrizeClaim, desk: Desk) -> bool:
    return claim.last_day is not None and claim.last_day < desk.house.day(desk.now)
