"""How many checks a second settle, beside the floor of the same engine in the same run.

    uv run python -m tests.benchmarks.settle            SQLite, in a temporary file
    DATABASE_URL=postgres://… uv run python -m tests.benchmarks.settle

A check: one personal training of 60.00, half of it paid with bonuses, cashback, and the referrer's reward. The
floor is the bare writing of one visit (2 reads, 8 writes, one commit): pgbench with prepared statements on
PostgreSQL, the sqlite3 module on SQLite. One connection. Also counts the statements of a quote and a settle for
1 line, 10 lines, and a client with 1,000 visits, and times pricing alone.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
CHECKS = int(os.environ.get("CHECKS", "400"))
SCALE = 2000

TABLES = """
CREATE TABLE floor_account (id {key}, locked integer NOT NULL);
CREATE TABLE floor_lot (id {key}, account integer NOT NULL, remaining bigint NOT NULL CHECK (remaining >= 0));
CREATE TABLE floor_visit (id {serial}, account integer, at {time}, total bigint, facts text);
CREATE TABLE floor_line (id {serial}, visit bigint, service integer, amount bigint);
CREATE TABLE floor_payment (id {serial}, visit bigint, method text, amount bigint);
CREATE TABLE floor_entry (id {serial}, lot integer, amount bigint, visit bigint);
CREATE TABLE floor_standing (account integer PRIMARY KEY, spent bigint, visits integer);
"""

ONE_VISIT = """
SELECT id FROM floor_account WHERE id = {account}{lock};
SELECT id, remaining FROM floor_lot WHERE account = {account};
INSERT INTO floor_visit (account, at, total, facts) VALUES ({account}, {now}, 6000, '{{"trace": []}}');
INSERT INTO floor_line (visit, service, amount) VALUES ({account}, 1, 6000);
INSERT INTO floor_payment (visit, method, amount) VALUES ({account}, 'cash', 3000);
UPDATE floor_lot SET remaining = remaining - 1 WHERE id = {account};
INSERT INTO floor_lot (id, account, remaining) VALUES ({fresh}, {account}, 90);
INSERT INTO floor_entry (lot, amount, visit) VALUES ({account}, -3000, 1);
INSERT INTO floor_entry (lot, amount, visit) VALUES ({account}, 90, 1);
UPDATE floor_standing SET spent = spent + 3000, visits = visits + 1 WHERE account = {account};
"""


def sqlite_floor(seconds: float) -> float:
    """Visits a second written with the sqlite3 module, with the settings that Regulars uses."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        serial = "integer PRIMARY KEY AUTOINCREMENT"
        database.executescript(TABLES.format(key="integer PRIMARY KEY", serial=serial, time="text"))
        rows = [(n, n) for n in range(1, SCALE + 1)]
        database.executemany("INSERT INTO floor_account VALUES (?, ?)", rows)
        database.executemany("INSERT INTO floor_lot VALUES (?, ?, 1000000)", rows)
        database.executemany("INSERT INTO floor_standing VALUES (?, 0, ?)", rows)
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            done += 1
            account = done % SCALE + 1
            script = ONE_VISIT.format(account=account, lock="", now="'2026-03-02'", fresh=SCALE + done)
            database.execute("BEGIN IMMEDIATE")
            for statement in script.strip().splitlines():
                database.execute(statement).fetchall()
            database.execute("COMMIT")
        return done / (time.perf_counter() - start)


def postgres_floor(seconds: float, settings: dict[str, Any]) -> float:
    """Visits a second by pgbench with prepared statements."""
    from django.db import connection

    with connection.cursor() as cursor:
        key, serial = "integer PRIMARY KEY", "bigserial PRIMARY KEY"
        cursor.execute(TABLES.format(key=key, serial=serial, time="timestamptz"))
        cursor.execute(f"INSERT INTO floor_account SELECT n, n FROM generate_series(1, {SCALE}) n")
        cursor.execute(f"INSERT INTO floor_lot SELECT n, n, 1000000 FROM generate_series(1, {SCALE}) n")
        cursor.execute(f"INSERT INTO floor_standing SELECT n, 0, 0 FROM generate_series(1, {SCALE}) n")
        cursor.execute(f"CREATE SEQUENCE floor_fresh START {SCALE + 1}")
        cursor.execute("CREATE INDEX ON floor_lot (account)")
    body = ONE_VISIT.format(account=":account", lock=" FOR NO KEY UPDATE", now="now()", fresh="nextval('floor_fresh')")
    script = f"\\set account random(1, {SCALE})\nBEGIN;\n{body.strip()}\nCOMMIT;\n"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = ["pgbench", "-n", "-M", "prepared", "-T", str(int(seconds)), "-f", file.name, *_address(settings)]
        env = {**os.environ, "PGPASSWORD": settings.get("PASSWORD") or "", "PATH": _with_pgbench()}
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return float(next(line for line in answer.stdout.splitlines() if line.startswith("tps")).split()[2])


def _address(settings: dict[str, Any]) -> list[str]:
    return [
        *("-h", settings.get("HOST") or "localhost"),
        *("-p", str(settings.get("PORT") or 5432)),
        *("-U", settings.get("USER") or "postgres"),
        settings["NAME"],
    ]


def _with_pgbench() -> str:
    """PATH with the folders where Debian keeps pgbench."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return os.pathsep.join([os.environ["PATH"], *map(str, found)])


@contextmanager
def scratch_database() -> Iterator[dict[str, Any]]:
    """A test database of the configured engine, on disk, dropped afterwards."""
    from django.db import connection

    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "benchmark.sqlite3")
        else:
            connection.settings_dict["OPTIONS"].pop("pool", None)
            connection.settings_dict["TEST"].update(CHARSET="UTF8", TEMPLATE="template0")
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        yield connection.settings_dict
        connection.creation.destroy_test_db(before, verbosity=0)


def prepare_gym(clients: int) -> tuple[Any, list[Any]]:
    """FlexGym, and clients each brought by another, with bonuses to spend."""
    from django.utils import timezone

    from clients.actors import Actor
    from loyalty.registration import register
    from loyalty.setup import load, presets, read_yaml
    from tests.till import Till

    by = Actor.command("benchmark")
    preset = next(preset for preset in presets() if preset.code == "flexgym")
    load(read_yaml(preset.path.read_text()), by=by)
    till = Till(now=timezone.now())
    people: list[Any] = []
    for n in range(clients):
        extras = {"referrer": people[-1].referral_code.code} if people else {}
        people.append(register(details={"first_name": f"Client {n}"}, extras=extras, by=by, now=till.now, key=f"c{n}"))
    for client in people:
        till.give(client, "100000", program="gift", limit_percent=50)
    return till, people[1:]


def checks_a_second(till: Any, people: list[Any], checks: int) -> float:
    """Settle so many checks, one after another. Each is quoted under the lock, as every settle is."""
    from loyalty.money import Money

    baskets = [till.basket("personal", client=people[n % len(people)], redeem="max") for n in range(checks)]
    till.settle(baskets[0], cash=3000)
    start = time.perf_counter()
    for basket in baskets:
        till.settle(basket, cash=Money(3000))
    return checks / (time.perf_counter() - start)


def statements_of(till: Any, client: Any, lines: int) -> tuple[int, int]:
    """How many statements a quote and a settle take."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from loyalty.checkout import quote

    basket = till.basket(*["personal"] * lines, client=client, redeem="max")
    to_pay = quote(basket, now=till.now).bill.to_pay
    with CaptureQueriesContext(connection) as quoted:
        quote(basket, now=till.now)
    with CaptureQueriesContext(connection) as settled:
        till.settle(basket, cash=to_pay)
    marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return len(quoted), sum(not query["sql"].startswith(marks) for query in settled)


def pricing_time(till: Any, client: Any, lines: int) -> float:
    """Milliseconds of pure pricing."""
    from loyalty.checkout.quote import line_of
    from loyalty.checkout.quote import quote as work_out
    from loyalty.mechanics import mechanics
    from loyalty.pricing import price

    seen = work_out(till.basket(*["personal"] * lines, client=client, redeem="max"), now=till.now)
    drawn = [line_of(line, number, seen.scene) for number, line in enumerate(seen.basket.lines, start=1)]
    steps = [mechanic.prepare(seen.basket, seen.scene) for mechanic in mechanics()]
    return _median(lambda: price(drawn, steps)) * 1000


def _median(work: Callable[[], object], times: int = 200) -> float:
    measured = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        measured.append(time.perf_counter() - start)
    return statistics.median(measured)


def main() -> None:
    django.setup()
    from django.db import connection

    with scratch_database() as settings:
        till, people = prepare_gym(clients=50)
        floor = (
            postgres_floor if connection.vendor == "postgresql" else lambda seconds, _settings: sqlite_floor(seconds)
        )
        floors: list[float] = []
        rates: list[float] = []
        for _ in range(3):  # in turns, so that a noisy machine is as noisy for both
            rates.append(checks_a_second(till, people, CHECKS))
            if not floors or connection.vendor == "sqlite":
                floors.append(floor(4, settings))
        rate, bare = statistics.median(rates), statistics.median(floors)
        print(f"{connection.vendor}: {rate:.0f} checks a second, floor {bare:.0f}, ratio {rate / bare:.2f}")
        for name, client, lines in (("1 line", people[0], 1), ("10 lines", people[1], 10)):
            print(f"{name}: quote, settle = {statements_of(till, client, lines)} statements")
        regular = people[2]
        for n in range(1000):
            till.later(minutes=n).sell("session", client=regular)
        print(f"a client with 1,000 visits: quote, settle = {statements_of(till.later(days=1), regular, 1)} statements")
        print(f"checks a second of that client: {checks_a_second(till.later(days=1), [regular], 100):.0f}")
        one, fifty = (pricing_time(till, people[0], lines) for lines in (1, 50))
        print(f"pricing alone: 1 line {one:.2f} ms, 50 lines {fifty:.2f} ms")


if __name__ == "__main__":
    main()
