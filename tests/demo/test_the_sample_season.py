"""The sample gym is played through the real till, so its ledger proves; somebody's own business is never touched."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.contrib.auth.models import Group

from clients.models import Business, Client, Staff
from config.demo import evening, ground
from config.demo.figures import figures
from config.demo.season import Season
from config.demo.stage import PortTaken, check_port
from giftcards.models import GiftCard, GiftCardDelivery
from loyalty import watermarks
from loyalty.models import Refund, Visit
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.models import Membership
from referrals.models import PartnerClient, Referral
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty(settings: Any) -> Any:
    """The embedded database as `migrate` leaves it."""
    settings.EMBEDDED = True
    return settings


def test_six_weeks_at_the_gym_prove(empty: Any) -> None:
    ground.open_business()
    season = Season(factories.NOW, days=45, count=24)

    differences = ground.build(factories.NOW, season, lambda: None)

    assert (differences, prove()) == ([], [])
    assert watermarks.last_seen(ground.TASK) == factories.NOW
    happened = [model.objects.exists() for model in (Membership, GiftCard, Referral, Refund)]
    assert (happened, Client.objects.count()) == ([True, True, True, True], 24 + len(evening.NAMES))
    assert Visit.objects.filter(at__gt=factories.NOW).count() == 0
    found = figures(season.today)
    assert found.earned - found.spent - found.expired == found.outstanding
    assert min(found.rewards, found.spent, found.cards_spent, found.sessions_used) > 0


def test_its_last_hour_shows_the_programs_that_came_last(empty: Any) -> None:
    ground.open_business()
    season = Season(factories.NOW, days=0, count=0)

    assert ground.build(factories.NOW, season, lambda: None) == []

    family = Membership.objects.get(plan__code="family")
    assert [str(person.client) for person in family.people.order_by("pk")] == ["Erik Lind", "Maja Lind"]
    assert [(rest.days, rest.from_day.isoformat()) for rest in family.freezes.all()] == [(14, "2026-03-03")]
    assert Membership.objects.filter(plan__code="club", paid_until__isnull=False).exists()
    assert GiftCardDelivery.objects.get().email == "boris@example.com"
    assert GiftCard.objects.filter(replaces__isnull=False).count() == 1
    assert PartnerClient.objects.filter(partner__code=evening.PARTNER).count() == 2


def test_two_first_starts_tell_the_same_story(empty: Any) -> None:
    ground.open_business()

    one, other = (Season(factories.NOW).cast for _twice in range(2))

    assert one == other
    assert len({guest.phone for guest in one}) == len({(guest.first_name, guest.last_name) for guest in one}) == 80


def test_there_is_somebody_of_each_role(empty: Any) -> None:
    ground.open_business()

    roles = {staff.username: [group.name for group in staff.groups.all()] for staff in Staff.objects.all()}
    assert roles == {"owner": ["owner"], "manager": ["manager"], "desk": ["front_desk"], "auditor": ["auditor"]}
    assert set(Group.objects.values_list("name", flat=True)) == {"owner", "manager", "front_desk", "auditor"}
    assert all(Staff.objects.get(username=row[1]).check_password(row[2]) for row in ground.STAFF)
    assert Business.objects.get().is_demo


def test_a_database_of_ones_own_is_refused(settings: Any) -> None:
    settings.EMBEDDED = False

    with pytest.raises(ground.NotTheDemo, match="DATABASE_URL is set"):
        ground.check_ground()


@pytest.mark.parametrize("factory", [factories.BusinessFactory, factories.StaffFactory])
def test_an_embedded_database_that_is_in_use_is_refused(factory: Any, empty: Any) -> None:
    factory()

    with pytest.raises(ground.NotTheDemo, match="holds a business of your own"):
        ground.check_ground()


def test_an_empty_one_and_its_own_are_welcome(empty: Any) -> None:
    ground.check_ground()
    ground.open_business()
    ground.check_ground()

    assert rulebook().house.name == "FlexGym"
    assert not ground.is_complete()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortTaken, match=f"Port {port} is taken"):
            check_port(port)
