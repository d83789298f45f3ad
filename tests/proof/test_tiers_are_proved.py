"""The proof works the coming falls of tiers out anew, and finds what somebody has changed by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client
from loyalty.models import CashbackTier, TierStanding
from loyalty.money import Money
from loyalty.proof import prove
from loyalty.review import review_tiers
from tests import factories
from tests.till import Till

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


@pytest.fixture
def falling(location: object, boris: Client, alice: Client) -> Client:
    """Alice keeps Silver for good, Boris until 31 May 2026."""
    till = Till(now=factories.NOW)
    factories.ServiceFactory(price=Money(60000))
    program = factories.CashbackFactory()
    factories.CashbackTierFactory(program=program)
    factories.CashbackTierFactory(program=program, name="Silver", from_spent=Money(50000), percent=5, min_days=90)
    review_tiers(day=MONDAY, now=till.now)
    till.sell("session", client=alice)
    till.refund(till.sell("session", client=boris))
    return boris


@pytest.mark.parametrize("days", [None, 5, 90, 91, 400])
def test_an_honest_history_proves(falling: Client, days: int | None) -> None:
    if days is not None:
        review_tiers(day=MONDAY + timedelta(days=days), now=factories.NOW + timedelta(days=days))
    assert prove() == []


def test_a_day_that_was_moved_shows(falling: Client) -> None:
    TierStanding.objects.filter(client=falling).update(falls_on=date(2027, 1, 1))
    (said,) = prove()
    assert said == f"client {falling.pk}: the first fall is on 2026-05-31, the night looks for it on 2027-01-01"


def test_a_fall_that_was_taken_away_shows(falling: Client, time_machine: object) -> None:
    time_machine.move_to(factories.NOW)  # type: ignore[attr-defined]
    TierStanding.objects.filter(client=falling).update(falls_on=None, falls=[])
    (said,) = prove()
    assert said.startswith(f"client {falling.pk}: falls as [], the spending says [['2026-05-31'")


def test_thresholds_that_wait_for_the_night_are_left_to_it(falling: Client) -> None:
    CashbackTier.objects.filter(name="Silver").update(from_spent=10**9)
    assert prove() != []
    factories.TierChangeFactory(program=TierStanding.objects.filter(client=falling).get().program)
    assert prove() == []
