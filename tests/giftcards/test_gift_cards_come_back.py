"""Refunds: what a card paid goes back to it, its burnt rest with the last of it; an untouched card becomes void."""

from __future__ import annotations

from datetime import date

import pytest

from clients.refusals import Refusal
from giftcards.models import GiftCardType
from loyalty.models import Lot, Refund
from tests.giftcards.conftest import Sold
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_a_whole_refund_puts_back_what_was_paid_and_what_was_burnt(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    check = till.sell("session", gift_cards=[sold.code])
    refund = till.refund(check)
    assert (refund.gift_card_returned, refund.money) == (2000, 0)
    assert sold.remaining == 5000
    assert till.quote("personal", gift_cards=[sold.code]).bill.to_pay == cents("10")


def test_the_burnt_rest_comes_back_with_the_last_of_the_payment(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "100")
    check = till.sell("3 x session", gift_cards=[sold.code])  # 60.00 paid, 40.00 burnt
    seen = []
    for _i in range(3):
        till.refund(check, (1, 1))
        seen.append(sold.remaining)
    assert seen == [2000, 4000, 10000]


def test_partial_refunds_over_two_cards_add_up_to_the_cent(till: Till, gift: GiftCardType) -> None:
    twenty, fifty = Sold(till, "gift", "20"), Sold(till, "gift", "50")
    check = till.sell("personal", "towel", gift_cards=[twenty.code, fifty.code])  # 20.00 and 43.00, 7.00 burnt
    assert check.visit.to_pay == 0
    first = till.refund(check, (2, 1))
    # 3.00 over 20.00 and 43.00 by largest remainder: 0.95 and 2.05
    assert (first.gift_card_returned, twenty.remaining, fifty.remaining) == (300, 95, 205)
    second = till.refund(check, (1, 1))
    assert (second.gift_card_returned, second.is_whole) == (6000, True)
    assert (twenty.remaining, fifty.remaining) == (2000, 5000)


def test_money_and_card_come_back_each_its_own_way(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    refund = till.refund(till.sell("personal", gift_cards=[sold.code]))
    assert (refund.money, refund.gift_card_returned, sold.remaining) == (4000, 2000, 2000)


def test_what_comes_back_after_the_end_can_be_used_for_14_days(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    check = till.sell("session", gift_cards=[sold.code])
    late = till.later(days=200)  # 18 September; the card ended on 29 August
    late.refund(check)
    assert Lot.objects.get(account=sold.card.account).last_day == date(2026, 10, 2)
    assert late.quote("personal", gift_cards=[sold.code]).bill.gift_card_total == cents("50")


def test_an_untouched_card_comes_back_and_is_void(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    refund = till.refund(sold.check)
    sold.card.refresh_from_db()
    assert (refund.money, refund.gift_card_returned, refund.is_whole) == (5000, 0, True)
    assert (sold.card.voided_at, sold.remaining) == (till.now, 0)


def test_a_used_card_does_not_come_back(till: Till, gift: GiftCardType, voucher: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    paid = till.sell("session", gift_cards=[sold.code])
    with pytest.raises(Refusal) as refused:
        till.refund(sold.check)
    assert str(refused.value) == "This gift card has been used, so it cannot come back."
    assert not Refund.objects.exists()
    assert sold.remaining == 3000
    till.refund(paid)
    assert till.refund(sold.check).money == 5000


def test_an_ended_card_does_not_come_back(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    with pytest.raises(Refusal):
        till.later(days=181).refund(sold.check)
    assert not Refund.objects.exists()
    assert sold.remaining == 5000


def test_one_of_two_sold_cards_comes_back(till: Till, gift: GiftCardType) -> None:
    line = {"gift_card_type": "gift", "amount": "50"}
    check = till.sell(line, line)
    refund = till.refund(check, (2, 1))
    assert (refund.money, refund.is_whole) == (5000, False)
    assert list(Lot.objects.order_by("pk").values_list("remaining", flat=True)) == [5000, 0]
