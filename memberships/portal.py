"""The client's memberships on their own page: what is left, who used it when, and freezing it by themselves.

No address names a membership: which one is meant is said in the form, and it must be the client's own.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Refusal
from loyalty.house import House
from loyalty.portal.session import of_the_client
from loyalty.rulebook import rulebook
from memberships import asking, freezing, story
from memberships.desk import read_freeze
from memberships.freezing import Rest, days_left, rests_of
from memberships.holding import GONE, HELD, MembershipState, memberships_of, shared_with
from memberships.models import Membership
from memberships.story import Use

app_name = "my-memberships"
KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)
FREEZE, UNFREEZE = "freeze", "unfreeze"
MOST_USES, MOST_GONE = 20, 5


@dataclass(frozen=True, slots=True)
class Mine:
    """A membership as its holder sees it."""

    state: MembershipState
    membership: Membership
    rests: list[Rest]
    """That go on, or are to come."""
    days_left: int
    uses: list[Use]

    @property
    def can_freeze(self) -> bool:
        return bool(self.days_left) and self.state.last_day is not None and self.state.status in HELD[:3]


@require_http_methods(["GET", "HEAD", "POST"])
@of_the_client
def mine(request: HttpRequest, client: Client) -> HttpResponseBase:
    """What there is; asking what a freeze would do; and freezing."""
    house, now = rulebook().house, timezone.now()
    if request.method != "POST":
        return _page(request, client, house, now)
    row = _own(request.POST.get("membership", ""), client)
    verb, key = request.POST.get("do", ""), request.POST.get("key", "")
    if row is None or verb not in (FREEZE, UNFREEZE):
        return redirect("my-memberships:mine")
    typed = {name: request.POST.get(name, "").replace("\x00", "") for name in ("from", "days")}
    try:
        said = read_freeze(typed, house.day(now)) if verb == FREEZE else {}
        work = freezing.freeze if verb == FREEZE else freezing.unfreeze
        change: Any = partial(work, membership=row.pk, by=Actor.client(client.pk), now=now, **said)
        if request.POST.get("sure") and KEY.fullmatch(key):
            change(key=f"me:{client.pk}:membership:{key}")
            return redirect("my-memberships:mine")
        text = asking.before(partial(change, key="asked"), house)
    except Refusal as refusal:
        return _page(request, client, house, now, asked={"id": row.pk, "problem": str(refusal), **typed})
    return _page(request, client, house, now, asked={"id": row.pk, "text": text, "verb": verb, "sent": typed})


def _own(text: str, client: Client) -> Membership | None:
    """The client's own membership with this id."""
    is_id = text.isascii() and text.isdigit() and len(text) <= 18
    return Membership.objects.filter(pk=int(text), client=client).first() if is_id else None


def _page(
    request: HttpRequest, client: Client, house: House, now: datetime, asked: Mapping[str, Any] | None = None
) -> HttpResponse:
    states = memberships_of(client, house, now)
    shown = {
        "client": client,
        "currency": house.currency,
        "zone": house.zone,
        "mine": _mine([state for state in states if state.status in HELD], house.day(now)),
        "shared": [state for state in shared_with(client, house, now) if state.status in HELD],
        "past": [state for state in states if state.status in GONE][:MOST_GONE],
        "tomorrow": house.day(now) + timedelta(days=1),
        "asked": asked or {},
        "key": secrets.token_urlsafe(24),
    }
    status = 422 if asked is not None and "problem" in asked else 200
    return render(request, "memberships/mine.html", shown, status=status)


def _mine(states: list[MembershipState], today: date) -> list[Mine]:
    rows = {row.pk: row for row in Membership.objects.filter(pk__in=[state.id for state in states])}
    found = []
    for state in states:
        row = rows[state.id]
        rests = rests_of(row)
        still = [rest for rest in rests if rest.until > today]
        found.append(Mine(state, row, still, days_left(row, rests), story.uses_of(row)[:MOST_USES]))
    return found


urlpatterns = [path("", mine, name="mine")]
