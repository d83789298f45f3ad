"""One check: a statement that finds what is wrong, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Check:
    """`sql` returns a row for each difference; `text` says it, with the row's columns in `{0}`, `{1}`, ..."""

    text: str
    sql: str

    def differences(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql)
            return [self.text.format(*row) for row in cursor.fetchall()]
