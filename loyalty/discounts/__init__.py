"""The discount stage: of everything that is offered, the choice that makes the check cheapest.

Permanent and cumulative discounts, repeat purchases, bundles, happy hours, the cheapest of several, free delivery,
promo codes, and what other mechanics offer (trial sessions, a friend's first check). `fitting` says which of them fit
a check, `loyalty.stacking` which of those it gets, `codes` counts the promo codes, `by_hand` is what staff add.
"""

from loyalty.discounts.codes import (
    PromoCodeExpired,
    PromoCodeNotApplicable,
    PromoCodeUnknown,
    PromoCodeUsedUp,
    normal,
)
from loyalty.discounts.mechanic import Discounts, PromoBonuses
from loyalty.discounts.rules import DiscountBook, Rule

__all__ = [
    "DiscountBook",
    "Discounts",
    "PromoBonuses",
    "PromoCodeExpired",
    "PromoCodeNotApplicable",
    "PromoCodeUnknown",
    "PromoCodeUsedUp",
    "Rule",
    "normal",
]
