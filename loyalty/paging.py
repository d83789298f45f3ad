"""Reads many rows in pages, in the order of a key: no statement stays open, and memory is flat on both engines.

What is read next is asked when the page before has been dealt with. Rows of one key are always in one page, so whoever
groups them sees all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

PAGE = 20_000
"""Each page asks anew who is due, so few pages cost less than many."""


def in_pages(rows: QuerySet[Any, Any], key: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """(key, columns) of these rows, in their order. The key counts up from 1, like an id."""
    found = rows.order_by(key, *columns[:1]).values_list(key, *columns)
    last = 0
    while page := list(found.filter(**{f"{key}__gt": last})[:PAGE]):
        is_full = len(page) == PAGE
        whole = [row for row in page if row[0] != page[-1][0]] if is_full else page
        yield from whole or page
        if not is_full:
            return
        last = (whole or page)[-1][0]
