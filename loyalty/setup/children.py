"""Keys with rows of their own: the rungs of a program, the amounts of a gift card, the services of a plan."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from loyalty.models import Service
from loyalty.money import Currency
from loyalty.setup.parts import (
    Key,
    Part,
    Values,
    added_and_removed,
    differences,
    in_words,
    listed,
    read_mapping,
    value_of,
    values_of,
    write_all,
)
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import Code, Shape


class Children(Part):
    """A list of rows that belong to the row."""

    name: str
    model: type[models.Model]
    parent: str
    required: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    @property
    def holds(self) -> tuple[str, ...]:
        return (self.name,)

    def of(self, row: models.Model) -> Values:
        return {self.name: self.held(row) if row.pk else []}

    @abstractmethod
    def held(self, row: models.Model) -> list[Any]:
        """The children of a stored row, as its values hold them."""

    def children(self, row: models.Model) -> list[Any]:
        return list(self.model._base_manager.filter(**{self.parent: row}).order_by("pk"))

    def items(self, raw: Mapping[str, Any], at: Spot) -> list[tuple[Any, Spot]]:
        """The raw children with their places; none, after an error, if there is no list of them."""
        spot = at.key(self.name)
        if raw.get(self.name) is None and not self.required:
            return []
        if self.name not in raw:
            spot.refuse(_("is missing"))
            return []
        if not isinstance(raw[self.name], list | tuple):
            spot.refuse(_("must be a list"))
            return []
        return [(item, spot.item(index)) for index, item in enumerate(raw[self.name])]


@dataclass(frozen=True)
class Ladder(Children):
    """Rungs, told apart by their threshold. One that is no longer listed is switched off: clients stand on it."""

    name: str
    model: type[models.Model]
    parent: str
    parts: tuple[Part, ...]
    threshold: Key
    required: bool = True

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        rungs: list[Values] = []
        for item, spot in self.items(raw, at):
            rung = read_mapping(item, self.parts, spot)
            if rung and self._of(rung) is not None and self._of(rung) in map(self._of, rungs):
                spot.key(self.threshold.name).refuse(_("another row begins at the same sum"))
            rungs.append(rung)
        return {self.name: rungs}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        rungs = sorted(values[self.name], key=self._of)
        return {self.name: [write_all(self.parts, rung, currency, full=full) for rung in rungs]}

    def held(self, row: models.Model) -> list[Any]:
        return [self._values(child) for child in self.children(row) if child.enabled]

    def store(self, row: models.Model, values: Values) -> None:
        """Switch off what is not listed first: a threshold has one rung at a time."""
        wanted = {self._of(rung): rung for rung in values[self.name]}
        stored = sorted(self.children(row), key=lambda child: child.enabled)
        by_sum = {getattr(child, self.threshold.columns[0]): child for child in stored}
        for threshold, child in by_sum.items():
            if child.enabled and threshold not in wanted:
                child.enabled = False
                child.save()
        for threshold, rung in wanted.items():
            self._store_one(by_sum.get(threshold) or self.model(**{self.parent: row}), rung)

    def _store_one(self, child: Any, rung: Values) -> None:
        if child.pk and child.enabled and self._values(child) == rung:
            return
        for column, value in {**rung, "enabled": True}.items():
            setattr(child, column, value)
        child.save()

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old = {self._of(rung): rung for rung in before[self.name]}
        new = {self._of(rung): rung for rung in after[self.name]}
        texts = []
        for threshold in sorted(old.keys() | new.keys()):
            name = self._called(old.get(threshold) or new[threshold], currency)
            if threshold not in new:
                texts.append(_("%(name)s switched off") % {"name": name})
            elif threshold not in old:
                texts.append(_("%(name)s added") % {"name": name})
            elif changed := differences(self.parts, old[threshold], new[threshold], currency):
                texts.append(listed(name, changed))
        return listed(self.name, texts)

    def _called(self, rung: Values, currency: Currency) -> str:
        """A rung without a name is called by its sum: "from 500.00"."""
        if "name" in rung:
            return str(rung["name"])
        return " ".join(f"{key} {text}" for key, text in self.threshold.write(rung, currency, full=True).items())

    def _of(self, rung: Values) -> Any:
        """The threshold of a rung."""
        return rung.get(self.threshold.columns[0])

    def _values(self, child: models.Model) -> Values:
        return values_of(self.parts, child)


@dataclass(frozen=True)
class Sayings(Children):
    """Rows told apart by all that they say: one that is no longer listed is removed, for nothing else names it."""

    name: str
    model: type[models.Model]
    parent: str
    parts: tuple[Part, ...]
    check: Callable[[Values, Spot], None]
    required: bool = False

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        said: list[Values] = []
        for item, spot in self.items(raw, at):
            errors = at.errors
            said.append(read_mapping(item, self.parts, spot))
            if at.errors == errors:
                self.check(said[-1], spot)
        return {self.name: said}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        written = [write_all(self.parts, one, currency) for one in values[self.name]]
        return {self.name: written} if full or written else {}

    def held(self, row: models.Model) -> list[Any]:
        return [values_of(self.parts, child) for child in self.children(row)]

    def store(self, row: models.Model, values: Values) -> None:
        missing = list(values[self.name])
        for child in self.children(row):
            said = values_of(self.parts, child)
            if said in missing:
                missing.remove(said)
            else:
                child.delete()
        for said in missing:
            child = self.model(**{self.parent: row})
            for part in self.parts:
                part.fill(child, said)
            child.save()

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = ([self._in_words(one, currency) for one in values[self.name]] for values in (before, after))
        return added_and_removed(self.name, old, new)

    def _in_words(self, values: Values, currency: Currency) -> str:
        plain = write_all(self.parts, values, currency)
        return f"({', '.join(f'{key} {in_words(value)}' for key, value in plain.items())})"


@dataclass(frozen=True)
class Picks(Children):
    """A set of values, each kept in a row that says nothing else: such a row is made and removed."""

    name: str
    model: type[models.Model]
    parent: str
    column: str
    shape: Shape
    required: bool = True

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        errors, picked = at.errors, []
        for item, spot in self.items(raw, at):
            value = value_of(self.shape, item, spot)
            if value is not None and value in picked:
                spot.refuse(_("is listed twice"))
            elif value is not None:
                self.check(value, spot)
            picked.append(value)
        return {self.name: picked if at.errors == errors else []}

    def check(self, value: Any, at: Spot) -> None:
        """Refuse a value that nothing else knows."""

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        return {self.name: [self.shape.write(value, currency) for value in self.in_order(values[self.name])]}

    def in_order(self, values: Sequence[Any]) -> list[Any]:
        return sorted(values)

    def held(self, row: models.Model) -> list[Any]:
        return list(self.present(row))

    def present(self, row: models.Model) -> dict[Hashable, Any]:
        """Value → the row that says it."""
        return {getattr(child, self.column): child for child in self.children(row)}

    def store(self, row: models.Model, values: Values) -> None:
        stored = self.present(row)
        for value in stored.keys() - set(values[self.name]):
            stored[value].delete()
        for value in values[self.name]:
            if value not in stored:
                self.model(**{self.parent: row}, **self.as_column(value)).save()

    def as_column(self, value: Any) -> dict[str, Any]:
        return {self.column: value}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = (
            [self.shape.write(value, currency) for value in sorted(values[self.name])] for values in (before, after)
        )
        return added_and_removed(self.name, old, new)


class ServicePicks(Picks):
    """Services by their code, defined in the same document or already on the price list."""

    def check(self, value: Any, at: Spot) -> None:
        if not at.reading.has("services", Service, value):
            at.refuse(_('there is no service "%(code)s"') % {"code": value})

    def present(self, row: models.Model) -> dict[Hashable, Any]:
        through = self.model._base_manager.filter(**{self.parent: row}).select_related("service")
        return {child.service.code: child for child in through.order_by("pk")}  # type: ignore[attr-defined]

    def as_column(self, value: Any) -> dict[str, Any]:
        return {"service": Service.objects.get(code=value)}

    def in_order(self, values: Sequence[Any]) -> list[Any]:
        """As the owner listed them."""
        return list(values)


def services(through: type[models.Model], parent: str) -> ServicePicks:
    """The key `services` of a row, kept in the table `through`."""
    return ServicePicks("services", through, parent, "service", Code())
