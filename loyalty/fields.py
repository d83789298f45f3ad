"""Database columns for amounts and percents: whole numbers, exact on every engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from loyalty.money import ZERO, Money

PERCENT_SCALE = 1000


class MoneyField(models.BigIntegerField):
    """An amount in minor units, `Money` in Python."""

    def from_db_value(self, value: int | None, _expression: Any, _connection: BaseDatabaseWrapper) -> Money | None:
        return None if value is None else Money(value)

    def to_python(self, value: Any) -> Money | None:
        return None if value is None else Money(super().to_python(value))


class PercentField(models.PositiveIntegerField):
    """A percentage from 0 to 100 with three digits after the point, `Decimal` in Python, thousandths in the database."""

    default_validators = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]

    @property
    def validators(self) -> list[Any]:  # type: ignore[override]  # the integer field adds limits of the stored number
        return [*self.default_validators, *self._validators]

    def from_db_value(self, value: int | None, _expression: Any, _connection: BaseDatabaseWrapper) -> Decimal | None:
        return None if value is None else (Decimal(value) / PERCENT_SCALE).normalize()

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else int(Decimal(str(value)) * PERCENT_SCALE)


def no_money() -> Money:
    """The default of a column that starts at nothing."""
    return ZERO


def whole() -> Decimal:
    """The default of a limit that limits nothing."""
    return Decimal(100)
