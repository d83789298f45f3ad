"""The few statements written by hand, portable to both engines: many rows in one statement, values as parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection


class Column(NamedTuple):
    """A column and its PostgreSQL type; SQLite takes values as they come."""

    name: str
    type: str


def adapted(value: Any) -> Any:
    """A Python value as Django's backends store it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _rows(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    typed = connection.vendor == "postgresql"
    one = ", ".join(f"%s::{column.type}" if typed else "%s" for column in columns)
    return ", ".join([f"({one})"] * len(rows)), [adapted(value) for row in rows for value in row]


def values_table(name: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """`name(columns) AS (VALUES …)` for a WITH clause, and its parameters."""
    values, params = _rows(columns, rows)
    names = ", ".join(f'"{column.name}"' for column in columns)
    return f"{name}({names}) AS (VALUES {values})", params


def insert(
    table: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], tail: str = ""
) -> list[tuple[Any, ...]]:
    """Insert rows in one statement; what `tail` (`RETURNING …`) returns. No rows, no statement."""
    rows = list(rows)
    if not rows:
        return []
    values, params = _rows(columns, rows)
    names = ", ".join(f'"{column.name}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES {values} {tail}', params)  # noqa: S608
        return cursor.fetchall() if "RETURNING" in tail else []


def id_among(column: str, ids: Sequence[int]) -> tuple[str, Any]:
    """`column` is one of many ids, as one parameter however many they are."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", list(ids)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))  # noqa: S608
