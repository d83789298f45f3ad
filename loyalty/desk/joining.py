"""Registering a client in one short form, in the place where the client will be shown, without losing the check."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.models import Client, Consent, Location
from clients.refusals import Refusal
from loyalty.desk.access import Desk, at_the_desk
from loyalty.desk.check import answer, is_partial, read_draft
from loyalty.desk.draft import KEY
from loyalty.registration import extra_keys, register

FIELDS = ("first_name", "last_name", "phone", "email", "birthday", "card")
REFERRER = "referrer"
LONGEST = 300


@require_http_methods(["GET", "POST"])
@at_the_desk
def joining(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The form, filled in with what was searched for; or the new client at the desk."""
    if request.method == "GET":
        return _form(request, desk, _typed_into_search(request.GET.get("q", "")), {}, secrets.token_urlsafe(24))
    key = request.POST.get("register_key", "")
    key = key if KEY.fullmatch(key) else secrets.token_urlsafe(24)
    try:
        client = _register(request, desk, key)
    except Refusal as refusal:
        return _form(request, desk, request.POST.dict(), {_field(refusal): str(refusal)}, key, status=422)
    return _to_the_check(request, desk, client)


def _register(request: HttpRequest, desk: Desk, key: str) -> Client:
    details: dict[str, Any] = {name: request.POST.get(name, "")[:LONGEST].strip() or None for name in FIELDS}
    details |= {"first_name": details["first_name"] or "", "last_name": details["last_name"] or ""}
    details["consents"] = [topic for topic, _name in Consent.TOPICS if request.POST.get(f"consent-{topic}")]
    details["home"] = Location.objects.get(pk=desk.place.id)
    said = request.POST.get(REFERRER, "").strip()
    extras = {REFERRER: said} if said and REFERRER in extra_keys() else {}
    return register(details=details, extras=extras, by=desk.by, now=desk.now, key=f"desk:{key}")


def _to_the_check(request: HttpRequest, desk: Desk, client: Client) -> HttpResponse:
    if not is_partial(request):
        return redirect(f"{resolve_url('desk:screen')}?{urlencode({'client': client.pk})}")
    draft = read_draft(request, desk).for_client(str(client.pk))
    return answer(request, desk, draft, focus="add", changed_client=True)


def _form(
    request: HttpRequest, desk: Desk, typed: Mapping[str, Any], errors: Mapping[str, str], key: str, status: int = 200
) -> HttpResponse:
    template = "desk/register_form.html" if is_partial(request) else "desk/register.html"
    context = {
        "desk": desk,
        "on_check": is_partial(request),
        "fields": _fields(typed, errors),
        "typed": typed,
        "errors": errors,
        "register_key": key,
        "topics": [(topic, name, f"consent-{topic}" in typed) for topic, name in Consent.TOPICS],
    }
    response = render(request, template, context, status=status)
    if request.method == "POST":  # a refused form stays where it is; a registered client changes the check as well
        response.headers["HX-Retarget"] = "#who"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _fields(typed: Mapping[str, Any], errors: Mapping[str, str]) -> list[dict[str, str]]:
    """The fields of the form, in the order in which one asks."""
    asked = [
        ("first_name", _("First name"), "text", ""),
        ("last_name", _("Last name"), "text", ""),
        ("phone", _("Phone"), "tel", ""),
        ("email", _("E-mail"), "email", ""),
        ("birthday", _("Birthday"), "date", ""),
        ("card", _("Plastic card"), "text", _("Empty: an electronic card is issued.")),
    ]
    if REFERRER in extra_keys():
        asked.insert(5, (REFERRER, _("Friend's code"), "text", _("Who brought them: code, link, phone or card.")))
    return [
        {
            "name": name,
            "label": label,
            "type": kind,
            "help": hint,
            "value": typed.get(name, ""),
            "error": errors.get(name, ""),
        }
        for name, label, kind, hint in asked
    ]


def _field(refusal: Refusal) -> str:
    return refusal.field if refusal.field in {*FIELDS, REFERRER} else "form"


def _typed_into_search(text: str) -> dict[str, str]:
    """A phone, an e-mail or a name goes to its own field, so that nobody types it twice."""
    text = text.strip()[:LONGEST]
    if "@" in text:
        return {"email": text}
    if any(character.isdigit() for character in text):
        return {"phone": text}
    first, _space, last = text.partition(" ")
    return {"first_name": first[:1].upper() + first[1:], "last_name": last[:1].upper() + last[1:]}
