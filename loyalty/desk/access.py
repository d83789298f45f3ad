"""Who stands at the desk, where, and by which settings: every view of the desk begins here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

from clients.actors import Actor
from clients.models import Staff
from loyalty.house import House, NotSetUp, Place
from loyalty.rulebook import Rulebook, rulebook

P = ParamSpec("P")

RECORD = "loyalty.record_visit"
REFUND = "loyalty.refund_visit"
OVERRIDE = "loyalty.override_price"
BY_HAND = "loyalty.discount_by_hand"
LOCATION = "desk_location"
PLACE = "at_location"


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody of the staff at the desk of a location."""

    staff: Staff
    place: Place
    places: tuple[Place, ...]
    """Where they may stand, by name."""
    book: Rulebook
    now: datetime

    @property
    def house(self) -> House:
        return self.book.house

    @property
    def by(self) -> Actor:
        return Actor.staff(self.staff.username)

    def may(self, permission: str) -> bool:
        return self.staff.has_perm(permission)

    def works_at(self, location: int) -> bool:
        """Whether checks of this location are theirs to see."""
        return any(place.id == location for place in self.places)


def at_the_desk(view: Callable[Concatenate[HttpRequest, Desk, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only staff in who may record visits; others are sent to sign in, or told why not. In their language."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        staff = request.user
        if not isinstance(staff, Staff) or not staff.is_active:
            return _to_sign_in(request)
        language = staff.language or translation.get_language() or "en"
        with translation.override(language):
            response = _guarded(request, staff, view, *args, **kwargs)
        response.headers["Content-Language"] = language
        add_never_cache_headers(response)
        return response

    return guarded


def _guarded(
    request: HttpRequest,
    staff: Staff,
    view: Callable[Concatenate[HttpRequest, Desk, P], HttpResponse],
    *args: P.args,
    **kwargs: P.kwargs,
) -> HttpResponse:
    if not staff.has_perm(RECORD):
        return render(request, "desk/closed.html", {"why": "rights"}, status=403)
    try:
        book = rulebook()
    except NotSetUp:
        return render(request, "desk/closed.html", {"why": "setup"}, status=503)
    places = places_of(staff, book.house)
    if not places:
        return render(request, "desk/closed.html", {"why": "place"}, status=403)
    # A check says itself where it is: another tab may have moved the desk meanwhile.
    said = request.POST.get(PLACE) or request.session.get(LOCATION)
    place = next((place for place in places if place.code == said), places[0])
    desk = Desk(staff=staff, place=place, places=places, book=book, now=timezone.now())
    return view(request, desk, *args, **kwargs)


def places_of(staff: Staff, house: House) -> tuple[Place, ...]:
    """Open locations where they work; who has none named works everywhere."""
    own = set(staff.locations.values_list("code", flat=True))
    places = (place for place in house.places.values() if not own or place.code in own)
    return tuple(sorted(places, key=lambda place: place.name))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards; a part of a page sends the whole page there."""
    address = resolve_url("desk:sign_in")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(f"{address}?{urlencode({'next': request.get_full_path()})}")
