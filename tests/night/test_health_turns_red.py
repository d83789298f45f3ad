"""`/health/` is red when something is missing, green when all is there, and tells nothing about anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from loyalty import proof, watermarks
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


def test_all_is_well_after_a_catching_up() -> None:
    watermarks.seen("loyalty.catch_up", timezone.now())

    assert unwell() == []


def test_before_the_first_one_it_is_not() -> None:
    assert unwell() == ["worker_and_beat"]


@pytest.mark.parametrize(("minutes", "wrong"), [(9, []), (11, ["worker_and_beat"])])
def test_a_silent_worker_shows_within_two_periods(minutes: int, wrong: list[str]) -> None:
    watermarks.seen("loyalty.catch_up", timezone.now() - timedelta(minutes=minutes))

    assert unwell() == wrong


def test_a_migration_that_was_not_run_shows() -> None:
    watermarks.seen("loyalty.catch_up", timezone.now())
    MigrationRecorder(connection).record_unapplied("config", "0002_timetable")

    assert unwell() == ["migrations"]


def test_a_broker_folder_that_is_gone_shows(settings: Any, tmp_path: Any) -> None:
    if not settings.BROKER_URL.startswith("filesystem"):
        pytest.skip("another broker was chosen")
    watermarks.seen("loyalty.catch_up", timezone.now())
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

    assert unwell() == ["broker"]


def test_a_ledger_that_does_not_add_up_shows(boris: Client) -> None:
    watermarks.seen("loyalty.catch_up", timezone.now())
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
