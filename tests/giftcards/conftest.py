"""Gift cards of FlexGym: 20, 50 and 100, valid 180 days, for one check."""

from __future__ import annotations

from typing import Any

import pytest

from giftcards.cards import state_of
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


@pytest.fixture
def purse(till: Till) -> GiftCardType:
    """A card for any amount from 10 to 500, that is used for a year until it is empty and can be topped up."""
    kind: GiftCardType = factories.GiftCardTypeFactory(
        code="purse",
        name="Purse",
        single_use=False,
        reloadable=True,
        valid_days=365,
        min_amount=cents("10"),
        max_amount=cents("500"),
    )
    return kind


def left(card: GiftCard, till: Till) -> Money:
    """What can be spent of a card."""
    return state_of(card, till.today).remaining


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
