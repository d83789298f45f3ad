"""Answers what visitors asked for on public pages, in the background (`loyalty/decisions/` says why not at once).

A request is claimed by moving its next try into the future, so that two workers never answer one; if the answer
fails (the mail server is away), that is when it is tried again. After a day it is given up and deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Business, Client, PublicRequest
from clients.refusals import Refusal
from clients.registration import AlreadyClient, phone_or_none
from loyalty.mechanics import Invitation, mechanics
from loyalty.portal.links import balance_link, one_time_link
from loyalty.registration import register
from loyalty.rulebook import rulebook

log = logging.getLogger(__name__)
Kind = PublicRequest.Kind
TRY_AGAIN = timedelta(minutes=5)
GIVE_UP = timedelta(days=1)
BATCH = 500


def answer_requests(*, now: datetime) -> int:
    """Answer everything that is due; how many requests were looked at. May run twice and in parallel."""
    due = list(PublicRequest.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:BATCH])
    return sum(_answer_one(pk, now) for pk in due)


def _answer_one(pk: Any, now: datetime) -> int:
    claimed = PublicRequest.objects.filter(pk=pk, next_at__lte=now).update(next_at=now + TRY_AGAIN)
    request = PublicRequest.objects.filter(pk=pk).first() if claimed else None
    if request is None:
        return 0
    try:
        with translation.override(request.language):
            _answer(request, now)
    except Exception:  # one that cannot be answered must not keep the others waiting
        log.exception("request %s could not be answered", pk)
        if request.made_at <= now - GIVE_UP:
            request.delete()
    return 1


def _answer(request: PublicRequest, now: datetime) -> None:
    if request.kind == Kind.JOIN:
        _join(request, now)
    if request.kind != Kind.JOIN:
        _send_letter(request, now)
        request.delete()


def _join(request: PublicRequest, now: datetime) -> None:
    """Register the newcomer. Who is a client already gets what they would have asked for: a link."""
    try:
        with transaction.atomic():
            client = _register(request, now)
            request.kind, request.said = Kind.WELCOME, {"client": client.pk}
            request.save()
    except AlreadyClient:
        request.kind, request.said = Kind.LINK, {"contact": request.said["phone"]}
        request.save()


def _register(request: PublicRequest, now: datetime) -> Client:
    details = {name: value for name, value in request.said.items() if name != "code"}
    details["language"] = request.language
    friend = request.said.get("code", "")
    extras = {"referrer": friend} if friend else {}
    by, key = Actor("page", "join"), f"page:{request.pk}"
    try:
        return register(details=details, extras=extras, by=by, now=now, key=key)
    except AlreadyClient:
        raise
    except Refusal:
        if not extras:
            raise
        # The friend who was named cannot be the referrer: they join all the same.
        return register(details=details, extras={}, by=by, now=now, key=key)


def invitation(code: str, now: datetime) -> Invitation | None:
    """Whose code this is, as any mechanic knows."""
    book = rulebook()
    today = book.house.day(now)
    said = (mechanic.invitation(code, book.house, book.rules[mechanic.code], today) for mechanic in mechanics())
    return next((found for found in said if found is not None), None)


def _send_letter(request: PublicRequest, now: datetime) -> None:
    for client in _addressees(request.said):
        if client.email:
            with translation.override(client.language or request.language):
                _send(client, request.kind, now)


def _addressees(said: Mapping[str, Any]) -> list[Client]:
    """Whom a request is about: families share an e-mail, and each gets a link of their own."""
    present = Client.objects.filter(erased_at=None)
    if "client" in said:
        return list(present.filter(pk=said["client"]))
    contact = str(said["contact"])
    if "@" in contact:
        return list(present.filter(email=contact.strip().lower()).order_by("pk")[:5])
    phone = phone_or_none(contact)
    return list(present.filter(phone=phone)) if phone else []


def _send(client: Client, kind: str, now: datetime) -> None:
    business = Business.objects.get()
    welcome = kind == Kind.WELCOME
    link = balance_link(client) if welcome else one_time_link(client, now=now)
    # No name in the letter: a stranger typed it, and may have typed an advertisement.
    text = render_to_string(
        "portal/letters/welcome.txt" if welcome else "portal/letters/link.txt", {"business": business, "link": link}
    )
    subject = _("Welcome to %(name)s") if welcome else _("Your balance at %(name)s")
    send_mail(subject % {"name": business.name}, text, settings.DEFAULT_FROM_EMAIL, [str(client.email)])
