"""A section that is a list of rows, each with a code of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from loyalty.money import Currency
from loyalty.setup.parts import ENABLED, Key, Part, Values, differences, read_mapping, write_all
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import Code

CODE = Key("code", Code())


class Table:
    """Rows of one model. A row that is missing from the list is switched off, never deleted."""

    key: ClassVar[str]
    noun: ClassVar[str | Promise]
    model: ClassVar[type[models.Model]]
    parts: ClassVar[tuple[Part, ...]]
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
        if values.get("code") and isinstance(values["code"], str):
            at.key("code").claim(self.namespace or self.key, values["code"], at)
        if at.errors == errors:
            self.check(values, raw, at)
        return values

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        """Refuse keys that are sound one by one and not together."""

    def apply(self, data: list[Values], context: Context) -> list[Change]:
        stored = {row.code: row for row in context.rows(self.model)}
        changes = []
        for values in data:
            row = stored.pop(values["code"], None) or self.model(code=values["code"])
            changes += keep(row, values, parts=self.parts, noun=str(self.noun), context=context)
        for row in stored.values():
            changes += keep(row, {"enabled": False}, parts=self.parts, noun=str(self.noun), context=context)
        return changes

    def dump(self, currency: Currency) -> Any:
        return [self.write(row, currency) for row in self.model._base_manager.order_by("pk")]

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        """The row as the document has it."""
        parts = (CODE, *self.parts)
        return write_all(parts, {key: value for part in parts for key, value in part.of(row).items()}, currency)


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
    held = {key: value for part in parts for key, value in part.of(row).items()}
    details = differences([part for part in parts if part is not ENABLED], held, values, context.currency)
    if ENABLED in parts and row.enabled != values["enabled"]:
        yield ("switch_on" if values["enabled"] else "switch_off"), []
    if details:
        yield "change", details


def _write(row: models.Model, values: Values, parts: Sequence[Part]) -> None:
    for column in {column for part in parts for column in part.columns} & values.keys():
        setattr(row, column, values[column])
    row.save()
    for part in parts:
        if values.keys() >= set(part.holds):
            part.store(row, values)
