"""Two locations: Main hall, where Boris is at home, and Riverside, where Alice is. It is Monday 2 March 2026."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Business, Client, Location
from loyalty import closures
from loyalty.closures import Closing
from loyalty.house import load_house
from loyalty.models import Closure
from tests import factories
from tests.night.value import NEW_YORK

ANNA = Actor.staff("anna")
TODAY = date(2026, 3, 2)
Close = Callable[..., Closure]
Undo = Callable[..., Closure]


@pytest.fixture
def main(location: Location, boris: Client) -> Location:
    Client.objects.filter(pk=boris.pk).update(home=location)
    return location


@pytest.fixture
def riverside(main: Location, alice: Client) -> Location:
    place: Location = factories.LocationFactory(code="riverside", name="Riverside")
    Client.objects.filter(pk=alice.pk).update(home=place)
    return place


def closing(place: Location, days: int = 5, from_day: date = TODAY, **what: Any) -> Closing:
    what.setdefault("made_at", factories.NOW)
    return Closing(location=place.pk, from_day=from_day, days=days, zone=NEW_YORK, **what)


@pytest.fixture
def close(business: Business) -> Close:
    """Close a place on 2 March for five days, by Anna."""

    def run(place: Location, days: int = 5, from_day: date = TODAY, *, key: str = "", **what: Any) -> Closure:
        plan = closing(place, days, from_day, **what)
        key = key or f"test:{Closure.objects.count()}"
        return closures.close(closing=plan, reason="Repairs.", key=key, by=ANNA, now=plan.made_at, house=load_house())

    return run


@pytest.fixture
def undo(business: Business) -> Undo:
    """Undo it, some days later."""

    def run(closure: Closure, days_later: int = 0) -> Closure:
        now: datetime = factories.NOW + timedelta(days=days_later)
        undone = closures.undo(closure_id=closure.pk, by=ANNA, now=now)
        closures.go_on_with(undone, house=load_house(), now=now)
        return undone

    return run
