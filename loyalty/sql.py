"""The few statements written by hand, portable to both engines: many rows in one statement, values as parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

MOST_PARAMETERS = 30_000


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
    """Insert rows in one statement; what `tail` (`RETURNING …`) returns. No rows, no statement.

    Thousands of rows take one more for every few thousand: PostgreSQL counts parameters in 16 bits, SQLite in 15.
    """
    rows = list(rows)
    names = ", ".join(f'"{column.name}"' for column in columns)
    returned: list[tuple[Any, ...]] = []
    at_once = MOST_PARAMETERS // len(columns)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), at_once):
            values, params = _rows(columns, rows[start : start + at_once])
            cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES {values} {tail}', params)  # noqa: S608
            returned += cursor.fetchall() if "RETURNING" in tail else []
    return returned


def id_among(column: str, ids: Sequence[int]) -> tuple[str, Any]:
    """`column` is one of many ids, as one parameter however many they are."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", list(ids)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))  # noqa: S608


def any_of(*ids: QuerySet[Any, Any]) -> Q:
    """The rows whose ids any of these queries finds. At least one query.

    A union, so that each goes by an index of its own: joined by OR, PostgreSQL would read every row there is.
    """
    first, *others = ids
    return Q(pk__in=first.union(*others, all=True))


class Compiled:
    """A query that the ORM compiles once and that then runs with other values: its own SQL, its own conversions.

    `build` makes the queryset (`values_list`) from markers that stand for the values, which must be whole numbers.
    Compiling costs several times as much as running (`speed.md`), and a check asks the same few questions every time.
    """

    FIRST_MARKER = 7_000_000_000_000_000

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], values: int = 1) -> None:
        self.build = build
        self.markers = [self.FIRST_MARKER + i for i in range(values)]
        self._kept: dict[str, tuple[SQLCompiler, str, list[Any], dict[Any, Any]]] = {}

    def rows(self, *values: int) -> list[tuple[Any, ...]]:
        """What the query finds for these values."""
        compiler, statement, params, converters = self._kept.get(connection.alias) or self._compile()
        given = dict(zip(self.markers, values, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(statement, [type(param)(given[param]) if param in given else param for param in params])
            found: list[Any] = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else found

    def _compile(self) -> tuple[SQLCompiler, str, list[Any], dict[Any, Any]]:
        compiler = self.build(*self.markers).query.get_compiler(connection=connection)
        statement, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        self._kept[connection.alias] = compiler, statement, list(params), converters
        return self._kept[connection.alias]
