"""Promise P5: history never changes, whatever way somebody tries, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from loyalty import append_only
from loyalty.models import Account, Entry, Lot
from loyalty.money import Money
from tests.conftest import Together
from tests.factories import NOW, AccountFactory

pytestmark = pytest.mark.django_db

NAMES = {
    "sqlite": ["loyalty_entry_no_update", "loyalty_entry_no_delete"],
    "postgresql": ["loyalty_entry_no_update", "loyalty_entry_no_delete", "loyalty_entry_no_truncate"],
}


@pytest.fixture
def entry(db: None) -> Entry:
    """Boris was granted 100.00 bonuses."""
    return granted(AccountFactory())


def granted(account: Account) -> Entry:
    hundred = Money(10000)
    lot = Lot.objects.create(
        account=account,
        operation="registration:1:welcome",
        amount=hundred,
        remaining=hundred,
        first_day=date(2026, 3, 2),
        created_at=NOW,
    )
    return Entry.objects.create(
        lot=lot,
        account=account,
        number=1,
        kind=Entry.Kind.GRANT,
        amount=hundred,
        remaining=hundred,
        operation=lot.operation,
        by="system",
        at=NOW,
    )


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def saved_with_other_amount(entry: Entry) -> None:
    entry.amount = Money(99999)
    entry.save()


def overwritten_on_conflict(entry: Entry) -> None:
    entry.amount = Money(99999)
    Entry.objects.bulk_create([entry], update_conflicts=True, update_fields=["amount"], unique_fields=["id"])


WAYS: dict[str, Callable[[Entry], Any]] = {
    "save": saved_with_other_amount,
    "queryset update": lambda entry: Entry.objects.update(amount=1),
    "bulk update": lambda entry: Entry.objects.bulk_update([entry], ["note"]),
    "bulk create over it": overwritten_on_conflict,
    "delete": lambda entry: entry.delete(),
    "queryset delete": lambda entry: Entry.objects.all().delete(),
    "raw delete of the ORM": lambda entry: Entry.objects.all()._raw_delete("default"),
    "UPDATE": lambda entry: sql("UPDATE loyalty_entry SET amount = 1"),
    "UPDATE that changes nothing": lambda entry: sql("UPDATE loyalty_entry SET amount = amount"),
    "DELETE": lambda entry: sql("DELETE FROM loyalty_entry"),
}


@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS.keys())
def test_an_entry_cannot_be_changed_or_deleted(change: Callable[[Entry], Any], entry: Entry) -> None:
    before = list(Entry.objects.values())

    with pytest.raises(IntegrityError, match="Ledger entries never change"), transaction.atomic():
        change(entry)

    assert list(Entry.objects.values()) == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "table", ["loyalty_entry", "loyalty_entry CASCADE", "loyalty_lot CASCADE", "loyalty_account CASCADE"]
)
def test_the_ledger_cannot_be_truncated(table: str) -> None:
    entry = granted(AccountFactory())

    with pytest.raises(IntegrityError, match="Ledger entries never change"):
        sql(f"TRUNCATE {table}")

    assert Entry.objects.get() == entry


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite knows INSERT OR REPLACE")
def test_an_entry_cannot_be_replaced(entry: Entry) -> None:
    columns = [str(field.column) for field in Entry._meta.concrete_fields]
    values = ", ".join("99999" if column == "amount" else column for column in columns)

    with pytest.raises(IntegrityError, match="Ledger entries never change"), transaction.atomic():
        sql(f"INSERT OR REPLACE INTO loyalty_entry ({', '.join(columns)}) SELECT {values} FROM loyalty_entry")

    assert Entry.objects.get().amount == Money(10000)


def test_new_entries_are_posted_as_ever(entry: Entry) -> None:
    entry.pk, entry.number, entry.kind, entry.amount, entry.remaining = (
        None,
        2,
        Entry.Kind.SPEND,
        Money(-1),
        Money(9999),
    )
    entry._state.adding = True
    entry.save()

    assert list(Entry.objects.order_by("number").values_list("amount", flat=True)) == [10000, -1]


def complaints() -> list[str]:
    return [problem.msg for problem in run_checks(tags=["database"], databases=["default"])]


def test_after_all_migrations_every_trigger_stands() -> None:
    assert append_only.missing(connection) == []
    assert complaints() == []


@pytest.fixture
def without_triggers(db: None) -> Iterator[None]:
    append_only.remove(connection)
    yield
    append_only.install(connection)


def test_the_system_check_names_each_missing_trigger(without_triggers: None) -> None:
    assert append_only.missing(connection) == NAMES[connection.vendor]
    assert complaints() == [
        f"The ledger can be changed: trigger {name} is missing in the database 'default'."
        for name in NAMES[connection.vendor]
    ]


def test_a_trigger_of_the_same_name_that_does_something_else_does_not_count(without_triggers: None) -> None:
    if connection.vendor == "sqlite":
        sql("CREATE TRIGGER loyalty_entry_no_update BEFORE UPDATE ON loyalty_entry BEGIN SELECT 1; END")
    else:
        sql("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        sql("CREATE TRIGGER loyalty_entry_no_update BEFORE UPDATE ON loyalty_entry EXECUTE FUNCTION nothing()")

    assert append_only.missing(connection) == NAMES[connection.vendor]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cannot switch a trigger off")
def test_a_trigger_that_is_switched_off_counts_as_missing() -> None:
    sql("ALTER TABLE loyalty_entry DISABLE TRIGGER loyalty_entry_no_delete")

    assert append_only.missing(connection) == ["loyalty_entry_no_delete"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite rebuilds a table to alter it")
@pytest.mark.django_db(transaction=True)
def test_a_table_rebuild_that_drops_the_triggers_is_reported() -> None:
    longer_note = migrations.AlterField("entry", "note", models.CharField(max_length=300, blank=True))
    before = ProjectState.from_apps(apps)
    after = before.clone()
    longer_note.state_forwards("loyalty", after)

    with connection.schema_editor() as editor:
        longer_note.database_forwards("loyalty", editor, before, after)
    try:
        assert append_only.missing(connection) == NAMES["sqlite"]
        assert len(complaints()) == 2
    finally:
        with connection.schema_editor() as editor:
            longer_note.database_backwards("loyalty", editor, after, before)
        append_only.install(connection)


@pytest.mark.django_db(transaction=True)
def test_the_migration_takes_the_triggers_away_and_puts_them_back() -> None:
    [operation] = import_module("loyalty.migrations.0002_append_only").Migration.operations
    state = ProjectState.from_apps(apps)

    with connection.schema_editor() as editor:
        operation.database_backwards("loyalty", editor, state, state)
    assert append_only.missing(connection) == NAMES[connection.vendor]

    with connection.schema_editor() as editor:
        operation.database_forwards("loyalty", editor, state, state)
    assert append_only.missing(connection) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_connections_are_both_refused(together: Together) -> None:
    entry = granted(AccountFactory())

    refusals = together(entry.delete, lambda: sql("TRUNCATE loyalty_entry"))

    assert [type(refusal) for refusal in refusals] == [IntegrityError, IntegrityError]
    assert Entry.objects.get() == entry
