"""One process at a time does the night, and one that was killed or too slow shows as such and is taken over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from clients.models import Business, Client
from loyalty import night, watermarks
from loyalty.models import Lot, NightRun
from loyalty.night import HOLD, NIGHT
from tests.conftest import Together
from tests.night.value import give

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 4, 17, tzinfo=UTC)
TASK = "loyalty.expire_lots"


@pytest.fixture
def lot(business: Business, boris: Client) -> Lot:
    return give(boris, 100, until=date(2026, 3, 3))


def ended(lot: Lot) -> bool:
    lot.refresh_from_db()
    return lot.remaining == 0


def test_while_another_is_at_it_nothing_is_begun(lot: Lot) -> None:
    assert watermarks.claim(NIGHT, now=NOON, for_=HOLD) is not None

    assert night.catch_up(now=NOON + timedelta(minutes=5)) == []
    assert night.run_task(TASK, now=NOON + timedelta(minutes=5)) == []
    assert (NightRun.objects.count(), ended(lot)) == (0, False)


def test_whoever_runs_it_by_hand_is_not_kept_waiting(lot: Lot) -> None:
    watermarks.claim(NIGHT, now=NOON, for_=HOLD)

    night.run_daily(now=NOON + timedelta(minutes=1))

    assert ended(lot)


def test_one_that_was_killed_is_taken_over_when_it_can_no_longer_live(lot: Lot) -> None:
    watermarks.claim(NIGHT, now=NOON, for_=HOLD)

    assert night.catch_up(now=NOON + timedelta(minutes=10)) == []
    night.catch_up(now=NOON + timedelta(minutes=15))

    assert ended(lot)
    assert timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT) < HOLD


def test_it_is_given_back_at_the_end_and_after_a_failure(lot: Lot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_night: Any) -> int:
        raise ValueError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(night, "duties", lambda: (night.Duty(TASK, fail),))
        assert [run.failure for run in night.catch_up(now=NOON)] == ["ValueError: odd"]
    assert watermarks.held_until(NIGHT) is None

    night.catch_up(now=NOON + timedelta(minutes=1))
    assert ended(lot)


def test_one_that_lost_its_lease_stops(lot: Lot, monkeypatch: pytest.MonkeyPatch) -> None:
    """It slept so long that another took over: its next duty is not begun."""
    begun: list[str] = []

    def sleep(_night: Any) -> int:
        begun.append("first")
        watermarks.claim(NIGHT, now=NOON + timedelta(hours=1), for_=HOLD)
        return 0

    def wake(_night: Any) -> int:
        begun.append("second")
        return 0

    duties = (night.Duty("loyalty.activate_pending", sleep), night.Duty(TASK, wake))
    monkeypatch.setattr(night, "duties", lambda: duties)

    night.catch_up(now=NOON)

    assert begun == ["first"]
    assert watermarks.held_until(NIGHT) == NOON + timedelta(hours=1) + HOLD


def test_what_takes_too_long_says_so_stops_the_night_and_goes_on_later(
    lot: Lot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery says so a minute before it kills; the later parts wait for the next catching up."""

    def slow(_night: Any) -> int:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        first, *others = night.duties()
        patch.setattr(night, "duties", lambda: (night.Duty(first.task, slow), *others))
        runs = night.catch_up(now=NOON, too_long=(SoftTimeLimitExceeded,))
    assert [(run.task, run.failure) for run in runs] == [(night.duties()[0].task, watermarks.TOO_LONG)]
    assert not ended(lot)

    night.catch_up(now=NOON + timedelta(minutes=5))
    assert ended(lot)
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", 1800) > settings.CELERY_TASK_TIME_LIMIT


def test_a_run_is_on_record_from_its_beginning(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, datetime]] = []

    def look(_night: Any) -> int:
        seen.extend(NightRun.objects.values_list("task", "failure", "started_at"))
        return 7

    monkeypatch.setattr(night, "duties", lambda: (night.Duty(TASK, look),))

    [run] = night.catch_up(now=NOON)

    assert [(task, failure) for task, failure, _at in seen] == [(TASK, watermarks.INTERRUPTED)]
    assert NOON <= seen[0][2] < NOON + timedelta(minutes=1)
    run.refresh_from_db()
    assert (run.failure, run.count) == ("", 7)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_that_catch_up_at_once_one_does_it(lot: Lot, together: Together) -> None:
    nights = together(*[lambda: night.catch_up(now=NOON)] * 5)

    assert all(isinstance(runs, list) for runs in nights)
    tasks = [run.task for runs in nights for run in runs]
    assert sorted(tasks) == sorted(duty.task for duty in night.duties())
    assert ended(lot)
