"""How every test runs: on both engines, in random order, without a network, leaving nothing behind.

`DATABASE_URL` chooses the engine; without it the tests run on SQLite in memory. pytest-django has loaded the settings
before this file is read, so what tests change of them is changed here, in one place, and nowhere else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from clients.models import Business, Card, Client, Location, Staff
from loyalty import append_only
from loyalty.models import HouseRules, Service
from tests import factories

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OWN_FOLDER = pytest.StashKey[Path]()

# `--hypothesis-profile=nightly`, or HYPOTHESIS_PROFILE=nightly, tries twenty times as many examples.
hypothesis.settings.register_profile("regulars", deadline=None, print_blob=True, max_examples=500)
hypothesis.settings.register_profile("nightly", hypothesis.settings.get_profile("regulars"), max_examples=10_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "regulars"))


# --- settings that only tests have --------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="regulars-tests-"))
    config.stash[OWN_FOLDER] = folder
    settings.WHITENOISE_AUTOREFRESH = True  # else each browser of a test reads all static files first
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 takes 50 ms, on purpose
    if settings.BROKER_URL.startswith("filesystem"):
        settings.CELERY_BROKER_TRANSPORT_OPTIONS = broker_in(folder)
    if connection.vendor == "postgresql":
        # Each thread of a test has a connection of its own and closes it; a pool would hold them open, and a database
        # with open connections cannot be dropped. Server-side parameters and timeouts stay as in production.
        connection.settings_dict["OPTIONS"].pop("pool", None)
        # No test pulls the server's plug: none has to wait for the disk at each COMMIT.
        connection.settings_dict["OPTIONS"]["options"] += " -c synchronous_commit=off"
        # A cluster made under LANG=C would give the test database an encoding without Russian.
        connection.settings_dict["TEST"].update(CHARSET="UTF8", TEMPLATE="template0")


def broker_in(folder: Path) -> dict[str, Any]:
    names = {"data_folder_in": "in", "data_folder_out": "in", "processed_folder": "done", "control_folder": "control"}
    for name in names.values():
        (folder / name).mkdir(exist_ok=True)
    return {option: str(folder / name) for option, name in names.items()}


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[OWN_FOLDER], ignore_errors=True)


# --- which tests run, and where -----------------------------------------------------------------------------------


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Every core for the whole suite. A part of it starts faster without workers, which each make a database."""
    asked_for = {Path(config.invocation_params.dir, argument).resolve() for argument in config.args}
    return None if asked_for == {config.rootpath / "tests"} else 0


@pytest.hookimpl(trylast=True)  # after the order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take a minute go first: at the end one worker would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="needs two real connections: runs on PostgreSQL only"))
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium found"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """`-q` hides pytest's header, and with it the seed that replays a failure."""
    terminalreporter.write_line(
        f"{connection.display_name}, seed {config.getoption('randomly_seed', 'none: fixed order')}"
        " (replay with -p randomly --randomly-seed=SEED)"
    )


# --- the database between two tests -------------------------------------------------------------------------------

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
ROWS_OF_MIGRATIONS: dict[str, Rows] = {}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database as pytest-django makes it; we remember the rows that migrations put there."""
    with django_db_blocker.unblock():
        ROWS_OF_MIGRATIONS.update({alias: rows_of(connections[alias]) for alias in connections})


def rows_of(database: BaseDatabaseWrapper) -> Rows:
    """Every row of every table of a model: (columns, rows) by table."""
    tables = {}
    with database.cursor() as cursor:
        for table in database.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            tables[table] = ([column[0] for column in cursor.description], cursor.fetchall())
    return {table: found for table, found in tables.items() if found[1]}


def put_back(database: BaseDatabaseWrapper, tables: Rows) -> None:
    """The rows of `rows_of`, as they were, ids included. Foreign keys are checked at the end, so any order will do."""
    quote = database.ops.quote_name
    with transaction.atomic(using=database.alias), database.cursor() as cursor:
        for table, (columns, rows) in tables.items():
            names, places = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({places})", [*map(_bound, rows)])


def _bound(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """SQLite reads hours, but does not write them."""
    return tuple(str(value) if isinstance(value, time) else value for value in row)


def empty_the_database(self: TransactionTestCase) -> None:
    """After a test that commits: every table as the migrations left it.

    Django's own way fails twice here: the ledger's triggers refuse its TRUNCATE, and groups, rights and periodic
    tasks that migrations made would be gone for all later tests.
    """
    for alias in connections:
        database = connections[alias]
        append_only.remove(database)
        call_command(
            "flush", verbosity=0, interactive=False, database=alias, reset_sequences=False, inhibit_post_migrate=True
        )
        put_back(database, ROWS_OF_MIGRATIONS[alias])
        append_only.install(database)


@pytest.fixture(scope="session", autouse=True)
def a_flush_that_gets_past_the_triggers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_the_database)
        yield


# --- what tests ask for -------------------------------------------------------------------------------------------

Together = Callable[..., list[Any]]


@pytest.fixture
def together() -> Together:
    """Run functions at the same moment, each in a thread with a connection of its own.

    `together(first, second)` gives what each returned, or the exception that it raised, in this order. It needs
    committed rows: `@pytest.mark.postgres` and `@pytest.mark.django_db(transaction=True)`.
    """

    def run(*calls: Callable[[], Any]) -> list[Any]:
        gate = threading.Barrier(len(calls), timeout=10)

        def one(call: Callable[[], Any]) -> Any:
            try:
                connection.ensure_connection()
                gate.wait()
                return call()
            except Exception as error:  # noqa: BLE001  # the test decides what is a failure
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(one, calls))

    return run


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon in New York."""
    return factories.NOW


@pytest.fixture
def business(db: None) -> Business:
    """FlexGym, with its house rules."""
    business: Business = factories.BusinessFactory()
    factories.HouseRulesFactory(business=business)
    return business


@pytest.fixture
def house_rules(business: Business) -> HouseRules:
    return business.house_rules


@pytest.fixture
def location(business: Business) -> Location:
    location: Location = factories.LocationFactory()
    return location


@pytest.fixture
def session(business: Business) -> Service:
    """A training session of 20.00."""
    service: Service = factories.ServiceFactory()
    return service


@pytest.fixture
def boris(business: Business) -> Client:
    client: Client = factories.ClientFactory(first_name="Boris", last_name="Petrov")
    return client


@pytest.fixture
def alice(business: Business) -> Client:
    client: Client = factories.ClientFactory(first_name="Alice", last_name="Ivanova")
    return client


@pytest.fixture
def card(boris: Client) -> Card:
    return boris.cards.get()


@pytest.fixture
def anna(business: Business) -> Staff:
    """The owner: everything."""
    staff: Staff = factories.StaffFactory(username="anna", first_name="Anna", last_name="Owner", is_superuser=True)
    return staff


@pytest.fixture
def vera(business: Business) -> Staff:
    """At the desk. A test about rights gives her the group it is about."""
    staff: Staff = factories.StaffFactory(username="vera", first_name="Vera", last_name="Desk")
    return staff


@pytest.fixture
def pavel(business: Business) -> Staff:
    """From another branch."""
    riverside = factories.LocationFactory(code="riverside", name="Riverside")
    staff: Staff = factories.StaffFactory(
        username="pavel", first_name="Pavel", last_name="Elsewhere", locations=[riverside]
    )
    return staff
