"""What was changed in the settings: who, when, from what to what. Kept by auditlog, read here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Shown: TypeAlias = "Callable[[Field[Any, Any] | None, str], str]"

NOTHING = ("None", "", None)
UNTOLD = ("date_joined", "is_staff", "is_superuser")
LAST = 15
TOGETHER = {
    "tags": gettext_lazy("tags"),
    "dates": gettext_lazy("personal dates"),
    "listed": gettext_lazy("clients on the list"),
}
"""Rows of their own that are told together."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a change."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One saved change. `thing` names the row where it is not the page's own."""

    at: datetime
    by: str
    thing: str
    verb: str
    steps: Sequence[Step]

    @property
    def told(self) -> list[str]:
        """Each step as text: "share, %: 4 % → 5 %", or of a new row only what it holds."""
        return [
            f"{step.field}: {step.after}" if self.verb else f"{step.field}: {step.before} → {step.after}"
            for step in self.steps
        ]


def changes_of(row: Model, *, inlines: Iterable[type[Model]], shown: Shown) -> list[Change]:
    """The last changes of this row and of those that hang on it, newest first. Three queries and one an inline."""
    about = _about(type(row), [row.pk])
    for model in inlines:
        about |= _about(model, _hanging_on(row, model))
    entries = LogEntry.objects.filter(about).select_related("actor", "content_type").order_by("-timestamp", "-pk")
    changes = (change_of(entry, shown, own=type(row)) for entry in entries[:LAST])
    return [change for change in changes if change.verb or change.steps]


def _about(model: type[Model], keys: Iterable[Any]) -> Q:
    return Q(content_type=ContentType.objects.get_for_model(model), object_pk__in=[str(key) for key in keys])


def _hanging_on(row: Model, model: type[Model]) -> list[Any]:
    for field in model._meta.fields:
        if isinstance(field, ForeignKey) and isinstance(row, field.related_model):
            return list(model._default_manager.filter(**{field.name: row}).values_list("pk", flat=True))
    return []


def change_of(entry: LogEntry, shown: Shown, own: type[Model] | None = None) -> Change:
    """An entry of the log as a person reads it."""
    model = entry.content_type.model_class()
    verbs = {LogEntry.Action.CREATE: _("added"), LogEntry.Action.DELETE: _("removed")}
    kind = str(model._meta.verbose_name) if model else entry.content_type.model
    told = entry.action == LogEntry.Action.UPDATE or (model is not own and entry.action == LogEntry.Action.CREATE)
    steps = _steps(entry, model, shown) if told else []
    return Change(
        at=entry.timestamp,
        by=_who(entry),
        thing="" if model is own else f"{kind} {_name_of(entry.object_repr, kind)}".strip(),
        verb=verbs.get(entry.action, ""),
        steps=steps,
    )


def _who(entry: LogEntry) -> str:
    """ "vera", "head office", "load_setup": the name alone, as in the ledger."""
    _kind, _colon, name = str((entry.additional_data or {}).get("by", "")).partition(":")
    return name or str(entry.actor or _("the installation"))


def _name_of(text: str, kind: str) -> str:
    return "" if text.isdigit() or text.casefold() == kind.casefold() else _("“%(name)s”") % {"name": text}


def _steps(entry: LogEntry, model: type[Model] | None, shown: Shown) -> list[Step]:
    steps = []
    for name, change in (entry.changes or {}).items():
        if name in TOGETHER and isinstance(change, list):
            steps.append(Step(str(TOGETHER[name]), change[0] or _("—"), change[1] or _("—")))
            continue
        field = _field(model, name)
        if field is None or field.primary_key or not field.editable or field.name in UNTOLD:
            continue
        if isinstance(field, ForeignKey) and entry.action == LogEntry.Action.CREATE:
            continue  # ids say nothing to a reader; the row is named
        if isinstance(change, dict):  # many rows to many: what came or went
            steps.append(_choice(field, change))
        elif entry.action == LogEntry.Action.UPDATE or change[1] not in NOTHING:
            before, after = (_value(field, text, shown) for text in change)
            if before != after:
                steps.append(Step(str(field.verbose_name), before, after))
    return steps


def _choice(field: Field[Any, Any], change: dict[str, Any]) -> Step:
    """ "locations: — → Main hall", or the other way round where it was taken away."""
    objects = ", ".join(map(str, change.get("objects", ())))
    before, after = ("", objects) if change.get("operation") == "add" else (objects, "")
    return Step(str(field.verbose_name), before or _("—"), after or _("—"))


def _field(model: type[Model] | None, name: str) -> Field[Any, Any] | None:
    try:
        field = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def _value(field: Field[Any, Any], text: Any, shown: Shown) -> str:
    if text in NOTHING:
        return _("—")
    choices = dict(field.flatchoices or [])
    if text in choices:
        return str(choices[text])
    return {"True": _("yes"), "False": _("no")}.get(str(text)) or shown(field, str(text))
