"""Two beats are started: one sends the tasks, the other waits, and takes over when the first is gone."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_celery_beat import schedulers
from django_celery_beat.models import PeriodicTask

from config import beat
from config.beat import BEAT, LOOK_AGAIN_SECONDS, OneBeat
from config.celery import app
from loyalty import watermarks
from loyalty.models import Watermark
from tests.conftest import Together

pytestmark = pytest.mark.django_db


class Quiet(OneBeat):
    """A beat that notes what it would send."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        super().__init__(app=app)

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **_kwargs: Any) -> None:
        self.sent.append(entry.task)

    @property
    def producer(self) -> None:
        return None

    def ticks(self, times: int = 8) -> list[str]:
        for _tick in range(times):
            self.tick()
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture(autouse=True)
def the_connection_of_the_test_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beat closes connections that are in a transaction; a test is in one."""
    monkeypatch.setattr(schedulers, "close_old_connections", lambda: None)


@pytest.fixture(autouse=True)
def all_are_due(db: None) -> None:
    """Two tasks of every few minutes, both due; the nightly ones are left out."""
    PeriodicTask.objects.filter(crontab__isnull=False).update(enabled=False)
    PeriodicTask.objects.filter(interval__isnull=False).update(last_run_at=timezone.now() - timedelta(hours=1))


def gone_by(seconds: float, *beats: Quiet) -> None:
    """As if so much time had gone by: the lease is older, and who holds it thinks of holding it longer."""
    for row in Watermark.objects.filter(task=watermarks.LEASE + BEAT, seen_at__isnull=False):
        assert row.seen_at is not None
        earlier = row.seen_at - timedelta(seconds=seconds)
        for one in beats:
            one._held_at -= seconds
            one._lease = earlier if one._lease == row.seen_at else one._lease
        Watermark.objects.filter(pk=row.pk).update(seen_at=earlier)


def test_only_the_first_sends() -> None:
    first, second = Quiet(), Quiet()

    sent, also = first.ticks(), second.ticks()

    assert "loyalty.catch_up" in sent
    assert also == []
    assert second.tick() == LOOK_AGAIN_SECONDS


def test_it_says_that_another_one_is_there_once(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Quiet(), Quiet()
    first.ticks()

    with caplog.at_level(logging.WARNING, logger="config.beat"):
        second.ticks(3)

    assert [record.getMessage() for record in caplog.records if record.name == "config.beat"] == [
        "another beat sends the tasks; this one waits until it stops"
    ]


def test_the_other_takes_over_when_the_first_was_killed_and_not_before() -> None:
    first, second = Quiet(), Quiet()
    first.ticks()

    gone_by(40)
    assert second.ticks() == []
    gone_by(10)
    second.ticks()

    assert second._lease is not None
    assert first._lease != second._lease


def test_stopped_in_good_order_it_leaves_at_once() -> None:
    first, second = Quiet(), Quiet()
    first.ticks()

    first.close()
    second.ticks(1)

    assert second._lease is not None


def test_what_the_first_has_sent_is_not_sent_again_by_the_second() -> None:
    first, second = Quiet(), Quiet()  # both have read the timetable before anything is sent
    first.ticks()
    first.sync()
    gone_by(60)

    assert second.ticks() == []


def test_it_holds_its_lease_longer_and_leaves_a_sign_of_life() -> None:
    one = Quiet()
    one.ticks(1)
    before = watermarks.held_until(BEAT)

    gone_by(20, one)
    Watermark.objects.filter(task=BEAT).update(seen_at=timezone.now() - timedelta(minutes=5))
    one.ticks(1)

    after, seen = watermarks.held_until(BEAT), watermarks.last_seen(BEAT)
    assert before is not None
    assert after is not None
    assert seen is not None
    assert after >= before
    assert timezone.now() - seen < timedelta(seconds=30)


def test_one_that_slept_too_long_does_not_go_on_beside_the_other() -> None:
    first, second = Quiet(), Quiet()
    first.ticks()
    gone_by(60, first)
    second.ticks()

    PeriodicTask.objects.filter(interval__isnull=False).update(last_run_at=timezone.now() - timedelta(hours=1))
    assert first.ticks() == []
    assert first._lease is None


def test_without_the_database_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Quiet()
    one.ticks()
    one._held_at = time.monotonic() - 60

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(watermarks, "renew", away)
        patch.setattr(beat, "close_old_connections", lambda: None)
        assert one.tick() == LOOK_AGAIN_SECONDS
        assert one.sent == []
    one.ticks(1)
    assert one._lease is not None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_that_start_at_once_one_gets_the_lease(together: Together) -> None:
    now = timezone.now()
    calls = [lambda: watermarks.claim(BEAT, now=now, for_=beat.HOLD)] * 6

    got = together(*calls)

    assert sorted(one is not None for one in got) == [False] * 5 + [True]
