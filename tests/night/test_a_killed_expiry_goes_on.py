"""`kill -9` in the middle of an expiry over 20,000 lots, again and again: every lot is expired once.

In a database of its own and in processes of its own, because nothing else can really be killed. The first kill comes
when some lots are written and others not; where exactly it hits is up to the machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.utils import ConnectionHandler, OperationalError

from loyalty.models import Entry, Lot

LOTS = 20_000
FILL = (
    """
    INSERT INTO clients_client (id, first_name, last_name, language, note, search_name, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {lots})
    SELECT i, 'Boris', '', '', '', 'boris', '2026-01-01 00:00:00' FROM n
    """,
    """
    INSERT INTO loyalty_account (id, unit, client_id, operation, created_at)
    SELECT id, 'bonus', id, 'account:' || id, created_at FROM clients_client
    """,
    """
    INSERT INTO loyalty_lot (id, account_id, operation, name, amount, remaining, is_debt, first_day, last_day,
        limit_percent, min_check, entry_count, created_at)
    SELECT id, id, 'lot:' || id, '', 100, 100, {no}, '2026-01-01', '2026-02-01', 100000, 0, 1, created_at
    FROM clients_client
    """,
    """
    INSERT INTO loyalty_entry (lot_id, account_id, number, kind, amount, remaining, last_day, operation, "by", note, at)
    SELECT id, account_id, 1, 'grant', 100, 100, last_day, operation, 'task:test', '', created_at FROM loyalty_lot
    """,
)
Manage = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def own_database(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """A database of this test alone; its alias in `connections` is `own`."""
    facts = connections.databases["default"]
    name = f"{facts['NAME']}_killed" if connection.vendor == "postgresql" else str(tmp_path / "killed.sqlite3")
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            outside(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        connections.databases["own"] = {**facts, "NAME": name}
        yield name
        connections["own"].close()
        del connections["own"], connections.databases["own"]
        if connection.vendor == "postgresql":
            outside(f"DROP DATABASE {name}")


def outside(*statements: str) -> None:
    """Statements that no transaction may hold, from a connection of their own."""
    handler = ConnectionHandler({"default": {**connections.databases["default"], "NAME": "postgres"}})
    with handler["default"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    handler["default"].close()


@pytest.fixture
def manage(own_database: str) -> Iterator[Manage]:
    """Starts `manage.py` on that database; whatever is still running afterwards is killed."""
    facts = connections.databases["own"]
    url = f"sqlite:///{own_database}"
    if connection.vendor == "postgresql":
        url = f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{own_database}"
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": settings.SECRET_KEY}
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", *arguments]
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[bytes]) -> str:
    """What it said until it ended well."""
    out, _nothing = process.communicate(timeout=120)
    assert process.returncode == 0, out.decode()
    return out.decode()


def ended() -> int:
    try:
        return Entry.objects.using("own").filter(kind="expire").count()
    except OperationalError:
        return 0


def fill() -> None:
    no = "false" if connection.vendor == "postgresql" else "0"
    with connections["own"].cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement.format(lots=LOTS, no=no))


def kill_in_the_middle(process: subprocess.Popen[bytes], before: int, pause: float) -> None:
    """Wait for the first lots it expires, a moment longer, and kill it."""
    while ended() == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.long
def test_every_lot_is_expired_once_however_often_the_worker_is_killed(manage: Manage) -> None:
    said(manage("migrate", "-v0"))
    said(manage("load_setup", "loyalty/presets/flexgym.yaml"))
    fill()
    seen = []

    for pause in (0.0, 0.03, 0.07):
        kill_in_the_middle(manage("run_daily", "--date", "2026-03-02"), ended(), pause)
        seen.append(ended())
    last = said(manage("run_daily", "--date", "2026-03-02"))

    assert 0 < seen[0] < LOTS, f"the kill came too late to prove anything: {seen}"
    assert ended() == LOTS
    assert f"that ended: {LOTS - seen[-1]} " in last
    assert Lot.objects.using("own").exclude(remaining=0).count() == 0
    assert said(manage("check_ledger")) == f"Everything adds up: {LOTS} lots, {2 * LOTS} entries, 0 visits.\n"
