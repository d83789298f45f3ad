"""Two at the same moment: a printed card is sold once, one that is replaced or merged pays once, money stays whole."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from clients.actors import Actor
from clients.refusals import Refusal
from giftcards.batches import make
from giftcards.merging import merge
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import Replaced, replace
from giftcards.sealing import unseal
from loyalty.checkout import Settled
from loyalty.models import Entry, Lot, Visit
from loyalty.proof import prove
from tests.conftest import Together
from tests.giftcards.conftest import Sold
from tests.till import Till, cents

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ANNA = Actor.staff("anna")


def out() -> int:
    """All gift-card money there is."""
    return Lot.objects.filter(account__unit="money").aggregate(left=Sum("remaining"))["left"] or 0


def test_a_printed_card_is_sold_at_one_of_two_tills(till: Till, gift: GiftCardType, together: Together) -> None:
    batch = make(kind=gift, amount=cents("50"), count=1, by=ANNA, now=till.now)
    card = GiftCard.objects.get(batch=batch)
    basket = till.basket({"gift_card_type": "gift", "amount": "50", "gift_card": unseal(card.sealed_code)})
    answers = together(*[lambda n=n: till.settle(basket, cash=5000, key=f"till {n}") for n in range(2)])
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    refused = next(answer for answer in answers if isinstance(answer, Exception))
    assert isinstance(refused, Refusal)
    assert str(refused) == "This gift card has been sold already."
    assert (out(), Visit.objects.count(), prove()) == (5000, 1, [])


def test_a_card_that_is_replaced_while_it_pays_is_spent_once(
    till: Till, voucher: GiftCardType, together: Together
) -> None:
    sold = Sold(till, "voucher", "50")
    basket = till.basket("session", gift_cards=[sold.code])
    paid, replaced = together(
        lambda: till.settle(basket, key="till"),
        lambda: replace(card=sold.card, reason="lost", by=ANNA, now=till.now),
    )
    assert isinstance(replaced, Replaced)
    if isinstance(paid, Settled):
        assert replaced.card.account.lots.get().remaining == 3000
    else:
        assert isinstance(paid, Refusal)
        assert paid.code == "gift_card_blocked"
        assert replaced.card.account.lots.get().remaining == 5000
    assert sold.remaining == 0
    assert prove() == []


def test_a_refund_reaches_the_card_that_replaces_it_in_that_moment(
    till: Till, voucher: GiftCardType, together: Together
) -> None:
    sold = Sold(till, "voucher", "50")
    check = till.sell("session", gift_cards=[sold.code])
    refunded, replaced = together(
        lambda: till.refund(check),
        lambda: replace(card=sold.card, reason="lost", by=ANNA, now=till.now),
    )
    assert not isinstance(refunded, Exception)
    assert isinstance(replaced, Replaced)
    left = Lot.objects.filter(account=replaced.card.account).aggregate(left=Sum("remaining"))["left"]
    assert (left, sold.remaining, out(), prove()) == (5000, 0, 5000, [])


def test_two_cards_merged_both_ways_are_merged_once(till: Till, voucher: GiftCardType, together: Together) -> None:
    first, second = Sold(till, "voucher", "50"), Sold(till, "voucher", "50")
    answers = together(
        lambda: merge(card=first.card, other=second.card, reason="one is enough", by=ANNA, now=till.now),
        lambda: merge(card=second.card, other=first.card, reason="one is enough", by=ANNA, now=till.now),
    )
    assert sorted(isinstance(answer, GiftCard) for answer in answers) == [False, True]
    refused = next(answer for answer in answers if isinstance(answer, Exception))
    assert isinstance(refused, Refusal)
    assert (out(), GiftCard.objects.exclude(voided_at=None).count(), prove()) == (10000, 1, [])
    assert Entry.objects.filter(kind="transfer").count() == 2
