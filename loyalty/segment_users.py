"""Which programs, mailings and chains are for a segment, of whatever room they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, Model

from loyalty.models import Mailing, Segment, SegmentMember

OVER = (Mailing.State.DONE, Mailing.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class User:
    """Something that is for a segment. `is_on`: it would be for nobody without it."""

    label: str
    id: int
    name: str
    is_on: bool


def users_of(segment: Segment) -> list[User]:
    """Everything that names this segment, but mailings that are over. A query for each kind of thing that can."""
    return [
        User(model._meta.label_lower, row.pk, str(row), getattr(row, "enabled", True))
        for model, column in _kinds()
        for row in model._default_manager.filter(**{column.name: segment}).order_by("pk")
        if not (isinstance(row, Mailing) and row.state in OVER)
    ]


def _kinds() -> list[tuple[type[Model], Field[Any, Any]]]:
    """Every table with a segment in it, but the lists themselves."""
    return [
        (model, column)
        for model in apps.get_models()
        if model is not SegmentMember
        for column in model._meta.fields
        if isinstance(column, ForeignKey) and column.related_model is Segment
    ]
