"""What the owner configures carries one mark of its state, so that whoever keeps a copy knows when it is old.

The mark (`Business.revision`) is random and renewed by every change: a counter would repeat a value after a
rollback, and a copy made inside the rolled-back transaction would then pass for the truth.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, TypeVar

from django.apps import apps
from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


def renew_revision() -> None:
    """Tell every holder of a copy of the settings that it is old, when this transaction commits."""
    apps.get_model("clients", "Business")._base_manager.update(revision=uuid.uuid4())


class ConfiguredQuerySet(models.QuerySet[Row]):
    """A queryset whose bulk changes are noticed too."""

    def update(self, **kwargs: Any) -> int:
        changed = super().update(**kwargs)
        renew_revision()
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        deleted = super().delete()
        renew_revision()
        return deleted

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        created = super().bulk_create(objs, *args, **kwargs)
        renew_revision()
        return created

    def bulk_update(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> int:
        changed = super().bulk_update(objs, *args, **kwargs)
        renew_revision()
        return changed


class Configured(models.Model):
    """A row that the owner configures: each change of one renews the revision."""

    objects = models.Manager.from_queryset(ConfiguredQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        renew_revision()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        renew_revision()
        return deleted
