"""Who looks at the client pages. It is kept beside a staff member's sign-in and has nothing to do with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from clients.models import Card, Client

KEY = "client"
View = Callable[..., HttpResponseBase]


def sign_in(request: HttpRequest, client: int) -> None:
    """This browser shows this client's page from now on. The session gets a new key, so that none can be planted."""
    request.session.cycle_key()
    request.session[KEY] = client


def sign_out(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def signed_in(request: HttpRequest) -> Client | None:
    """The client of this browser's session, if there is one and they have not been erased."""
    pk = request.session.get(KEY)
    if not isinstance(pk, int):
        return None
    card = Card.objects.filter(client=OuterRef("pk"), is_primary=True).values("number")[:1]
    return Client.objects.filter(pk=pk, erased_at=None).annotate(card_number=Subquery(card)).first()


def private(view: View) -> View:
    """Nobody keeps this page, and its address goes to nobody else."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        assert isinstance(response, HttpResponse)
        add_never_cache_headers(response)
        response["Cache-Control"] = "no-store, private"
        response["Referrer-Policy"] = "same-origin"
        return response

    return wrapper


def of_the_client(view: View) -> View:
    """The view gets the client of the session, in the client's language; without one: how to get in."""

    @private
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        client = signed_in(request)
        if client is None:
            return redirect("portal:enter")
        with translation.override(client.language or translation.get_language()):
            return view(request, client, *args, **kwargs)

    return wrapper
