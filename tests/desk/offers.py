"""What the owner offers in the tests of the desk, over the preset."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from loyalty.models import Discount, PromoCode
from loyalty.money import Money


def promo_code(code: str, **terms: Any) -> PromoCode:
    """A shared code of 10 %, alone; `combinable=True` for one that combines."""
    if "amount" not in terms and "bonus_amount" not in terms:
        terms.setdefault("percent", Decimal(10))
    row: PromoCode = PromoCode.objects.create(code=code, name=terms.pop("name", code), **terms)
    return row


def discount(code: str, name: str, **terms: Any) -> Discount:
    """10 % for everybody, combinable; `percent`, `min_check`, ... as the model has them."""
    terms = {"kind": "permanent", "percent": Decimal(10), "combinable": True} | terms
    row: Discount = Discount.objects.create(code=code, name=name, **terms)
    return row


SPRING = {"min_check": Money(3000)}
"""From 30.00."""
FIVER = {"amount": Money(500), "combinable": True}
