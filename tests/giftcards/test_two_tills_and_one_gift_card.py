"""The last money of a gift card at two tills at the same moment: one is paid, one is refused."""

from __future__ import annotations

import pytest

from clients.refusals import Refusal
from giftcards.models import GiftCardType
from loyalty.checkout import Settled
from loyalty.models import Entry, Visit
from tests.conftest import Together
from tests.giftcards.conftest import Sold
from tests.till import Till


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["gift", "voucher"])
def test_it_is_spent_once(till: Till, gift: GiftCardType, voucher: GiftCardType, together: Together, kind: str) -> None:
    sold = Sold(till, kind, "50")
    for _i in range(2):
        till.sell("session", gift_cards=[sold.code]) if kind == "voucher" else None
    left = sold.remaining
    basket = till.basket("personal", gift_cards=[sold.code])
    cash = 6000 - left
    answers = together(*[lambda n=n: till.settle(basket, cash=cash, key=f"till {n}") for n in range(2)])
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    refused = next(answer for answer in answers if isinstance(answer, Exception))
    assert isinstance(refused, Refusal)
    assert refused.code == "gift_card_empty"
    assert sold.remaining == 0
    assert Entry.objects.filter(lot__account=sold.card.account, kind="spend", amount=-left).count() == 1
    assert Visit.objects.filter(operation__startswith="till ").count() == 1
