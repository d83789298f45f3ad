"""Ending a subscription and taking it up again: on the client's own page, and at the desk. A question, then a form.

The form has a key of its own: pressed twice it is done once. No address of the client's page names a membership: which
one is meant is said beside it (`?of=`), and it must be the client's own.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from loyalty.desk.access import Desk, at_the_desk
from loyalty.portal.session import of_the_client
from loyalty.rulebook import rulebook
from memberships import renewing, subscribers
from memberships.models import Membership
from memberships.subscribers import Held

KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)
END, TAKE_UP = "end", "take_up"
app_name = "subscriptions"


@require_http_methods(["GET", "HEAD", "POST"])
@of_the_client
def mine(request: HttpRequest, client: Client) -> HttpResponseBase:
    """The client's own subscription."""
    row, now = _row(request.GET.get("of", ""), client), timezone.now()
    page, back = "memberships/subscription_mine.html", resolve_url("portal:me")
    return _page(request, row, page, back, by=Actor.client(client.pk), now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_desk
def at_desk(request: HttpRequest, desk: Desk, membership: str) -> HttpResponse:
    """The same for the client who stands at the desk."""
    row = _row(membership)
    page, back = "memberships/subscription_at_the_desk.html", f"{resolve_url('desk:screen')}?client={row.client_id}"
    return _page(request, row, page, back, by=desk.by, now=desk.now, desk=desk)


def _row(text: str, client: Client | None = None) -> Membership:
    """The membership, of this client. Raises `Http404`."""
    rows = Membership.objects.select_related("plan", "client").filter(client__erased_at=None, voided_at=None)
    rows = rows.filter(client=client) if client is not None else rows
    is_id = text.isascii() and text.isdigit() and len(text) <= 18
    row = rows.filter(Q(renews=True) | Q(paid_until__isnull=False), pk=int(text)).first() if is_id else None
    if row is None:
        raise Http404
    return row


def _page(
    request: HttpRequest, row: Membership, page: str, back: str, *, by: Actor, now: datetime, **more: Any
) -> HttpResponse:
    problem, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            _act(request, row, reason.strip(), by, now)
        except Refusal as refusal:
            problem = str(refusal)
        else:
            return redirect(back)
    one = _held(row, now)
    shown = {"one": one, "back": back, "key": secrets.token_urlsafe(24), "reason": reason, "problem": problem, **more}
    return render(request, page, shown, status=422 if problem else 200)


def _held(row: Membership, now: datetime) -> Held:
    one = subscribers.held(row, rulebook().house, now)
    if one is None:
        raise Http404
    return one


def _act(request: HttpRequest, row: Membership, reason: str, by: Actor, now: datetime) -> None:
    """What the form asks for. A client need not say why. Raises `Refusal`."""
    key = request.POST.get("key", "")
    if not KEY.fullmatch(key):
        raise Refusal(_("This form is too old. Try again."))
    operation = f"page:subscription:{row.pk}:{key}"
    if request.POST.get("what") == TAKE_UP:
        renewing.take_up(membership=row.pk, by=by, now=now, key=operation)
    else:
        said = reason or (_("said nothing") if by.kind == "client" else "")
        renewing.end(membership=row.pk, reason=said, by=by, now=now, key=operation)


urlpatterns = [
    path("me/subscriptions/", mine, name="mine"),
    path("desk/subscriptions/<str:membership>/", at_desk, name="at_the_desk"),
]
