"""`/health/` is red when something is missing, green when all is there, and tells nothing about anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client as Browser
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from clients.models import Business, Client, Message
from loyalty import night, proof, watermarks
from loyalty.models import Entry, Lot
from tests.night.value import give

pytestmark = pytest.mark.django_db


def ask() -> tuple[int, dict[str, Any]]:
    answer = Browser().get("/health/")
    return answer.status_code, answer.json()


def unwell() -> list[str]:
    status, said = ask()
    wrong = [name for name, facts in said["checks"].items() if not facts["ok"]]
    assert (status, said["status"]) == ((503, "unwell") if wrong else (200, "ok"))
    return wrong


def ago(**parts: int) -> datetime:
    return timezone.now() - timedelta(**parts)


def all_awake(*, beat: datetime | None = None, worker: datetime | None = None) -> None:
    """Beat, a worker and catching up have left their signs of life, now or at these moments."""
    for name, at in (
        ("beat", beat),
        ("worker", worker),
        ("loyalty.catch_up", min(filter(None, (beat, worker)), default=None)),
    ):
        watermarks.seen(name, at or timezone.now())


def test_all_is_well_after_a_catching_up() -> None:
    all_awake()

    assert unwell() == []


def test_before_the_first_one_it_is_not() -> None:
    assert unwell() == ["worker_and_beat", "beat"]


@pytest.mark.parametrize(("minutes", "wrong"), [(9, []), (11, ["worker_and_beat", "worker"])])
def test_a_silent_worker_shows_within_two_periods(minutes: int, wrong: list[str]) -> None:
    all_awake(worker=ago(minutes=minutes))

    assert unwell() == wrong


@pytest.mark.parametrize(("seconds", "wrong"), [(110, []), (130, ["beat"])])
def test_a_silent_beat_shows_within_two_minutes(seconds: int, wrong: list[str]) -> None:
    all_awake(beat=ago(seconds=seconds))

    assert unwell() == wrong


def test_when_both_are_silent_only_beat_is_blamed_until_it_runs_again() -> None:
    all_awake(beat=ago(hours=3), worker=ago(hours=3))

    assert unwell() == ["worker_and_beat", "beat"]
    assert ask()[1]["checks"]["worker"]["reason"] == "not known while beat is silent"

    watermarks.seen("beat", timezone.now())
    assert unwell() == ["worker_and_beat", "worker"]


def test_a_task_that_failed_shows_until_it_is_made_good(business: Business) -> None:
    all_awake()
    now = timezone.now()
    run = watermarks.begin_run("loyalty.expire_lots", business.day(now), now)
    assert unwell() == []  # it is at work

    watermarks.end_run(run, at=now, count=0, failure="OperationalError: gone")
    assert unwell() == ["nights"]
    assert ask()[1]["checks"]["nights"] == {"ok": False, "tasks": ["loyalty.expire_lots"]}

    night.run_task("loyalty.expire_lots", now=now)
    assert unwell() == []


def test_a_run_that_was_killed_shows(business: Business) -> None:
    all_awake()
    watermarks.begin_run("loyalty.expire_lots", business.day(timezone.now()), ago(minutes=12))

    assert unwell() == ["nights"]


@pytest.mark.parametrize(("days", "wrong"), [(1, []), (2, ["nights"])])
def test_a_night_that_is_overdue_shows(days: int, wrong: list[str], business: Business) -> None:
    all_awake()
    watermarks.advance("loyalty.expire_lots", business.day(timezone.now()) - timedelta(days=days))

    assert unwell() == wrong


def test_a_task_that_the_owner_switched_off_is_not_overdue(business: Business) -> None:
    all_awake()
    watermarks.advance("loyalty.expire_lots", business.day(timezone.now()) - timedelta(days=9))
    PeriodicTask.objects.filter(task="loyalty.expire_lots").update(enabled=False)

    assert unwell() == []


@pytest.mark.parametrize(("hours", "wrong"), [(25, []), (27, ["letters"])])
def test_letters_that_wait_too_long_show(hours: int, wrong: list[str], boris: Client) -> None:
    all_awake()
    facts = {"client": boris, "occasion": "test", "channel": "email", "topic": "offers"}
    useless_at = timezone.now() + timedelta(days=1)
    Message.objects.create(operation="letter", due_at=ago(hours=hours), useless_at=useless_at, **facts)
    Message.objects.create(operation="too late", due_at=ago(days=9), useless_at=ago(days=6), **facts)

    assert unwell() == wrong


def test_a_migration_that_was_not_run_shows() -> None:
    all_awake()
    MigrationRecorder(connection).record_unapplied("config", "0002_timetable")

    assert unwell() == ["migrations"]


def test_a_broker_folder_that_is_gone_shows(settings: Any, tmp_path: Any) -> None:
    if not settings.BROKER_URL.startswith("filesystem"):
        pytest.skip("another broker was chosen")
    all_awake()
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

    assert unwell() == ["broker"]


def test_a_ledger_that_does_not_add_up_shows(boris: Client) -> None:
    all_awake()
    lot = give(boris, 100, until=None)
    Lot.objects.filter(pk=lot.pk).update(remaining=90)

    proof.check_ledger(now=timezone.now())

    assert unwell() == ["ledger"]
    Lot.objects.filter(pk=lot.pk).update(remaining=100)
    proof.check_ledger(now=timezone.now())
    assert unwell() == []
    assert Entry.objects.count() == 1


def test_it_tells_nothing_about_anybody(boris: Client) -> None:
    said = Browser().get("/health/").content.decode()

    assert [word for word in ("Boris", "Petrov", boris.phone, boris.email) if word and word in said] == []


def test_it_can_only_be_read() -> None:
    assert Browser().post("/health/").status_code == 405
