"""Ledger entries are never updated or deleted: triggers refuse it, on SQLite and on PostgreSQL alike.

They stop every way in: the ORM, bulk statements, raw SQL, `TRUNCATE`. The names and the SQL are frozen: migration
`0002_append_only` runs this module, so what changes here needs a migration that installs it again.

Two hazards. On SQLite a migration that rebuilds the table (`AlterField`, `AddConstraint`, `AddField` with a default)
silently drops its triggers: end such a migration with `install`; a system check reports what is missing. And `INSERT
OR REPLACE` deletes there without a trigger unless `recursive_triggers` is on, as `config.settings` has it.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "loyalty_entry"
FUNCTION = "loyalty_entry_never_changes"
REFUSAL = "Ledger entries never change: post a new entry instead."

# PostgreSQL runs row triggers for UPDATE and DELETE only; TRUNCATE needs one of its own, for the statement.
EVENTS = {
    "postgresql": {"update": "FOR EACH ROW", "delete": "FOR EACH ROW", "truncate": "FOR EACH STATEMENT"},
    "sqlite": {"update": "", "delete": ""},
}
# integrity_constraint_violation: Django raises the same `IntegrityError` as for the abort of SQLite.
FUNCTION_BODY = f"BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = '23000'; END"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place, also over older ones."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${FUNCTION_BODY}$$")
        for event in EVENTS[connection.vendor]:
            cursor.execute(_definition(connection.vendor, event))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for undoing the migration, and for a test suite that empties its tables."""
    with connection.cursor() as cursor:
        for event in EVENTS[connection.vendor]:
            on_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {_name(event)}{on_table}")
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that are absent, switched off or not ours."""
    standing = _standing_on_postgresql if connection.vendor == "postgresql" else _standing_on_sqlite
    found = standing(connection)
    return [_name(event) for event in EVENTS[connection.vendor] if _name(event) not in found]


def _standing_on_sqlite(connection: BaseDatabaseWrapper) -> set[str]:
    expected = {_definition("sqlite", event) for event in EVENTS["sqlite"]}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE])
        return {name for name, sql in cursor.fetchall() if sql in expected}


def _standing_on_postgresql(connection: BaseDatabaseWrapper) -> set[str]:
    """`tgenabled` is "O" for a trigger that fires in ordinary sessions, "D" for one that was switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " WHERE tgrelid = to_regclass(%s) AND tgenabled IN ('O', 'A') AND proname = %s AND prosrc = %s",
            [TABLE, FUNCTION, FUNCTION_BODY],
        )
        return {name for (name,) in cursor.fetchall()}


def _name(event: str) -> str:
    return f"{TABLE}_no_{event}"


def _definition(vendor: str, event: str) -> str:
    scope = EVENTS[vendor][event]
    if vendor == "postgresql":
        action = f"{scope} EXECUTE FUNCTION {FUNCTION}()"
    else:
        action = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return f"CREATE TRIGGER {_name(event)} BEFORE {event.upper()} ON {TABLE} {action}"
