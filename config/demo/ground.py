"""The database of the demonstration: the embedded one, marked as such, and no other."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from clients.actors import Actor
from clients.models import Business, Client, Staff
from config import timetable
from config.demo import evening
from config.demo.season import Season
from loyalty import proof, watermarks
from loyalty.setup import load, presets, read_yaml

TASK = "demo"
"""Its watermark says that the sample is complete."""
PROGRAMS = Path(__file__).with_name("programs.yaml")
STAFF = (
    # role, user name, password, first name, last name, whether they have the back office
    ("owner", "owner", "owner-of-flexgym", "Anna", "Owner", True),
    ("manager", "manager", "manager-of-flexgym", "Max", "Manager", True),
    ("front_desk", "desk", "desk-of-flexgym", "Vera", "Desk", False),
    ("auditor", "auditor", "auditor-of-flexgym", "Olga", "Auditor", True),
)


class NotTheDemo(Exception):
    """This database is not ours to touch. `str()` says why."""


class AlreadyRunning(Exception):
    """Another demonstration uses the database."""


class CannotGoBack(Exception):
    """The nights up to a later day have been done already."""

    def __init__(self, day: date) -> None:
        super().__init__(f"The sample has come to {day}: choose that day or a later one, or begin anew with --fresh.")


@contextmanager
def only_one() -> Iterator[None]:
    """Two demonstrations would build in one file."""
    with (settings.VAR_DIR / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning("The demonstration is already running here.") from None
        yield


def check_ground() -> None:
    """Raise `NotTheDemo` unless the database is the embedded one, and new or marked as a demonstration."""
    if not settings.EMBEDDED:
        raise NotTheDemo("DATABASE_URL is set. The demonstration uses the embedded database only: unset it.")
    tables = set(connection.introspection.table_names())
    marked = Business._meta.db_table in tables and Business.objects.filter(is_demo=True).exists()
    people = (model for model in (Business, Staff, Client) if model._meta.db_table in tables)
    if not marked and any(model._base_manager.exists() for model in people):
        file = settings.DATABASES["default"]["NAME"]
        raise NotTheDemo(f"{file} holds a business of your own: the demonstration does not touch it.")


def is_complete() -> bool:
    tables = connection.introspection.table_names()
    return "loyalty_watermark" in tables and watermarks.last_seen(TASK) is not None


def reached() -> datetime | None:
    """The latest moment that the sample was shown at; None before the first."""
    return watermarks.last_seen(TASK) if is_complete() else None


def reach(now: datetime) -> None:
    """The sample is shown at this moment."""
    watermarks.seen(TASK, now)


def clear() -> None:
    """Begin anew. Only after `check_ground`."""
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{settings.DATABASES['default']['NAME']}{suffix}").unlink(missing_ok=True)


def prepare() -> None:
    """Tables of this version; nothing to do the second time."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def open_business() -> None:
    """The preset, marked as a demonstration before anything else is there, and the staff."""
    preset = next(preset for preset in presets() if preset.code == "flexgym")
    with transaction.atomic():
        load(read_yaml(preset.text), by=Actor.command("demo"))
        Business.objects.update(is_demo=True)
        for role, username, password, first_name, last_name, has_office in STAFF:
            person = Staff(username=username, first_name=first_name, last_name=last_name, is_staff=has_office)
            person.set_password(password)
            person.save()
            person.groups.add(Group.objects.get(name=role))
    timetable.follow_the_business()


def build(now: datetime, season: Season, step: Callable[[], None]) -> list[str]:
    """Play the season, add the programs that came last and an evening with them, prove it all, and mark it complete;
    the differences that the proof found: none.
    """
    for _day in season.play():
        step()
    load(read_yaml(PROGRAMS.read_text()), by=Actor.command("demo"))
    with transaction.atomic():
        evening.play(season)
    differences = proof.check_ledger(now=now)
    if not differences:
        watermarks.seen(TASK, now)
    return differences
