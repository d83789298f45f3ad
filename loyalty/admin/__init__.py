"""The back office of the till, the ledger and the programs. Django's autodiscovery imports this package."""

from loyalty.admin import (
    business,
    cashback,
    discounts,
    keys,
    prices,
    programs,
    promo_codes,
    records,
    segments,
    visits,
)

__all__ = [
    "business",
    "cashback",
    "discounts",
    "keys",
    "prices",
    "programs",
    "promo_codes",
    "records",
    "segments",
    "visits",
]
