"""The public page that tells what is left on a gift card: one answer for every code that cannot be used."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clients import throttle
from clients.refusals import Refusal
from giftcards.cards import CardState, check, refuse_unusable
from loyalty.portal.views import too_often
from loyalty.rulebook import rulebook

TRIES = 5
PERIOD = timedelta(minutes=10)
app_name = "giftcards"


class Code(forms.Form):
    """What is printed on a card."""

    code = forms.CharField(label=_("Code of the card"), max_length=100)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What is left, and until when. The code is posted, so that it stands in no log."""
    form = Code(request.POST or None)
    shown: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        try:
            throttle.count(
                "gift_card", throttle.address_of(request.META), limit=TRIES, period=PERIOD, now=timezone.now()
            )
        except throttle.Throttled as refusal:
            return too_often(request, refusal)
        shown.update(asked=True, card=_usable(form.cleaned_data["code"]), currency=_currency())
    return render(request, "giftcards/page.html", shown)


def _usable(code: str) -> CardState | None:
    """The card, if it can pay; None for every reason why it cannot, as only the desk may say which it was."""
    try:
        return refuse_unusable(check(code, timezone.now()), field="code")
    except Refusal:
        return None


def _currency() -> object:
    try:
        return rulebook().house.currency
    except Refusal:
        return None


urlpatterns = [path("", page, name="page")]
