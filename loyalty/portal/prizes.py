"""The prizes of the client: what there is for their bonuses, taking one after a look at it, and what waits at the desk.

Taking is a form with a key of its own, so that pressed twice it is taken once.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from loyalty import prizes
from loyalty.models import Prize, PrizeClaim
from loyalty.portal.session import of_the_client
from loyalty.prizes import Offer
from loyalty.wallet import Wallet, wallet

KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the balance page tells of prizes: whether there are any, and what waits."""

    has_prizes: bool
    waiting: tuple[tuple[str, PrizeClaim], ...]

    @property
    def is_there(self) -> bool:
        return self.has_prizes or bool(self.waiting)


def shelf_of(client: Client) -> Shelf:
    """Two queries."""
    has_prizes = Prize.objects.filter(enabled=True, by_client=True).exists()
    return Shelf(has_prizes, tuple((prizes.number_of(claim), claim) for claim in prizes.waiting_for(client)))


@require_http_methods(["GET", "HEAD", "POST"])
@of_the_client
def mine(request: HttpRequest, client: Client) -> HttpResponseBase:
    """The catalogue; with `?prize=` the question whether to take this one; and taking it."""
    now = timezone.now()
    held = wallet(client, now=now)
    offers = prizes.catalogue(client, held.spendable, now=now, by_client=True)
    if request.method == "POST":
        return _take(request, client, held, offers, now)
    chosen = _chosen(offers, request.GET.get("prize", ""))
    return _page(request, client, held, offers, chosen)


def _chosen(offers: list[Offer], code: str) -> Offer | None:
    return next((offer for offer in offers if offer.prize.code == code), None)


def _take(request: HttpRequest, client: Client, held: Wallet, offers: list[Offer], now: datetime) -> HttpResponseBase:
    chosen, key = _chosen(offers, request.POST.get("prize", "")), request.POST.get("key", "")
    if chosen is None or not KEY.fullmatch(key):
        return redirect("portal:prizes")
    operation = f"me:{client.pk}:prize:{key}"
    try:
        prizes.claim(
            client=client, prize=chosen.prize, by=Actor.client(client.pk), now=now, key=operation, by_client=True
        )
    except Refusal as refusal:
        return _page(request, client, held, offers, None, problem=str(refusal))
    return redirect("portal:prizes")


def _page(
    request: HttpRequest, client: Client, held: Wallet, offers: list[Offer], chosen: Offer | None, problem: str = ""
) -> HttpResponse:
    shown = {
        "client": client,
        "wallet": held,
        "currency": held.house.currency,
        "today": held.today,
        "offers": offers,
        "chosen": chosen,
        "after": held.spendable - chosen.prize.price if chosen else None,
        "key": secrets.token_urlsafe(24),
        "shelf": shelf_of(client),
        "problem": problem,
    }
    return render(request, "portal/prizes.html", shown, status=422 if problem else 200)
