"""The public page that tells what is left on a gift card: one answer for every code that cannot be used.

A code that is unknown, mistyped, ended, blocked, empty or not sold yet gets the same page after the same queries: even
a text that can be no code is looked up. Guessing stops long before it pays (`ADDRESS` and `PREFIX` below), without a
riddle for people: a code has 84 random bits, so even 20 tries on each of the 923,521 beginnings every ten minutes
would need far longer than the universe has been there. The limit on the beginning of a code is for whoever has many
addresses and half of a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clients import throttle
from clients.refusals import Refusal
from giftcards.cards import CardState, find, refuse_unusable
from giftcards.codes import ALPHABET, LENGTH, LONGEST_TYPED, read_code
from giftcards.designs import look
from giftcards.models import Design
from loyalty.portal.views import too_often
from loyalty.rulebook import rulebook
from loyalty.templatetags.regulars import business


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in a period."""

    scope: str
    tries: int
    period: timedelta

    def count(self, who: str, now: datetime) -> None:
        """Raises `Throttled`."""
        throttle.count(self.scope, who, limit=self.tries, period=self.period, now=now)


ADDRESS = Limit("gift_card", 5, timedelta(minutes=10))
"""From one address (`throttle.address_of`)."""
PREFIX = Limit("gift_card.prefix", 20, timedelta(minutes=10))
"""Of codes that begin alike, from wherever."""
BEGINNING = 4
NO_CARD = ALPHABET[0] * (LENGTH - 1) + ALPHABET[1]
"""Looked up in the place of a text that is no code: its check symbol is wrong, so no card has it."""
app_name = "giftcards"


class Code(forms.Form):
    """What is printed on a card."""

    code = forms.CharField(
        label=_("Code of the card"),
        max_length=LONGEST_TYPED,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What is left, and until when. The code is posted, so that it stands in no log and in no history."""
    if request.method != "POST":
        return render(request, "giftcards/page.html", {"form": Code()})
    typed, now = request.POST.get("code", "")[: LONGEST_TYPED + 1], timezone.now()
    try:
        ADDRESS.count(throttle.address_of(request.META), now)
        PREFIX.count(_beginning(typed), now)
    except throttle.Throttled as refusal:
        return too_often(request, refusal)
    try:
        house = rulebook().house
    except Refusal:
        return render(request, "giftcards/page.html", {"form": Code(), "asked": True})
    shown = {"form": Code(), "asked": True, "card": _usable(typed, house.day(now)), "currency": house.currency}
    return render(request, "giftcards/page.html", shown)


def _beginning(typed: str) -> str:
    """The first symbols of what was typed, however it was typed."""
    return "".join(typed.split()).replace("-", "").upper()[:BEGINNING]


def _usable(typed: str, today: date) -> CardState | None:
    """The card, if it can pay; None for every reason why it cannot, as only the desk may say which it was."""
    code = read_code(typed) or NO_CARD
    try:
        return refuse_unusable(find([code], today).get(code), field="code")
    except Refusal:
        return None


@require_safe
@cache_control(public=True, max_age=3600)
def picture(request: HttpRequest, design: str) -> HttpResponse:
    """The picture of a design in the colour of the house."""
    house = business()
    if design not in Design.values or house is None:
        raise Http404
    return HttpResponse(look(design, house.accent).png, content_type="image/png")


urlpatterns = [path("", page, name="page"), path("picture/<slug:design>.png", picture, name="picture")]
