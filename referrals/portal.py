"""All friends whom the client of the session brought, a page at a time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from clients.models import Client
from loyalty.portal.session import of_the_client
from loyalty.rulebook import rulebook
from referrals.holding import Own
from referrals.tree import PAGE

LONGEST_ID = 18


@require_safe
@of_the_client
def mine(request: HttpRequest, client: Client) -> HttpResponseBase:
    """`?after=` is the friend with whom the page before ended; what is no id is the beginning."""
    said = request.GET.get("after", "")
    after = int(said) if said.isascii() and said.isdigit() and len(said) <= LONGEST_ID else 0
    house = rulebook().house
    own = Own(client, house, timezone.now(), None, after=after, size=PAGE)
    shown = {"friends": own.friends, "next": own.page.next, "is_later": bool(after), "currency": house.currency}
    return render(request, "referrals/mine.html", shown)


app_name = "friends"
urlpatterns = [path("", mine, name="mine")]
