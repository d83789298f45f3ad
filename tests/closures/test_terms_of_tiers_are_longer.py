"""The term of a tier is so many days longer when a place was closed, once, and shorter again when that is undone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client, Location
from loyalty import closures, falling
from loyalty.models import CashbackProgram, CashbackTier, Extension, Standing, TierStanding
from loyalty.money import Money
from tests import factories
from tests.closures.conftest import TODAY, Close, Undo, closing
from tests.night.value import NEW_YORK

pytestmark = pytest.mark.django_db


@pytest.fixture
def silver(boris: Client) -> TierStanding:
    """Boris reached Silver on 1 February; 400.00 count, it is kept for 60 days: he falls on 2 April."""
    program: CashbackProgram = factories.CashbackFactory()
    CashbackTier.objects.create(program=program, name="Start", from_spent=Money(0), percent=3)
    tier = CashbackTier.objects.create(program=program, name="Silver", from_spent=Money(50000), percent=5, min_days=60)
    Standing.objects.update_or_create(client=boris, defaults={"total_spent": Money(40000), "visits": 3})
    row = TierStanding.objects.create(client=boris, program=program, tier=tier, since=date(2026, 2, 1))
    falling.reschedule(program.pk, [boris.pk], today=TODAY, zone=NEW_YORK)
    row.refresh_from_db()
    return row


def falls(row: TierStanding) -> date | None:
    row.refresh_from_db()
    return row.falls_on


def test_the_fall_is_so_many_days_later(main: Location, silver: TierStanding, close: Close, undo: Undo) -> None:
    assert falls(silver) == date(2026, 4, 2)
    assert closures.preview(closing(main)).tiers == 1

    closure = close(main)

    assert (falls(silver), silver.extension_days) == (date(2026, 4, 7), 5)
    [extension] = Extension.objects.all()
    assert (extension.tier, extension.before, extension.after) == (silver, date(2026, 4, 2), date(2026, 4, 7))

    undo(closure)
    undo(closure)
    assert (falls(silver), silver.extension_days) == (date(2026, 4, 2), 0)


def test_two_closures_add_up_and_are_undone_one_by_one(
    main: Location, silver: TierStanding, close: Close, undo: Undo
) -> None:
    first, second = close(main, 5), close(main, 3)
    assert falls(silver) == date(2026, 4, 10)

    undo(first)
    assert falls(silver) == date(2026, 4, 5)

    undo(second)
    assert falls(silver) == date(2026, 4, 2)


def test_one_may_leave_tiers_alone(main: Location, silver: TierStanding, close: Close) -> None:
    close(main, tiers=False)

    assert falls(silver) == date(2026, 4, 2)


def test_a_fall_before_the_closed_days_stays(main: Location, silver: TierStanding, close: Close) -> None:
    close(main, 5, date(2026, 4, 3))

    assert falls(silver) == date(2026, 4, 2)


def test_whoever_does_not_fall_has_nothing_extended(main: Location, silver: TierStanding, close: Close) -> None:
    Standing.objects.update(total_spent=Money(60000))
    falling.reschedule(silver.program_id, [silver.client_id], today=TODAY, zone=NEW_YORK)

    close(main)

    assert (falls(silver), silver.extension_days, Extension.objects.count()) == (None, 0, 0)


def test_a_tier_that_was_reached_since_keeps_its_own_terms(
    main: Location, silver: TierStanding, close: Close, undo: Undo
) -> None:
    """Another closure's days on the tier that came later are not taken for those of the first."""
    closure = close(main)
    TierStanding.objects.update(since=TODAY + timedelta(days=10), extension_days=5)

    undo(closure, days_later=11)

    silver.refresh_from_db()
    assert silver.extension_days == 5
