"""Several lots on one card: topped up, or another card put together with it. The soonest to end pays first."""

from __future__ import annotations

from datetime import date

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from giftcards.cards import state_of
from giftcards.merging import find_other, merge
from giftcards.models import GiftCard, GiftCardType
from loyalty.models import CashbackProgram, Entry, Lot, Standing
from loyalty.proof import prove
from tests.giftcards.conftest import Sold, left
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


def together(card: GiftCard, other: GiftCard, till: Till) -> GiftCard:
    return merge(card=card, other=other, reason="two small ones", by=ANNA, now=till.now)


def top_up(code: str, amount: str) -> dict[str, str]:
    return {"gift_card_top_up": code, "amount": amount}


def test_a_top_up_is_a_lot_of_its_own_that_ends_by_itself(
    till: Till, purse: GiftCardType, cashback: CashbackProgram, boris: Client
) -> None:
    sold = Sold(till, "purse", "30")
    later = till.later(days=100)
    check = later.sell(top_up(sold.code, "50"), client=boris)
    assert (check.visit.to_pay, check.visit.base, check.visit.spent, check.visit.is_visit) == (5000, 0, 0, False)
    assert check.visit.lines.get().code == "purse"
    lots = Lot.objects.filter(account=sold.card.account).order_by("pk").values_list("remaining", "last_day")
    assert list(lots) == [(3000, date(2027, 3, 2)), (5000, date(2027, 6, 10))]
    state = state_of(sold.card, later.today)
    assert (state.remaining, state.last_day) == (8000, date(2027, 6, 10))
    later.sell("2 x session", gift_cards=[sold.code])  # 40.00: 30.00 of the first lot, 10.00 of the second
    lots = Lot.objects.filter(account=sold.card.account).order_by("pk").values_list("remaining", "last_day")
    assert list(lots) == [(0, date(2027, 3, 2)), (4000, date(2027, 6, 10))]
    assert Standing.objects.get(client=boris).visits == 0


def test_what_two_lots_paid_goes_back_to_each(till: Till, purse: GiftCardType) -> None:
    sold = Sold(till, "purse", "30")
    till.later(days=1).sell(top_up(sold.code, "50"))
    check = till.later(days=1).sell("2 x session", gift_cards=[sold.code])
    till.later(days=1).refund(check, (1, 1))  # 20.00 of 40.00: 15.00 and 5.00
    lots = Lot.objects.filter(account=sold.card.account).order_by("pk")
    assert list(lots.values_list("remaining", flat=True)) == [1500, 4500]
    till.later(days=1).refund(check, (1, 1))
    assert list(lots.values_list("remaining", flat=True)) == [3000, 5000]
    assert prove() == []


def test_an_untouched_top_up_comes_back_and_the_card_stays(till: Till, purse: GiftCardType) -> None:
    sold = Sold(till, "purse", "30")
    check = till.later(days=1).sell(top_up(sold.code, "50"))
    used = till.later(days=1).sell("session", gift_cards=[sold.code])  # 20.00 of the card as it was sold
    assert till.refund(check).money == 5000
    assert left(sold.card, till) == 1000
    with pytest.raises(Refusal):
        till.refund(sold.check)
    till.refund(used)
    assert till.refund(sold.check).money == 3000
    sold.card.refresh_from_db()
    assert (sold.card.voided_at, left(sold.card, till)) == (None, 0)  # money was on it besides: a refund may return it
    assert prove() == []


def test_what_cannot_be_topped_up_is_said(till: Till, purse: GiftCardType, gift: GiftCardType) -> None:
    fixed, card = Sold(till, "gift", "20"), Sold(till, "purse", "30")
    told = []
    for line in (
        top_up(fixed.code, "20"),
        top_up(card.code, "9.99"),
        top_up(card.code, "501"),
        top_up("nothing", "20"),
    ):
        with pytest.raises(Refusal) as refused:
            till.sell(line)
        told.append((refused.value.code, refused.value.field, str(refused.value)))
    assert told == [
        ("invalid", "lines[0].gift_card_top_up", "This gift card cannot be topped up."),
        ("invalid", "lines[0].amount", "must be from 10.00 to 500.00"),
        ("invalid", "lines[0].amount", "must be from 10.00 to 500.00"),
        (
            "gift_card_unknown",
            "lines[0].gift_card_top_up",
            "There is no gift card with this code. Check it letter by letter.",
        ),
    ]
    with pytest.raises(Invalid):
        till.sell(top_up(card.code, "20"), gift_cards=[card.code])
    assert left(card.card, till) == 3000


def test_two_cards_put_together_keep_their_last_days(till: Till, purse: GiftCardType, boris: Client) -> None:
    first, second = Sold(till, "purse", "30", client=boris), Sold(till.later(days=9), "purse", "50", client=boris)
    now = till.later(days=10)
    used = now.sell("session", gift_cards=[second.code])
    together(first.card, find_other(first.card, second.card.last_four), now)
    state = state_of(first.card, now.today)
    assert (state.remaining, state.last_day) == (6000, date(2027, 3, 11))
    second.card.refresh_from_db()
    assert (second.card.void_reason, second.card.merged_into) == ("merged", first.card)
    with pytest.raises(Refusal) as refused:
        now.quote("session", gift_cards=[second.code])
    assert str(refused.value) == "This gift card was put together with another. It cannot be used."
    now.refund(used)
    assert left(first.card, now) == 8000
    assert now.refund(second.check).money == 5000
    assert left(first.card, now) == 3000
    assert prove() == []


def test_the_rest_of_all_that_was_put_together_is_lost_on_one_check_and_returns(till: Till, gift: GiftCardType) -> None:
    first, second = Sold(till, "gift", "20"), Sold(till, "gift", "50")
    together(first.card, find_other(first.card, second.code), till)
    check = till.sell("session", gift_cards=[first.code])
    burnt = Entry.objects.filter(visit=check.visit, kind="expire").values_list("amount", flat=True)
    assert (list(burnt), left(first.card, till)) == ([-5000], 0)
    till.refund(check)
    assert left(first.card, till) == 7000


def test_cards_that_are_not_for_the_same_stay_apart(
    till: Till, gift: GiftCardType, voucher: GiftCardType, purse: GiftCardType
) -> None:
    once, always = Sold(till, "gift", "20"), Sold(till, "voucher", "50")
    here = Sold(till, "purse", "30")
    GiftCard.objects.filter(pk=here.card.pk).update(locations=["main"])
    for card, other in ((once, always), (always, here)):
        with pytest.raises(Refusal) as refused:
            together(card.card, other.card, till)
        assert str(refused.value) == "These gift cards are not for the same services, places or number of checks."
    with pytest.raises(Invalid):
        together(once.card, once.card, till)
    with pytest.raises(Invalid):
        find_other(once.card, always.card.last_four)  # of no buyer: the code itself is wanted
    assert [left(one.card, till) for one in (once, always, here)] == [cents("20"), cents("50"), cents("30")]
