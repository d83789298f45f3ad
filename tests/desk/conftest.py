"""FlexGym as published, and somebody signed in at its desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from clients.actors import Actor
from clients.models import Client, Location, Staff
from loyalty.registration import register
from tests import factories
from tests.desk.screen import Screen, signed_in
from tests.published import load_preset

BY = Actor.command("test")


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """Monday 2 March 2026, noon in New York."""
    with time_machine.travel(factories.NOW, tick=False):
        yield


@pytest.fixture
def flexgym(db: None) -> Location:
    """The preset, as the owner publishes it."""
    load_preset(by=BY)
    return Location.objects.get(code="main")


@pytest.fixture
def vera(flexgym: Location) -> Staff:
    staff: Staff = factories.StaffFactory(username="vera", role="front_desk")
    return staff


@pytest.fixture
def mara(flexgym: Location) -> Staff:
    staff: Staff = factories.StaffFactory(username="mara", first_name="Mara", role="manager")
    return staff


@pytest.fixture
def desk(vera: Staff) -> Screen:
    """The desk of the main hall, with Vera at it."""
    return signed_in(vera)


@pytest.fixture
def manager(mara: Staff) -> Screen:
    """The same desk, with the manager at it."""
    return signed_in(mara)


@pytest.fixture
def alice(flexgym: Location) -> Client:
    details = {"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101"}
    return register(details=details, by=BY, now=factories.NOW)


@pytest.fixture
def boris(alice: Client) -> Client:
    """A friend of Alice: 100 bonuses to begin with."""
    details = {"first_name": "Boris", "last_name": "Petrov", "phone": "+12125550102"}
    extras = {"referrer": "+12125550101"}
    return register(details=details, extras=extras, by=BY, now=factories.NOW)
