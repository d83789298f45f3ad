"""The client pages. Each view asks one thing of the rules and shows it; what strangers see tells nothing of clients."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import KombuError

from clients import devices, throttle
from clients.models import Business, Card, Client, PublicRequest
from clients.refusals import NotFound, Refusal
from loyalty.mechanics import Holdings, Invitation
from loyalty.portal import device, links, session, spending
from loyalty.portal.answers import invitation
from loyalty.portal.forms import Enter, Join
from loyalty.portal.history import Place, history
from loyalty.portal.prizes import shelf_of
from loyalty.portal.promises import offer
from loyalty.portal.session import of_the_client, private
from loyalty.wallet import Wallet, wallet

log = logging.getLogger(__name__)
Kind = PublicRequest.Kind
HOUR = timedelta(hours=1)
JOINS_PER_ADDRESS = 20
JOINS_PER_PHONE = 3
LINKS_PER_ADDRESS = 10
LINKS_PER_CONTACT = 3
CODES_PER_ADDRESS = 60
LINKS_TRIED_PER_ADDRESS = 60


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """What this place gives, and where to go from here."""
    return render(request, "portal/welcome.html", {"offer": offer(now=timezone.now())})


# --- joining ---


@private
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str = "") -> HttpResponseBase:
    """The form of a newcomer, with a friend's code or without. The answer is the same, whoever is named."""
    business = Business.objects.first()
    if business is None:
        return redirect("portal:welcome")
    form = Join(request.POST or None, initial={"code": code}, has_terms=bool(business.terms))
    if form.is_bound and form.is_valid():
        try:
            _count(request, "join", JOINS_PER_ADDRESS)
            _count_of("join_phone", form.cleaned_data["phone"], JOINS_PER_PHONE)
        except throttle.Throttled as refusal:
            return too_often(request, refusal)
        mark = device.mark_of(request)
        _ask(Kind.JOIN, {**form.said(), "device": devices.hidden(mark)})
        answer = redirect("portal:joined")
        device.keep(answer, mark)
        return answer
    invited = _invited(request, code) if code else None
    shown = {"form": form, "code": code, "invited": invited, "terms": business.terms}
    return render(request, "portal/join.html", shown, status=422 if form.errors else 200)


@private
@require_safe
def joined(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/joined.html")


def _invited(request: HttpRequest, code: str) -> Invitation | None:
    """Who invites with this code. Whoever tries many is told of none any more."""
    try:
        _count(request, "code", CODES_PER_ADDRESS)
        return invitation(code, timezone.now())
    except Refusal:
        return None


# --- getting in ---


@private
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponseBase:
    """How to get to one's page: the link of the receipt, the desk, or a link by e-mail."""
    form = Enter(request.POST or None)
    if form.is_bound and form.is_valid():
        contact = form.cleaned_data["contact"]
        try:
            _count(request, "link", LINKS_PER_ADDRESS)
            _count_of("link_contact", contact.casefold(), LINKS_PER_CONTACT)
        except throttle.Throttled as refusal:
            return too_often(request, refusal)
        _ask(Kind.LINK, {"contact": contact})
        return redirect("portal:sent")
    return render(request, "portal/enter.html", {"form": form}, status=422 if form.errors else 200)


@private
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/sent.html")


@private
@require_safe
def open_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """The link of a receipt: this browser shows that client's page from now on, at an address that says nothing."""
    try:
        client = links.client_of(token)
    except NotFound:
        return render(request, "portal/wrong_link.html", status=404)
    session.sign_in(request, client)
    return redirect("portal:me")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def open_once(request: HttpRequest, token: str) -> HttpResponseBase:
    """The link of a letter. It is used by a button: mail scanners open links, but press nothing."""
    if request.method != "POST":
        return render(request, "portal/open_once.html")
    try:
        _count(request, "open_once", LINKS_TRIED_PER_ADDRESS)
        client = links.use_one_time_link(token, now=timezone.now())
    except throttle.Throttled as refusal:
        return too_often(request, refusal)
    except NotFound:
        return render(request, "portal/wrong_link.html", status=404)
    session.sign_in(request, client)
    return redirect("portal:me")


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    """This browser forgets the client."""
    session.sign_out(request)
    return redirect("portal:welcome")


# --- the balance ---


@require_safe
@of_the_client
def me(request: HttpRequest, client: Client) -> HttpResponseBase:
    """The balance page."""
    now = timezone.now()
    held = wallet(client, now=now)
    currency = held.house.currency
    place = Place.read(request.GET.get("after", ""))
    page = history(client, held.house, after=place)
    shown = {
        "client": client,
        "card": Card(number=client.card_number) if client.card_number else None,  # type: ignore[attr-defined]
        "wallet": held,
        "currency": currency,
        "zone": held.house.zone,
        "how": spending.how_to_spend(held),
        "ending": spending.ends_soon(held),
        "lots": spending.lots(held),
        "rises": spending.rises(held),
        "panels": [_panel(panel, held) for holdings in held.holdings for panel in _of(holdings)],
        "shelf": shelf_of(client),
        "history": page,
        "is_later": place is not None,
    }
    page_shown = render(request, "portal/me.html", shown)
    device.was_here(request, page_shown, client.pk, at=now)
    return page_shown


def _of(holdings: Holdings) -> tuple[Any, ...]:
    return holdings.portal


def _panel(panel: Any, held: Wallet) -> str:
    """A mechanic's part of the page, with what every part may need besides its own."""
    shared = {"house": held.house, "currency": held.house.currency, "today": held.today, "base_url": settings.BASE_URL}
    return render_to_string(panel.template, {**shared, **panel.context})


# --- what public pages share ---


def too_often(request: HttpRequest, refusal: throttle.Throttled) -> HttpResponse:
    """A calm page that says when to try again."""
    response = render(request, "portal/too_often.html", {"message": str(refusal)}, status=429)
    response["Retry-After"] = str(refusal.facts["seconds"])
    return response


def _count(request: HttpRequest, scope: str, limit: int) -> None:
    _count_of(scope, throttle.address_of(request.META), limit)


def _count_of(scope: str, who: str, limit: int) -> None:
    throttle.count(scope, who, limit=limit, period=HOUR, now=timezone.now())


def _ask(kind: str, said: dict[str, Any]) -> None:
    """Keep what a visitor asked for, and wake a worker. Without a broker it is answered when one next looks."""
    now = timezone.now()
    language = (translation.get_language() or "en")[:2]
    PublicRequest.objects.create(kind=kind, said=said, language=language, made_at=now, next_at=now)
    try:
        current_app.send_task("loyalty.answer_requests", retry=False)
    except (KombuError, OSError):
        log.warning("the broker is away; the request waits for the next look")
