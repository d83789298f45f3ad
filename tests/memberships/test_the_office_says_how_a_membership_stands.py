"""The list and the page of sold memberships say what can be done with each today: frozen is not "can be used"."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Client
from memberships import people
from memberships.models import Membership
from tests import factories
from tests.memberships.conftest import buy
from tests.memberships.life import freeze
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Browser) -> Browser:
    client.force_login(factories.StaffFactory(username="anna", role="owner"))
    return client


def listed(office: Browser) -> str:
    return office.get(reverse("admin:memberships_membership_changelist")).content.decode()


def test_one_that_rests_is_frozen(till: Till, boris: Client, office: Browser) -> None:
    _sold, held = buy(till, boris, factories.PlanFactory(freeze_days=14))
    with time_machine.travel(till.now, tick=False):
        assert "can be used" in listed(office)
    freeze(till, held, days=10)

    with time_machine.travel(till.later(days=2).now, tick=False):
        page = listed(office)
    assert "frozen" in page
    assert "can be used" not in page


def test_its_people_are_named(till: Till, boris: Client, alice: Client, office: Browser) -> None:
    _sold, held = buy(till, boris, factories.PlanFactory(people=2))
    people.add(membership=held.pk, client=alice, by=VERA, now=till.now, key="alice")

    page = office.get(reverse("admin:memberships_membership_change", args=[held.pk])).content.decode()
    assert str(alice) in page
    assert Membership.objects.get().client == boris
