"""A section that is a list of rows, each with a code of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from loyalty.money import Currency
from loyalty.setup.parts import ENABLED, Key, Part, Values, differences, read_mapping, values_of, write_all
from loyalty.setup.reading import Context, Spot, rows_of
from loyalty.setup.section import Change, sections
from loyalty.setup.shapes import Code

CODE = Key("code", Code())


class Table:
    """Rows of one model. A row that is missing from the list is switched off, never deleted."""

    key: ClassVar[str]
    noun: ClassVar[str | Promise]
    model: ClassVar[type[models.Model]]
    parts: ClassVar[tuple[Part, ...]]
    related: ClassVar[tuple[str, ...]] = ()
    """Rows that the parts look at, read together with the row."""
    namespace: ClassVar[str] = ""
    """Tables of one namespace share their codes."""

    def read(self, raw: Any, at: Spot) -> list[Values]:
        if not isinstance(raw, list | tuple):
            at.refuse(_("must be a list"))
            return []
        return [self._read_row(row, at.item(index)) for index, row in enumerate(raw)]

    def _read_row(self, raw: Any, at: Spot) -> Values:
        errors = at.errors
        values = read_mapping(raw, (CODE, *self.parts), at)
        if values.get("code"):
            self.claim(values, at)
        if at.errors == errors:
            self.check(values, raw, at)
        return values

    def claim(self, values: Values, at: Spot) -> None:
        """Refuse a code that another row has."""
        if at.key("code").claim(self.namespace or self.key, values["code"], at) and self.namespace:
            self.claim_from_stored(values["code"], at)

    def claim_from_stored(self, code: str, at: Spot) -> None:
        """Refuse a code that a stored row of another table of the namespace has, switched off or not."""
        for other in sections():
            if not isinstance(other, Table) or other.namespace != self.namespace or other.key == self.key:
                continue
            if code in at.reading.remember(f"{self.namespace}: {other.key}", other.shared_codes):
                words = {"code": code, "row": other.key}
                at.key("code").refuse(_("the code %(code)s is already used by %(row)s") % words)

    def shared_codes(self, context: Context) -> set[str]:
        """The codes of the stored rows, as far as they belong to the namespace."""
        return {row.code for row in context.rows(self.model)}

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        """Refuse keys that are sound one by one and not together."""

    def apply(self, data: list[Values], context: Context) -> list[Change]:
        stored = {self.same(row.code): row for row in context.rows(self.model, *self.related)}
        changes = []
        for values in data:
            row = stored.pop(self.same(values["code"]), None) or self.model(code=values["code"])
            complete = self.complete(values, row)
            changes += keep(row, complete, parts=self.parts, noun=str(self.noun), context=context)
        for row in stored.values():
            changes += keep(row, {"enabled": False}, parts=self.parts, noun=str(self.noun), context=context)
        return changes

    def same(self, code: str) -> str:
        """What of a code tells rows apart."""
        return code

    def complete(self, values: Values, row: Any) -> Values:
        """The values with what is left out, where that depends on the row."""
        return values

    def dump(self, currency: Currency) -> Any:
        return [self.write(row, currency) for row in rows_of(self.model, *self.related)]

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        """The row as the document has it."""
        parts = (CODE, *self.parts)
        return write_all(parts, values_of(parts, row), currency)


def keep(
    row: models.Model, values: Values, *, parts: Sequence[Part], noun: str, context: Context, code: str | None = None
) -> list[Change]:
    """Make the row hold the values, and say what that changed. Columns that are not among the values stay."""
    name = getattr(row, "code", "") if code is None else code
    changes = [
        Change(action, noun, name, tuple(details))
        for action, details in _differences(
            row, values, [part for part in parts if values.keys() >= set(part.holds)], context
        )
    ]
    if changes and not context.dry_run:
        _write(row, values, parts)
    return changes


def _differences(row: Any, values: Values, parts: Sequence[Part], context: Context) -> Iterator[tuple[str, list[str]]]:
    """What has to be done for the row to hold the values: actions, with their details."""
    if row._state.adding:
        yield "create", []
        return
    held = values_of(parts, row)
    details = differences([part for part in parts if part is not ENABLED], held, values, context.currency)
    if ENABLED in parts and row.enabled != values["enabled"]:
        yield ("switch_on" if values["enabled"] else "switch_off"), []
    if details:
        yield "change", details


def _write(row: models.Model, values: Values, parts: Sequence[Part]) -> None:
    given = [part for part in parts if values.keys() >= set(part.holds)]
    for part in given:
        part.fill(row, values)
    row.save()
    for part in given:
        part.store(row, values)
