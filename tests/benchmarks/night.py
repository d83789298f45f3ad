"""How long the night takes over a million clients, on PostgreSQL.

    DATABASE_URL=postgres://… uv run python -m tests.benchmarks.night [--clients 1000000] [--only expiry]

In a database of its own, filled by SQL with every trigger and constraint in place and dropped afterwards. Each client
has a bonus account, a lot that has ended and one that has not, a birthday, and a last visit within three years;
whoever has been away for more than 60 days was won back before, as after years of a program.

*expiry* ends a lot of every client twice from the same state: by the best single statement for the same writes,
which locks nobody and commits once, and by the night. The state is a copy of the database, vacuumed, analyzed and
checkpointed alike. *birthdays* (7 days before), *winback* (60 days) and *milestones* (a balance of 5.00) run a night
of a program that has run before, so some thousands are due: the plan by which they are found, the time to find them,
the time for all of it. Memory is what a process holds for itself alone: this one, and where `/proc` shows it, the
backend that served it. On a machine that does other work only the ratio says something.
"""

from __future__ import annotations

import argparse
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
ZONE = ZoneInfo("America/New_York")
TODAY = date(2026, 3, 3)
PARTS = ("expiry", "birthdays", "winback", "milestones")

FILL = {
    "clients": """
        INSERT INTO clients_client (id, first_name, last_name, language, note, search_name, birthday, birthday_on,
            created_at)
        SELECT n, 'Client', n, '', '', 'client ' || n, born,
            extract(month FROM born) * 100 + extract(day FROM born),
            timestamptz '2021-01-01 12:00Z' + (n * 7919 %% 1800) * interval '1 day'
        FROM generate_series(1::bigint, %(clients)s) AS n,
            LATERAL (SELECT date '1950-01-01' + (n * 104729 %% 20000)::int) AS birth(born)
    """,
    "accounts": """
        INSERT INTO loyalty_account (id, unit, client_id, operation, created_at)
        SELECT id, 'bonus', id, 'account:' || id, created_at FROM clients_client
    """,
    "standings": """
        INSERT INTO loyalty_standing (client_id, total_spent, visits, last_visit_at)
        SELECT id, 10000, 3, timestamptz '2026-03-02 15:00Z' - (id * 15485863 %% 1095) * interval '1 day'
        FROM clients_client
    """,
    "lots": """
        INSERT INTO loyalty_lot (account_id, operation, program, name, amount, remaining, is_debt, first_day, last_day,
            limit_percent, min_check, entry_count, created_at)
        SELECT id, kind || id, 'cashback', '', 100 + id %% 900, 100 + id %% 900, false, '2026-01-01',
            CASE kind WHEN 'ended:' THEN date '2026-02-01' + (id %% 30)::int
                ELSE date '2026-06-01' + (id %% 90)::int END,
            100000, 0, 1, '2026-01-01 12:00Z'
        FROM loyalty_account, (VALUES ('ended:'), ('lives:')) AS kinds(kind)
    """,
    "lots of earlier win-backs": """
        INSERT INTO loyalty_lot (account_id, operation, program, name, amount, remaining, is_debt, first_day, last_day,
            limit_percent, min_check, entry_count, created_at)
        SELECT account.id, 'winback:missyou:' || (last_visit_at + interval '60 days')::date || ':client:' || client_id,
            'missyou', '', 100, 100, false, '2025-12-01', '2026-12-01', 100000, 0, 1, last_visit_at + interval '60 days'
        FROM loyalty_standing JOIN loyalty_account AS account USING (client_id)
        WHERE last_visit_at < '2026-01-02 05:00Z'
    """,
    "entries": """
        INSERT INTO loyalty_entry (lot_id, account_id, number, kind, amount, remaining, last_day, operation, "by",
            note, at)
        SELECT id, account_id, 1, 'grant', amount, amount, last_day, operation, 'task:benchmark', '', created_at
        FROM loyalty_lot
    """,
}
ONE_STATEMENT = """
    WITH due AS MATERIALIZED (
        SELECT id, account_id, remaining, entry_count + 1 AS number, last_day FROM loyalty_lot
        WHERE last_day < %(today)s AND remaining > 0
    ), emptied AS (
        UPDATE loyalty_lot AS lot SET remaining = 0, entry_count = due.number FROM due WHERE lot.id = due.id
    )
    INSERT INTO loyalty_entry (lot_id, account_id, number, kind, amount, remaining, last_day, operation, "by", note, at)
    SELECT id, account_id, number, 'expire', -remaining, 0, last_day,
        'expire:' || id || ':' || last_day || ':' || number, 'task:benchmark', '',
        (last_day + 1)::timestamp AT TIME ZONE 'America/New_York'
    FROM due
"""


def main() -> None:
    django.setup()
    from django.db import connection

    from tests.benchmarks.settle import scratch_database

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=1_000_000)
    options.add_argument("--only", choices=PARTS, action="append")
    asked = options.parse_args()
    assert connection.vendor == "postgresql", "give a DATABASE_URL of PostgreSQL"
    with scratch_database():
        fill(asked.clients)
        for part in asked.only or PARTS:
            globals()[part](asked.clients)


def fill(clients: int) -> None:
    from tests import factories

    factories.HouseRulesFactory()
    statement("SET statement_timeout = 0")
    for what, sql in FILL.items():
        print(f"{statement(sql, {'clients': clients}):>10,} {what}", flush=True)
    for table in ("loyalty_account", "clients_client"):
        statement(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    settle_down()


def settle_down() -> None:
    """The same quiet state before whatever is timed. The server of a test machine may have no autovacuum."""
    statement("SET statement_timeout = 0")
    statement("VACUUM ANALYZE")
    statement("CHECKPOINT")


def statement(sql: str, params: Any = None) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


# --- what is timed ------------------------------------------------------------------------------------------------


def expiry(clients: int) -> None:
    from clients.actors import Actor
    from loyalty.expiry import expire_lots

    with a_copy():
        count, seconds, memory = timed(lambda: statement(ONE_STATEMENT, {"today": TODAY}))
        told("expiry, one statement", count, seconds, memory)
    with a_copy():
        began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        by = Actor.task("benchmark")
        lots, night, memory = timed(lambda: expire_lots(today=TODAY, zone=ZONE, by=by))
        told("expiry, by ranges", lots, night, memory)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began
    print(f"ratio {night / seconds:.2f}; peak memory of this process grew by {grown / 1024:.1f} MB")
    assert lots == count == clients


def birthdays(clients: int) -> None:
    """A week of birthdays was granted in the nights before; the others of this night's window are new."""
    from loyalty.birthdays import celebrants, grant_birthday_bonuses

    program = made(code="birthday", trigger="birthday", days_before=7)
    grant_birthday_bonuses(tonight(TODAY - timedelta(days=1)))
    settle_down()
    find(celebrants(program, tonight(TODAY)))
    told("birthdays, all of the night", *timed(lambda: grant_birthday_bonuses(tonight(TODAY))))


def winback(clients: int) -> None:
    from loyalty.winback import grant_winback_bonuses, missed

    program = made(code="missyou", trigger="inactivity", days=60)
    find(missed(program, tonight(TODAY)))
    told("win-back, all of the night", *timed(lambda: grant_winback_bonuses(tonight(TODAY))))


def milestones(clients: int) -> None:
    from loyalty.milestones import grant_balance_milestones

    made(code="milestone", trigger="balance", reaches=1100)
    told("milestones, the first night", *timed(lambda: grant_balance_milestones(tonight(TODAY))))
    settle_down()
    told("milestones, another night", *timed(lambda: grant_balance_milestones(tonight(TODAY + timedelta(days=1)))))


def made(**facts: Any) -> Any:
    from loyalty.money import Money
    from tests import factories

    return factories.BonusProgramFactory(name=facts["code"], amount=Money(500), lifetime_days=14, **facts)


def tonight(day: date) -> Any:
    from tests.night import value

    return value.tonight(day)


def find(people: Any) -> None:
    """The plan, and the time, of the one query of a night that finds who is due."""
    from loyalty.occasions import page_after

    page = page_after(0, people)
    print(page.explain(analyze=True))
    told("found", *timed(lambda: len(page)))


@contextmanager
def a_copy() -> Iterator[None]:
    """Work on a copy of the database that is dropped afterwards."""
    from django.db import connection

    original = connection.settings_dict["NAME"]
    connection.close()
    outside(f"DROP DATABASE IF EXISTS {original}_copy", f"CREATE DATABASE {original}_copy TEMPLATE {original}")
    connection.settings_dict["NAME"] = f"{original}_copy"
    try:
        settle_down()
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        outside(f"DROP DATABASE {original}_copy")


def outside(*statements: str) -> None:
    from django.db import connection, connections
    from django.db.utils import ConnectionHandler

    facts = {**connections.databases["default"], "NAME": "postgres", "OPTIONS": connection.settings_dict["OPTIONS"]}
    handler = ConnectionHandler({"default": facts})
    with handler["default"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for sql in statements:
            cursor.execute(sql)
    handler["default"].close()


def timed(work: Callable[[], int]) -> tuple[int, float, str]:
    """What the work returned, its seconds, and the memory that the backend came to hold for itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/status")
    done, peaks = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.2):
            peaks.append(own_memory(backend))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        found = work()
    finally:
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
    return found, seconds, f"{max(peaks) / 1024:.0f} MB" if max(peaks) else "unknown"


def own_memory(status: Path) -> int:
    """Kilobytes that are the process's alone: shared buffers are not."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def told(what: str, count: int, seconds: float, memory: str) -> None:
    load = os.getloadavg()[0]
    print(f"{what}: {count:,} in {seconds:.1f} s; backend {memory}; load {load:.1f}", flush=True)


if __name__ == "__main__":
    main()
