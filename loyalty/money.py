"""Amounts: exact, in the smallest unit of one currency, shown with the currency's digits.

`Money` is a count of minor units (cents); bonuses have the same digits. Nothing here rounds without saying
how: discounts round half up, accruals and limits round down (`domain.md` section 3). No float comes near.

Worked example: 3 % of 30.00 USD is `down(Money(3000), Percent("3"))` = `Money(90)`, shown as "0.90".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

import iso4217
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# Digits, at most one point, at most 12 before it: `int()` and `Decimal()` would also take "1_000", "1e5" and "٣".
AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,12})(?:\.(?P<fraction>[0-9]+))?", re.ASCII)


class BadAmount(ValueError):
    """The text is not an amount of this currency. `str()` says what would be."""


class Money(int):
    """Minor units of the currency. Adds and subtracts to Money; scaled only by `down`, `half_up`, `spread`."""

    __slots__ = ()

    def __add__(self, other: int) -> Self:
        return type(self)(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> Self:
        return type(self)(int(self) - int(other))

    def __neg__(self) -> Self:
        return type(self)(-int(self))

    def times(self, count: int) -> Self:
        """This amount, `count` times over."""
        return type(self)(int(self) * count)


ZERO = Money(0)


def total(amounts: Iterable[int]) -> Money:
    """The sum, as Money, also of nothing."""
    return Money(sum(map(int, amounts)))


def down(amount: int, percent: Decimal, step: int = 1) -> Money:
    """`percent` % of the amount, rounded down to a whole number of `step` minor units."""
    numerator, denominator = percent.as_integer_ratio()
    return Money(amount * numerator // (denominator * 100 * step) * step)


def half_up(amount: int, percent: Decimal, over: int = 1) -> Money:
    """`percent` % of `amount / over`, not negative, rounded once, halves of the smallest unit up."""
    numerator, denominator = percent.as_integer_ratio()
    whole = denominator * 100 * over
    return Money((2 * amount * numerator + whole) // (2 * whole))


def spread(amount: int, weights: Sequence[int]) -> list[Money]:
    """The amount over the weights, in proportion, by largest remainder, ties to the earlier; the parts sum to it.

    With `0 <= amount <= sum(weights)` no part exceeds its weight. Weights that are all zero take nothing.
    """
    return [Money(part) for part in apportioned(amount, weights)]


def apportioned(amount: int, weights: Sequence[int]) -> list[int]:
    """`spread` in plain whole numbers, for whoever does it a thousand times."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [divmod(amount * weight, whole) for weight in weights]
    parts = [part for part, _remainder in shares]
    left = amount - sum(parts)
    if left:
        order = sorted((-remainder, i) for i, (_part, remainder) in enumerate(shares))
        for _remainder, i in order[:left]:
            parts[i] += 1
    return parts


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency: how its amounts are read and written."""

    code: str
    digits: int

    @classmethod
    def of(cls, code: str) -> Currency:
        """The currency with this ISO 4217 code. Raises `BadAmount` if there is none."""
        try:
            exponent = iso4217.Currency(code).exponent
        except ValueError:
            raise BadAmount(_("%(code)s is not a currency code of ISO 4217.") % {"code": code}) from None
        if exponent is None:
            raise BadAmount(_("%(code)s is not a currency code of ISO 4217.") % {"code": code})
        return cls(code=code, digits=exponent)

    def parse(self, text: str) -> Money:
        """ "12.5" → 1250 minor units (USD). Raises `BadAmount` for anything but plain digits that fit the currency."""
        match = AMOUNT.fullmatch(text.strip())
        if match is None:
            raise BadAmount(_("must be an amount like %(example)s") % {"example": self.text(Money(1250))})
        fraction = (match["fraction"] or "").rstrip("0")
        if len(fraction) > self.digits:
            raise BadAmount(
                _("%(currency)s has %(digits)d digits after the point") % {"currency": self.code, "digits": self.digits}
            )
        minor = int(match["whole"] + fraction.ljust(self.digits, "0"))
        return Money(-minor if match["sign"] else minor)

    def decimal(self, amount: int) -> Decimal:
        """1250 → Decimal("12.50")."""
        return Decimal(int(amount)).scaleb(-self.digits)

    def text(self, amount: int) -> str:
        """1250 → "12.50": what JSON and the setup document carry."""
        return format(self.decimal(amount), "f")

    def number(self, amount: int, language: str | None = None) -> str:
        """1250 → "12.50", "12,50" in Russian: what a person reads beside a currency that was already named.

        In the language that is active, unless another is given.
        """
        pattern = "#,##0" + ("." + "0" * self.digits if self.digits else "")
        return format_decimal(self.decimal(amount), format=pattern, locale=language or get_language() or "en")

    def show(self, amount: int, language: str) -> str:
        """1250 → "$12.50", "12,50 $" in Russian."""
        return format_currency(
            self.decimal(amount), self.code, locale=language, currency_digits=False, format=self._pattern(language)
        )

    def symbol(self, language: str) -> str:
        """ "$", "₽": what stands once, beside the figures of a table."""
        return get_currency_symbol(self.code, locale=language)

    def _pattern(self, language: str) -> str:
        digits = "#,##0" + ("." + "0" * self.digits if self.digits else "")
        return f"{digits}\N{NO-BREAK SPACE}¤" if language == "ru" else f"¤{digits}"


PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?", re.ASCII)


def parse_percent(text: str) -> Decimal:
    """ "7.5" → Decimal("7.5"), from 0 to 100 with at most three digits after the point. Raises `BadAmount`."""
    if PERCENT.fullmatch(text.strip()) is None:
        raise BadAmount(_("must be a percentage like 7.5"))
    percent = Decimal(text.strip())
    if percent > 100:
        raise BadAmount(_("must be between 0 and 100"))
    return percent


def percent_text(percent: Decimal) -> str:
    """Decimal("7.500") → "7.5"."""
    return format(percent.normalize(), "f")
