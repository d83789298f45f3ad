"""One membership at the desk: what it is, who used it when, and what may be done to it.

Every verb asks first, and says what would happen; the form that does it has a key of its own, so that pressed twice it
is done once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from clients.models import Client
from clients.refusals import Invalid, NotFound, Refusal
from loyalty.desk.access import Desk, at_the_desk
from loyalty.desk.finding import LONGEST, find_clients
from loyalty.desk.guest import find_client
from loyalty.money import Money
from memberships import asking, calculation, extending, freezing, no_shows, people, story, transferring, upgrading
from memberships.changes import lots_of
from memberships.freezing import days_left, rests_of
from memberships.holding import HELD, membership_state
from memberships.models import Membership, Plan
from memberships.plans import service_of

app_name = "memberships"
KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)
COUNT = re.compile(r"[0-9]{1,6}", re.ASCII)
FREEZE, EXTEND = "memberships.freeze_membership", "memberships.extend_membership"
TRANSFER, MISS = "memberships.transfer_membership", "memberships.count_no_show"
TYPED = ("from", "days", "reason", "client", "who", "sessions", "service", "number")


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be done: whose right it is, what it is called, and how its form is read."""

    right: str
    title: Any
    read: Callable[[Mapping[str, str], Membership, Desk], dict[str, Any]]
    do: Callable[..., Membership]


class Several(Exception):
    """Several clients are meant by what was typed."""

    def __init__(self, found: list[Client]) -> None:
        super().__init__()
        self.found = found


# --- reading forms ---------------------------------------------------------------------------------------------------


def _count(sent: Mapping[str, str], name: str) -> int:
    """A whole number. Raises `Invalid`."""
    text = sent.get(name, "").strip()
    if not COUNT.fullmatch(text):
        raise Invalid(_("Say how many."), field=name)
    return int(text)


def _freeze(sent: Mapping[str, str], _row: Membership, desk: Desk) -> dict[str, Any]:
    return {**read_freeze(sent, desk.house.day(desk.now)), "reason": sent.get("reason", "")}


def read_freeze(sent: Mapping[str, str], today: date) -> dict[str, Any]:
    """From which day, for how many. Raises `Invalid`."""
    text = sent.get("from", "").strip()
    try:
        from_day = date.fromisoformat(text) if text else today + timedelta(days=1)
    except ValueError:
        raise Invalid(_("Say from which day."), field="from") from None
    return {"from_day": from_day, "days": _count(sent, "days")}


def _extend(sent: Mapping[str, str], _row: Membership, _desk: Desk) -> dict[str, Any]:
    return {"days": _count(sent, "days"), "reason": sent.get("reason", "")}


def _transfer(sent: Mapping[str, str], _row: Membership, desk: Desk) -> dict[str, Any]:
    said = {"client": _person(sent), "reason": sent.get("reason", "")}
    if sent.get("sessions", "").strip():
        said |= {"sessions": _count(sent, "sessions"), "service": _service(sent, desk)}
    return said


def _service(sent: Mapping[str, str], desk: Desk) -> int | None:
    known = desk.house.services.get(sent.get("service", ""))
    return known.id if known is not None else None


def _miss(sent: Mapping[str, str], _row: Membership, _desk: Desk) -> dict[str, Any]:
    return {"reason": sent.get("reason", ""), "service": sent.get("service", "")}


def _miss_back(sent: Mapping[str, str], _row: Membership, _desk: Desk) -> dict[str, Any]:
    return {"number": _count(sent, "number"), "reason": sent.get("reason", "")}


def _person(sent: Mapping[str, str]) -> Client:
    """The client who was chosen, or the one that was typed. Raises `NotFound`, `Several`."""
    row = find_client(sent.get("client", "")) if sent.get("client") else None
    found = [row] if row is not None else find_clients(sent.get("who", "").strip()[:LONGEST])
    if not found:
        raise NotFound(_("No such client is found. Type a phone, a name or a card."), field="who")
    if len(found) > 1:
        raise Several(found)
    return found[0]


def _named(sent: Mapping[str, str], _row: Membership, _desk: Desk) -> dict[str, Any]:
    """One of those who may use it. Raises `NotFound`."""
    client = find_client(sent.get("client", ""))
    if client is None:
        raise NotFound(_("There is no such client."), field="client")
    return {"client": client.pk}


VERBS: Mapping[str, Verb] = {
    "freeze": Verb(FREEZE, gettext_lazy("Freeze"), _freeze, freezing.freeze),
    "unfreeze": Verb(FREEZE, gettext_lazy("End the freeze"), lambda *_said: {}, freezing.unfreeze),
    "extend": Verb(EXTEND, gettext_lazy("Extend"), _extend, extending.extend),
    "transfer": Verb(TRANSFER, gettext_lazy("Pass on"), _transfer, transferring.transfer),
    "no-show": Verb(MISS, gettext_lazy("Take a session"), _miss, no_shows.count),
    "no-show-back": Verb(MISS, gettext_lazy("Give the session back"), _miss_back, no_shows.give_back),
    "person": Verb("", gettext_lazy("Name them"), lambda sent, *_more: {"client": _person(sent)}, people.add),
    "person-off": Verb("", gettext_lazy("Take them off"), _named, people.remove),
}


# --- pages -----------------------------------------------------------------------------------------------------------


@require_GET
@at_the_desk
def page(request: HttpRequest, desk: Desk, membership: str) -> HttpResponse:
    """What it is, and what may be done."""
    return _page(request, desk, membership_with(membership))


@require_POST
@at_the_desk
def act(request: HttpRequest, desk: Desk, membership: str, verb: str) -> HttpResponse:
    """Ask whether to do it, saying what would happen; with `sure` do it."""
    row, known = membership_with(membership), VERBS.get(verb)
    if known is None or not _may(desk, known):
        raise Http404
    sent = {name: request.POST.get(name, "").replace("\x00", "") for name in TYPED}
    key = request.POST.get("key", "")
    try:
        said = known.read(sent, row, desk)
        change = partial(known.do, membership=row.pk, by=desk.by, now=desk.now, **said)
        if request.POST.get("sure") and KEY.fullmatch(key):
            change(key=f"desk:membership:{key}")
            return redirect("memberships:page", membership=row.pk)
        text = asking.before(partial(change, key="asked"), desk.house)
    except Several as several:
        return _page(request, desk, row, verb=verb, typed=sent, several=several.found)
    except Refusal as refusal:
        return _page(request, desk, row, verb=verb, typed=sent, problem=str(refusal))
    if "client" in said:
        sent["client"] = str(getattr(said["client"], "pk", said["client"]))
    asked = {"title": known.title, "text": text, "verb": verb, "sent": {k: v for k, v in sent.items() if v}}
    return _page(request, desk, row, verb=verb, typed=sent, asked=asked)


@require_GET
@at_the_desk
def paper(request: HttpRequest, desk: Desk, membership: str) -> HttpResponse:
    """What would come back of it, line by line, to be printed."""
    row = membership_with(membership)
    shown = {
        "desk": desk,
        "membership": row,
        "sheet": calculation.calculation(row, desk.house, now=desk.now),
        "currency": desk.house.currency,
        "zone": desk.house.zone,
        "now": desk.now,
        "back": resolve_url("memberships:page", row.pk),
    }
    return render(request, "memberships/calculation_at_the_desk.html", shown)


def membership_with(text: str) -> Membership:
    """The membership with this id. Raises `Http404`."""
    is_id = text.isascii() and text.isdigit() and len(text) <= 18
    rows = Membership.objects.select_related("plan", "client", "origin__client", "sold_on")
    row = rows.filter(pk=int(text)).first() if is_id else None
    if row is None:
        raise Http404
    return row


def _may(desk: Desk, verb: Verb) -> bool:
    return not verb.right or desk.may(verb.right)


def _page(  # what was asked, and how it went
    request: HttpRequest,
    desk: Desk,
    row: Membership,
    *,
    verb: str = "",
    typed: Mapping[str, str] | None = None,
    problem: str = "",
    several: list[Client] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> HttpResponse:
    today = desk.house.day(desk.now)
    state = membership_state(row, desk.house, desk.now)
    rests = rests_of(row)
    shown = {
        "desk": desk,
        "membership": row,
        "state": state,
        "can_change": state.status in HELD and row.suspended_at is None and row.client.erased_at is None,
        "rests": [rest for rest in rests if rest.until > today],
        "days_left": days_left(row, rests),
        "tomorrow": today + timedelta(days=1),
        "services": _counted(row, desk, today),
        "missed": no_shows.no_shows_of(row),
        "uses": story.uses_of(row),
        "changes": story.changes_of(row, desk.house),
        "became": story.became(row),
        "upgrades": _upgrades(row, desk) if state.status in HELD else [],
        "may": {name.replace("-", "_"): _may(desk, one) for name, one in VERBS.items()},
        "currency": desk.house.currency,
        "zone": desk.house.zone,
        "key": secrets.token_urlsafe(24),
        "verb": verb,
        "typed": typed or {},
        "problem": problem,
        "several": several or [],
        "asked": asked,
        "back": f"{resolve_url('desk:screen')}?client={row.client_id}",
    }
    return render(request, "memberships/life.html", shown, status=422 if problem else 200)


def _counted(row: Membership, desk: Desk, today: date) -> list[tuple[str, str]]:
    """Code and name of the services that can be said of it: those with their own counts, else those it is for."""
    counted = {service_of(lot.operation, lot.opened_by) for lot in lots_of(row, today)} - {None}
    named = counted or set(row.plan.services.values_list("pk", flat=True))
    return [(one.code, one.name) for one in desk.house.services.values() if one.id in named]


def _upgrades(row: Membership, desk: Desk) -> list[tuple[Plan, Money]]:
    """The plans that it can be changed to, and what is to pay then; none while nothing can be credited."""
    plans = Plan.objects.filter(enabled=True).exclude(pk=row.plan_id).order_by("price", "code")
    try:
        credit = upgrading.worth(row, Money(0), desk.house.day(desk.now)).worth
    except Refusal:
        return []
    return [(plan, plan.price - credit) for plan in plans if plan.price >= credit]


urlpatterns = [
    path("<str:membership>/", page, name="page"),
    path("<str:membership>/calculation/", paper, name="calculation"),
    path("<str:membership>/<str:verb>/", act, name="act"),
]
