"""At night a client goes to the rung that their spending reaches now, up or down."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clients.models import Client
from loyalty.models import CashbackProgram, CashbackTier, Standing, TierStanding
from loyalty.money import Money
from loyalty.review import review_tiers
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


@pytest.fixture
def tiers(business: object) -> list[CashbackTier]:
    """Start from 0, Silver from 500.00, Gold from 1,500.00."""
    rungs = (("Start", 0, 3), ("Silver", 50000, 5), ("Gold", 150000, 7))
    return [
        factories.CashbackTierFactory(name=name, from_spent=Money(spent), percent=percent)
        for name, spent, percent in rungs
    ]


def stand(client: Client, spent: int, tier: CashbackTier | None) -> None:
    Standing.objects.create(client=client, total_spent=Money(spent))
    if tier is not None:
        TierStanding.objects.create(client=client, program=tier.program, tier=tier, since=date(2026, 1, 1))


def review(day: date = DAY) -> int:
    return review_tiers(day=day, now=factories.NOW + (day - DAY))


def tier_of(client: Client) -> tuple[str, date] | None:
    row = TierStanding.objects.filter(client=client).select_related("tier").first()
    return (row.tier.name, row.since) if row is not None else None


@pytest.mark.parametrize(
    ("spent", "before", "after"),
    [
        pytest.param(49999, "Silver", ("Start", DAY), id="down after a refund"),
        pytest.param(50000, "Silver", ("Silver", date(2026, 1, 1)), id="the threshold itself stays"),
        pytest.param(150000, "Start", ("Gold", DAY), id="up, two rungs at once"),
        pytest.param(0, "Gold", ("Start", DAY), id="down to the lowest"),
    ],
)
def test_the_rung_follows_what_was_spent(
    spent: int, before: str, after: tuple[str, date], boris: Client, tiers: list[CashbackTier]
) -> None:
    stand(boris, spent, next(tier for tier in tiers if tier.name == before))

    changed = review()

    assert (tier_of(boris), changed) == (after, int(after[1] == DAY))
    assert review() == 0


def test_below_the_lowest_rung_there_is_none(boris: Client, tiers: list[CashbackTier]) -> None:
    stand(boris, 100, tiers[0])
    CashbackTier.objects.filter(pk=tiers[0].pk).update(from_spent=200)

    review()

    assert tier_of(boris) is None


def test_a_rung_that_was_switched_off_is_left(boris: Client, tiers: list[CashbackTier]) -> None:
    stand(boris, 200000, tiers[2])
    CashbackTier.objects.filter(pk=tiers[2].pk).update(enabled=False)

    review()

    assert tier_of(boris) == ("Silver", DAY)


def test_a_program_that_is_off_is_not_reviewed(boris: Client, tiers: list[CashbackTier]) -> None:
    stand(boris, 0, tiers[2])
    CashbackProgram.objects.update(enabled=False)

    assert review() == 0
    assert tier_of(boris) == ("Gold", date(2026, 1, 1))


def test_spending_that_has_left_the_window_counts_no_more(
    boris: Client, alice: Client, tiers: list[CashbackTier]
) -> None:
    CashbackProgram.objects.update(window_days=30)
    stand(boris, 60000, tiers[1])
    stand(alice, 60000, None)
    for client, at in ((boris, datetime(2026, 1, 20, 17, tzinfo=UTC)), (alice, datetime(2026, 2, 20, 17, tzinfo=UTC))):
        visit = factories.VisitFactory(client=client, at=at)
        visit.spent = Money(60000)
        visit.save()

    changed = review()

    assert (tier_of(boris), tier_of(alice), changed) == (("Start", DAY), ("Silver", DAY), 2)
    last_day = date(2026, 2, 20) + timedelta(days=30)
    review(last_day)
    assert tier_of(alice) == ("Silver", DAY)
    review(last_day + timedelta(days=1))
    assert tier_of(alice) == ("Start", last_day + timedelta(days=1))
