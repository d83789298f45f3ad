"""FlexGym with a few sold things, and one person of each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from clients.actors import Actor
from clients.models import Client, Gateway, LetterRules, LetterTemplate, Location, Message, Staff
from giftcards.models import GiftCard, GiftCardBatch, GiftCardDelivery
from loyalty.models import (
    ApiKey,
    BonusProgram,
    Chain,
    ChainRun,
    Closure,
    Delivery,
    Discount,
    Event,
    Mailing,
    NightRun,
    PrizeClaim,
    PromoCode,
    RfmScale,
    Segment,
    Visit,
    Webhook,
)
from loyalty.registration import register
from memberships.models import Membership, Renewal
from referrals.models import Partner, PartnerStatement
from tests import factories
from tests.factories import NOW
from tests.presents.factories import GiftProgramFactory, PrizeFactory, StampProgramFactory
from tests.published import load_preset
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
    load_preset(by=Actor.command("load_setup"))
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


def one_of_each(gym: Gym) -> None:
    """A row of whatever the gym does not have yet, so that every page has something to show."""
    BonusProgram.objects.create(code="welcome", name="Welcome", trigger="registration", amount=100)
    Segment.objects.create(code="regulars", name="Regulars", visits_min=5)
    RfmScale.objects.create()
    Discount.objects.create(code="regular", name="Regulars", kind="permanent", percent=5)
    PromoCode.objects.create(code="WINTER", name="Winter", percent=5, is_batch=True)
    Mailing.objects.create(name="Spring", template=LetterTemplate.objects.create(code="a", name="A"), by="staff:anna")
    Gateway.objects.create(name="Twilio", url="json://example.com/{phone}")
    LetterRules.objects.create()
    Message.objects.create(operation="a", client=gym.boris, channel="email", topic="offers", due_at=NOW, useless_at=NOW)
    chain = Chain.objects.create(code="back", name="Back", begins="visited")
    ChainRun.objects.create(operation="a", chain=chain, client=gym.boris, step=1, next_at=NOW, begun_at=NOW)
    StampProgramFactory()
    GiftProgramFactory()
    PrizeClaim.objects.create(operation="a", prize=PrizeFactory(), client=gym.boris, price=5000, by="staff:anna")
    Closure.objects.create(
        operation="a", location=gym.main, from_day=NOW.date(), days=1, reason="Flood", by="staff:anna"
    )
    NightRun.objects.create(task="loyalty.expire_lots", day=NOW.date(), started_at=NOW, took_ms=1)
    partner = Partner.objects.create(code="yoga", name="City Yoga", percent=10)
    owed: Any = {"paid_in": 10000, "refunded": 0, "amount": 1000}
    PartnerStatement.objects.create(partner=partner, month="2026-01-01", clients=1, visits=1, percent=10, **owed)
    day, held = NOW.date(), Membership.objects.latest("pk")
    GiftCardBatch.objects.create(type=gym.card.type, amount=5000, count=1, by="staff:anna")
    GiftCardDelivery.objects.create(card=gym.card, email="b@example.com", language="en", on_day=day, due_at=NOW)
    Renewal.objects.create(membership=held, number=1, first_day=day, last_day=day, pay_by=day, price=3000)
    hook = Webhook.objects.create(url="https://till.example/hook", events=["visit.settled"], by="staff:anna")
    Delivery.objects.create(event=Event.objects.create(name="visit.settled"), webhook=hook, due_at=NOW)


def some_row(label: str) -> object:
    app, name = label.split(".")
    model = next(m for m in admin.site._registry if m._meta.app_label == app and m._meta.model_name == name)
    row = model._default_manager.order_by("pk").first()
    assert row is not None, label
    return row.pk


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
