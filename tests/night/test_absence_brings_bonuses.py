"""After so many days without a visit a client gets bonuses, at most once in so many days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clients.models import Client
from loyalty.models import BonusProgram, Lot, Standing
from loyalty.money import Money
from loyalty.winback import grant_winback_bonuses
from tests import factories
from tests.night.value import NEW_YORK, TASK, account_of

pytestmark = pytest.mark.django_db
LAST_VISIT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 1 March, 22:00 in New York


@pytest.fixture(autouse=True)
def missyou(business: object) -> BonusProgram:
    """300 bonuses after 60 days, again after 180."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="missyou", name="We miss you", trigger="inactivity", amount=Money(30000), days=60, repeat_days=180
    )
    return program


def came(client: Client, at: datetime | None, visits: int = 3) -> None:
    account_of(client)
    Standing.objects.update_or_create(client=client, defaults={"visits": visits, "last_visit_at": at})


def nights(first: date, count: int) -> list[date]:
    """The nights that granted something."""
    days = [first + timedelta(days=i) for i in range(count)]
    return [day for day in days if grant_winback_bonuses(day=day, zone=NEW_YORK, by=TASK)]


def test_sixty_days_after_1_march_is_30_april(boris: Client) -> None:
    came(boris, LAST_VISIT)

    assert nights(date(2026, 3, 1), 100) == [date(2026, 4, 30)]
    assert Lot.objects.get().operation == f"winback:missyou:2026-04-30:client:{boris.pk}"


def test_whoever_stays_away_gets_it_again_after_the_days_between(boris: Client) -> None:
    came(boris, LAST_VISIT)

    assert nights(date(2026, 4, 1), 365) == [date(2026, 4, 30), date(2026, 10, 27)]


def test_never_again_where_no_days_are_given(boris: Client, missyou: BonusProgram) -> None:
    missyou.repeat_days = None
    missyou.save()
    came(boris, LAST_VISIT)

    assert nights(date(2026, 4, 1), 365) == [date(2026, 4, 30)]


def test_a_visit_begins_the_count_anew(boris: Client) -> None:
    came(boris, LAST_VISIT + timedelta(days=30))

    assert nights(date(2026, 4, 1), 60) == [date(2026, 5, 30)]


def test_not_sooner_than_the_days_between_whatever_they_did(boris: Client) -> None:
    came(boris, LAST_VISIT)
    nights(date(2026, 4, 30), 1)
    came(boris, datetime(2026, 5, 2, 17, 0, tzinfo=UTC))

    assert nights(date(2026, 5, 3), 200) == [date(2026, 10, 27)]


def test_whoever_never_came_is_not_missed(boris: Client) -> None:
    came(boris, None, visits=0)

    assert nights(date(2026, 4, 1), 365) == []
