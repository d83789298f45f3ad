"""`/health/`: is everything there that the program needs? For monitoring; it tells nothing about anybody.

200 when all is well, 503 when something is not. Each has a sign of life of its own, so that one sees which to start:
beat leaves one every few seconds (`config.beat`), a worker with every task it takes, and `loyalty.catch_up`, which beat
asks for and a worker does, with every run.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clients.models import Message
from config import nights
from config.beat import BEAT
from config.celery import WORKER, app
from config.timetable import CATCH_UP, CATCH_UP_MINUTES
from loyalty import proof, watermarks
from loyalty.models import NightRun

log = logging.getLogger(__name__)
TWO_PERIODS = timedelta(minutes=2 * CATCH_UP_MINUTES)
BEAT_SILENT = timedelta(minutes=2)
LETTERS_WAIT = timedelta(hours=26)
"""Quiet hours keep a letter for less than a day; what waits longer waits for nothing."""
BROKER_TIMEOUT = 2
Facts = Mapping[str, Any]


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """What is well and what is not, as JSON."""
    now = timezone.now()
    checks = {name: _asked(check, now) for name, check in CHECKS.items()}
    is_well = all(facts["ok"] for facts in checks.values())
    answer = {"status": "ok" if is_well else "unwell", "checks": checks}
    return JsonResponse(answer, status=200 if is_well else 503)


def _asked(check: Callable[[datetime], Facts], now: datetime) -> Facts:
    """A check that cannot even be made is not well; why stands in the log, not in the answer."""
    try:
        return check(now)
    except Exception:
        log.exception("a health check failed")
        return {"ok": False, "reason": "does not answer"}


def _database(_now: datetime) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return {"ok": cursor.fetchone() == (1,)}


def _migrations(_now: datetime) -> Facts:
    missing = _shipped_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return {"ok": not missing, "missing": len(missing)}


@cache
def _shipped_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _broker(_now: datetime) -> Facts:
    """A broker that answers; for a folder, one that can be written."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    if settings.BROKER_URL.startswith("filesystem"):
        folder = Path(options["data_folder_out"])
        return {"ok": folder.is_dir() and os.access(folder, os.W_OK)}
    with app.connection_for_write(connect_timeout=BROKER_TIMEOUT) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT)
    return {"ok": True}


def _worker_and_beat(now: datetime) -> Facts:
    """Both together: the last catching up that beat asked for and a worker did."""
    return _sign_of_life(CATCH_UP, now, TWO_PERIODS)


def _beat(now: datetime) -> Facts:
    return _sign_of_life(BEAT, now, BEAT_SILENT)


def _worker(now: datetime) -> Facts:
    """Nothing can be said of workers while beat gives them nothing to do."""
    facts = _sign_of_life(WORKER, now, TWO_PERIODS)
    if facts["ok"] or _beat(now)["ok"]:
        return facts
    return {**facts, "ok": True, "reason": "not known while beat is silent"}


def _sign_of_life(name: str, now: datetime, longest: timedelta) -> Facts:
    seen = watermarks.last_seen(name)
    if seen is None:
        return {"ok": False, "reason": "has not run yet"}
    if now - seen > longest:
        return {"ok": False, "reason": "silent", "seen_at": seen.isoformat()}
    return {"ok": True, "seen_at": seen.isoformat()}


def _letters(now: datetime) -> Facts:
    """Letters that should have gone out long ago and are still of use."""
    late = Message.objects.filter(state=Message.State.WAITING, due_at__lt=now - LETTERS_WAIT, useless_at__gt=now)
    oldest = late.order_by("due_at").values_list("due_at", flat=True).first()
    return {"ok": True} if oldest is None else {"ok": False, "reason": "waiting", "since": oldest.isoformat()}


def _nights(now: datetime) -> Facts:
    """Tasks whose last run failed, or that owe more than the last night. What went wrong stands in the admin."""
    failed = [trouble.task for trouble in nights.troubles(now)]
    return {"ok": not failed, "tasks": failed} if failed else {"ok": True}


def _ledger(now: datetime) -> Facts:
    """The last proof of the ledger. One that was never made is not held against anybody."""
    runs = NightRun.objects.filter(task=proof.TASK).order_by("-pk")[:2]
    last = next((run for run in runs if not watermarks.is_running(run, now)), None)
    if last is None:
        return {"ok": True, "proved_at": None}
    return {"ok": not last.failure, "proved_at": last.started_at.isoformat()}


CHECKS: Mapping[str, Callable[[datetime], Facts]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "worker_and_beat": _worker_and_beat,
    "beat": _beat,
    "worker": _worker,
    "letters": _letters,
    "nights": _nights,
    "ledger": _ledger,
}
