"""A document being read: every error with its path, not only the first; and what the document may refer to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clients.actors import Actor
from loyalty.money import Currency

PLAIN = re.compile(r"\w[\w-]{0,40}")


def rows_of(model: type[models.Model], *related: str) -> models.QuerySet[Any]:
    """All stored rows, oldest first, those that they name with them."""
    rows = model._base_manager.order_by("pk")
    return rows.select_related(*related) if related else rows


@dataclass(frozen=True, slots=True)
class Context:
    """Who loads a document, in which currency its amounts are, and whether anything may be written."""

    by: Actor
    currency: Currency
    dry_run: bool
    has_tables: bool

    def rows(self, model: type[models.Model], *related: str) -> list[Any]:
        """What is stored. A dry run also works before the first `migrate`: then there is nothing."""
        return list(rows_of(model, *related)) if self.has_tables else []


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a document has found."""

    context: Context
    errors: list[tuple[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Namespace → code → path of the row that has it."""
    stored: dict[str, set[str]] = field(default_factory=dict)

    def has(self, section: str, model: type[models.Model], code: str) -> bool:
        """Whether this document or the database knows the code. A section is read after those it refers to."""
        known = self.remember(section, lambda context: {row.code for row in context.rows(model)})
        return code in self.codes.get(section, {}) or code in known

    def remember(self, what: str, read: Callable[[Context], set[str]]) -> set[str]:
        """What the database knows, read once."""
        if what not in self.stored:
            self.stored[what] = read(self.context)
        return self.stored[what]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the document: `cashback[0].tiers[1].percent`."""

    reading: Reading
    path: str = ""

    def key(self, name: object) -> Spot:
        """The value under this key. An odd key is shown so that an error stays on one line."""
        text = name if isinstance(name, str) and PLAIN.fullmatch(name) else ascii(name)[:40]
        return Spot(self.reading, f"{self.path}.{text}" if self.path else str(text))

    def item(self, index: int) -> Spot:
        return Spot(self.reading, f"{self.path}[{index}]")

    def refuse(self, message: str) -> None:
        """Say what is wrong here, and go on reading."""
        self.reading.errors.append((self.path, str(message).rstrip(".")))

    def claim(self, namespace: str, code: str, row: Spot, same: Callable[[str], str] = str) -> bool:
        """Take the code for the row; refuse it here if another row has it, or one that is the same."""
        first = self.reading.codes.setdefault(namespace, {}).setdefault(same(code), row.path)
        if first != row.path:
            self.refuse(_("the code %(code)s is already used by %(row)s") % {"code": code, "row": first})
        return first == row.path

    @property
    def errors(self) -> int:
        """How many were found so far: the same number before and after a row means that the row is sound."""
        return len(self.reading.errors)
