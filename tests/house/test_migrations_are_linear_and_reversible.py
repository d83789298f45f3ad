"""Every release can be gone back from: migrations are named, in one line, complete, and each has its way back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

ROOMS = ["clients", "loyalty", "referrals", "giftcards", "memberships", "config"]
LOADER = MigrationLoader(None)
OURS = [(app, name, migration) for (app, name), migration in sorted(LOADER.disk_migrations.items()) if app in ROOMS]
EACH = pytest.mark.parametrize(
    ("app", "name", "migration"), [pytest.param(*row, id=f"{row[0]}.{row[1]}") for row in OURS]
)


@pytest.mark.django_db
def test_the_models_have_all_their_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@EACH
def test_a_migration_is_named_for_what_it_does(app: str, name: str, migration: Migration) -> None:
    assert re.fullmatch(r"[0-9]{4}_[a-z][a-z0-9_]+", name)
    assert "_auto_" not in name


@pytest.mark.parametrize("app", ROOMS)
def test_migrations_of_a_room_stand_in_one_line(app: str) -> None:
    numbers = [int(name[:4]) for room, name, _migration in OURS if room == app]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(LOADER.graph.leaf_nodes(app)) <= 1


@EACH
def test_a_migration_has_its_way_back(app: str, name: str, migration: Migration) -> None:
    assert [operation for operation in migration.operations if not operation.reversible] == []


@pytest.fixture
def scratch(tmp_path: Path, django_db_blocker: pytest.FixtureRequest, db: None) -> Iterator[str]:
    """The address of an empty database of its own, on the engine under test."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'scratch.sqlite3'}"
        return
    at = connection.settings_dict
    name = f"{at['NAME']}_scratch"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    yield f"postgres://{at['USER']}{password}@{at['HOST']}:{at['PORT'] or 5432}/{name}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


BACK_AND_FORTH = """
import django, sys
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
for room in sys.argv[1:]:
    call_command("migrate", room, "zero")
call_command("migrate")
call_command("check", databases=["default"])  # are the triggers back?
"""


@pytest.mark.long
def test_all_migrations_run_back_to_nothing_and_forth_again(scratch: str) -> None:
    """In a process of its own, as at an installation: no migration can reach the database of the other tests."""
    rooms = [room for room in ROOMS if any(app == room for app, _name, _migration in OURS)]
    done = subprocess.run(
        [sys.executable, "-c", BACK_AND_FORTH, *reversed(rooms)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": scratch, "SECRET_KEY": settings.SECRET_KEY},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    for app, name, _migration in OURS:
        assert f"Unapplying {app}.{name}... OK" in done.stdout
        assert f"Applying {app}.{name}... OK" in done.stdout
