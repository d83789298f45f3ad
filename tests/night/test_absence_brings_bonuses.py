"""After so many days without a visit a client gets bonuses, at most once in so many days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clients.models import Client, LetterTemplate, Message
from loyalty.models import BonusProgram, Lot, Refund, Standing, Visit
from loyalty.money import Money
from loyalty.winback import grant_winback_bonuses
from tests import factories
from tests.night.value import account_of, tonight

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
    return [day for day in days if grant_winback_bonuses(tonight(day))]


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


# --- a night that is made up ------------------------------------------------------------------------------------------


def visited(client: Client, at: datetime) -> Visit:
    account_of(client)
    visit: Visit = factories.VisitFactory(client=client, at=at)
    Standing.objects.update_or_create(client=client, defaults={"visits": 1, "last_visit_at": at})
    return visit


def test_a_missed_night_goes_by_the_last_visit_before_it(boris: Client) -> None:
    visited(boris, LAST_VISIT)
    visited(boris, datetime(2026, 5, 1, 17, tzinfo=UTC))  # back on the day after, while no worker ran

    assert nights(date(2026, 4, 29), 5) == [date(2026, 4, 30)]


def test_who_had_been_here_before_the_missed_night_was_not_away(boris: Client) -> None:
    visited(boris, LAST_VISIT)
    visited(boris, LAST_VISIT + timedelta(days=20))
    visited(boris, datetime(2026, 5, 1, 17, tzinfo=UTC))

    assert nights(date(2026, 4, 29), 5) == []


def test_a_visit_that_wholly_came_back_is_no_visit(boris: Client) -> None:
    visited(boris, LAST_VISIT)
    back = visited(boris, LAST_VISIT + timedelta(days=20))
    Refund.objects.create(operation="test:refund", visit=back, at=back.at, by="staff:vera", reason="ill", is_whole=True)
    visited(boris, datetime(2026, 5, 1, 17, tzinfo=UTC))

    assert nights(date(2026, 4, 29), 5) == [date(2026, 4, 30)]


def test_who_has_come_back_is_not_written_to_that_they_are_missed(boris: Client, missyou: BonusProgram) -> None:
    said = {"subject_en": "We miss you", "body_en": "Come and see us"}
    missyou.letter = LetterTemplate.objects.create(code="missed", name="Missed", **said)
    missyou.save()
    visited(boris, LAST_VISIT)
    visited(boris, datetime(2026, 5, 1, 17, tzinfo=UTC))

    assert nights(date(2026, 4, 29), 5) == [date(2026, 4, 30)]
    assert not Message.objects.exists()
