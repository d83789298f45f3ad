"""What a client hears of: unsubscribing by the link of a letter, and choosing topics and channels.

A link is opened by mail scanners too, so looking changes nothing (RFC 8058): one press of the button, or one POST of
the mail program, which has neither a cookie nor a token of ours. The signature in the address stands for both.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clients.actors import Actor
from clients.letters.preferences import choose, ways_of
from clients.letters.unsubscribing import ALL, Subscription, preferences_link, read_token, unsubscribe
from clients.models import Channel, Client, Topic
from clients.refusals import NotFound
from loyalty.portal.session import of_the_client, private

METHODS = ["GET", "HEAD", "POST"]


@csrf_exempt
@private
@require_http_methods(METHODS)
def off(request: HttpRequest, token: str) -> HttpResponseBase:
    """A button that unsubscribes; pressed, that it is done. As often as you like."""
    try:
        client, channel, topic = _addressee(token)
    except NotFound:
        return render(request, "portal/wrong_link.html", status=404)
    with translation.override(client.language or translation.get_language()):
        if request.method == "POST":
            unsubscribe(client, channel, topic, by=Actor.client(client.pk), at=timezone.now())
        shown = {
            "is_done": request.method == "POST",
            "channel": Channel(channel).label,
            "topic": Topic(topic).label,
            "preferences": preferences_link(client.pk, channel, topic),
        }
        return render(request, "portal/letters/off.html", shown)


@csrf_exempt
@private
@require_http_methods(METHODS)
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """What the client of a letter hears of: for whoever holds the letter, only what the client has agreed to."""
    try:
        client, _channel, _topic = _addressee(token)
    except NotFound:
        return render(request, "portal/wrong_link.html", status=404)
    with translation.override(client.language or translation.get_language()):
        return _preferences(request, client, may_agree=False)


@require_http_methods(METHODS)
@of_the_client
def mine(request: HttpRequest, client: Client) -> HttpResponseBase:
    """The same on the client's own page, where they may also agree to a channel."""
    return _preferences(request, client, may_agree=True)


def _addressee(token: str) -> tuple[Client, str, str]:
    """Raises `NotFound`."""
    pk, channel, topic = read_token(token)
    client = Client.objects.filter(pk=pk, erased_at=None).first()
    if client is None:
        raise NotFound("nobody")
    return client, channel, topic


def _preferences(request: HttpRequest, client: Client, *, may_agree: bool) -> HttpResponse:
    if request.method == "POST":
        choose(client, _ticked(request), may_agree=may_agree, at=timezone.now())
        return redirect(f"{request.path}?saved=1")
    shown: dict[str, Any] = {
        "ways": ways_of(client, may_agree=may_agree),
        "is_mine": may_agree,
        "is_saved": "saved" in request.GET,
    }
    return render(request, "portal/letters/preferences.html", shown)


def _ticked(request: HttpRequest) -> set[Subscription]:
    return {(channel, topic) for channel, topic in ALL if f"{channel}.{topic}" in request.POST}
