"""What the two boxes of the desk find while somebody types: clients, and things to add."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clients import registration
from clients.models import Client
from loyalty.desk import shelf
from loyalty.desk.access import Desk, at_the_desk
from loyalty.mechanics import mechanics

LONGEST = 100


def find_clients(text: str) -> list[Client]:
    """Clients by phone, card, e-mail or name; if there are none, by a code that a mechanic gave them."""
    found = list(registration.search(text).prefetch_related("cards")) if text else []
    if found or not text:
        return found
    ids = [mechanic.client_with(text) for mechanic in mechanics()]
    return list(Client.objects.filter(pk__in=[pk for pk in ids if pk], erased_at=None).prefetch_related("cards"))


@require_GET
@at_the_desk
def clients(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Clients by phone, name, card or code, with a card number to tell two of one name apart."""
    text = request.GET.get("q", "")[:LONGEST].strip()
    found = find_clients(text)
    context = {"found": found, "text": text, "on_check": request.GET.get("on") == "check"}
    return render(request, "desk/found.html", context)


@require_GET
@at_the_desk
def goods(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Services, gift cards and memberships."""
    text = request.GET.get("add_text", "")[:LONGEST].strip()
    offers = shelf.find(text, desk) if text else []
    has_client = bool(request.GET.get("client"))
    context = {"offers": offers, "text": text, "currency": desk.house.currency, "has_client": has_client}
    return render(request, "desk/goods.html", context)
