"""Database columns for amounts and percents: whole numbers, exact on every engine."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from loyalty.money import ZERO, Money, percent_text

PERCENT_SCALE = 1000


Set = TypeVar("Set", contravariant=True)
Get = TypeVar("Get", covariant=True)

if TYPE_CHECKING:
    # Columns are generic for the type checker only: by what may be set, and by what is read back.
    from django.db.models.expressions import Combinable

    class WholeNumber(models.BigIntegerField[Set, Get]):
        _pyi_private_set_type: int | Combinable
        _pyi_private_get_type: Money

    class Thousandths(models.PositiveIntegerField[Set, Get]):
        # The integer field says `int` here; this is where a percent in Python stops being one.
        _pyi_private_set_type: Decimal | int | Combinable  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]
        _validators: list[Any]

else:

    class WholeNumber(models.BigIntegerField):
        def __class_getitem__(cls, _types):  # noqa: ANN001, ANN204
            return cls

    class Thousandths(models.PositiveIntegerField):
        def __class_getitem__(cls, _types):  # noqa: ANN001, ANN204
            return cls


class MoneyField(WholeNumber[Set, Get]):
    """An amount in minor units, `Money` in Python."""

    def from_db_value(self, value: int | None, _expression: Any, _connection: BaseDatabaseWrapper) -> Money | None:
        return None if value is None else Money(value)

    def to_python(self, value: Any) -> Money | None:
        return None if value is None else Money(super().to_python(value))


class PercentField(Thousandths[Set, Get]):
    """A percentage from 0 to 100, three digits after the point: `Decimal` in Python, thousandths in the database."""

    default_validators = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]

    @property
    def validators(self) -> list[Any]:  # without the limits that an integer field adds for the stored number
        return [*self.default_validators, *self._validators]

    def from_db_value(self, value: int | None, _expression: Any, _connection: BaseDatabaseWrapper) -> Decimal | None:
        return None if value is None else Decimal(percent_text(Decimal(value) / PERCENT_SCALE))

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
