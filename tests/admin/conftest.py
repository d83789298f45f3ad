"""FlexGym with a few sold things, and one person of each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from clients.actors import Actor
from clients.models import Client, Location, Staff
from giftcards.models import GiftCard
from loyalty.models import ApiKey, Visit
from loyalty.registration import register
from loyalty.setup import load, presets, read_yaml
from tests import factories
from tests.till import Till

SignIn = Callable[[Staff], Browser]
ANNA = Actor.staff("anna")


@dataclass
class Gym:
    """FlexGym as its preset has it, with Alice, who brought Boris, and what Boris bought."""

    main: Location
    riverside: Location
    alice: Client
    boris: Client
    till: Till
    visit: Visit
    elsewhere: Visit
    card: GiftCard
    key: ApiKey
    more: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def gym(db: None) -> Gym:
    load(read_yaml(presets()[0].text), by=Actor.command("load_setup"))
    now = timezone.now()
    alice = register(details={"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101"}, by=ANNA, now=now)
    boris = register(
        details={"first_name": "Boris", "last_name": "Petrov", "phone": "+12125550102"},
        extras={"referrer": alice.referral_code.code},
        by=ANNA,
        now=now,
    )
    till = Till(now=now - timedelta(minutes=5))
    visit = till.sell("personal", client=boris).visit
    elsewhere = till.sell("session", client=alice, location="riverside").visit
    till.sell({"gift_card_type": "gift", "amount": "50.00"}, client=boris)
    till.sell({"membership_plan": "five"}, client=boris)
    places = {place.code: place for place in Location.objects.all()}
    return Gym(
        main=places["main"],
        riverside=places["riverside"],
        alice=alice,
        boris=boris,
        till=till,
        visit=visit,
        elsewhere=elsewhere,
        card=GiftCard.objects.get(),
        key=ApiKey.objects.create(name="Till 1", key_hash="0" * 64),
    )


def person(name: str, role: str, **more: Any) -> Staff:
    staff: Staff = factories.StaffFactory(
        username=name, first_name=name.title(), role=role, is_staff=role != "front_desk", **more
    )
    return staff


@pytest.fixture
def anna(gym: Gym) -> Staff:
    """The owner."""
    return person("anna", "owner")


@pytest.fixture
def mike(gym: Gym) -> Staff:
    """The manager of the main hall."""
    return person("mike", "manager", locations=[gym.main])


@pytest.fixture
def vera(gym: Gym) -> Staff:
    """At the desk."""
    return person("vera", "front_desk")


@pytest.fixture
def olga(gym: Gym) -> Staff:
    """The auditor."""
    return person("olga", "auditor")


@pytest.fixture
def sign_in() -> SignIn:
    def signed_in(staff: Staff) -> Browser:
        cache.clear()
        browser = Browser(raise_request_exception=False)
        browser.force_login(staff)
        return browser

    return signed_in
