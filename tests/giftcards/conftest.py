"""Gift cards of FlexGym: 20, 50 and 100, valid 180 days, for one check."""

from __future__ import annotations

from typing import Any

import pytest

from giftcards.models import GiftCard, GiftCardType
from loyalty.money import Money
from tests import factories
from tests.loyalty.conftest import cashback, till
from tests.till import Till, cents

__all__ = ["cashback", "till"]


@pytest.fixture
def gift(till: Till) -> GiftCardType:
    kind: GiftCardType = factories.GiftCardTypeFactory()
    for amount in ("20", "50", "100"):
        factories.DenominationFactory(type=kind, amount=cents(amount))
    return kind


@pytest.fixture
def voucher(till: Till) -> GiftCardType:
    """A card that is used until it is empty, for ever."""
    kind: GiftCardType = factories.GiftCardTypeFactory(
        code="voucher", name="Voucher", single_use=False, valid_days=None
    )
    factories.DenominationFactory(type=kind, amount=cents("50"))
    return kind


class Sold:
    """A card that was just sold: its code and its row."""

    def __init__(self, till: Till, kind: str, amount: str, **offers: Any) -> None:
        self.check = till.sell({"gift_card_type": kind, "amount": amount}, **offers)
        self.told = self.check.revealed[1][0]
        self.code: str = self.told["code"]
        self.card = GiftCard.objects.get(pk=self.told["id"])

    @property
    def remaining(self) -> Money:
        return self.card.account.lots.get().remaining
