"""Replaced when lost: a new code, the money moves with its last days, refunds follow it to the new card."""

from __future__ import annotations

from datetime import date

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from giftcards.cards import block, state_of
from giftcards.codes import show_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import Replaced, replace
from loyalty.models import Entry, Lot, Visit
from loyalty.proof import prove
from tests.giftcards.conftest import Sold, left
from tests.till import Till

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


def lost(card: GiftCard, till: Till) -> Replaced:
    return replace(card=card, reason="lost on a train", by=ANNA, now=till.now)


def test_its_money_moves_to_a_new_code_with_the_same_last_day(till: Till, gift: GiftCardType, boris: Client) -> None:
    sold = Sold(till, "gift", "100", client=boris)
    new = lost(sold.card, till.later(days=10))
    assert show_code(new.code) != sold.code
    card = new.card
    assert (card.replaces, card.buyer, card.amount, card.single_use) == (sold.card, boris, 10000, True)
    lot = card.account.lots.get()
    assert (lot.remaining, lot.last_day, lot.program, lot.name) == (10000, date(2026, 8, 29), "gift", "Gift card")
    assert sold.remaining == 0
    moved = Entry.objects.filter(kind="transfer").order_by("pk").values_list("lot__account", "amount", "note")
    assert list(moved) == [
        (sold.card.account_id, -10000, "lost on a train"),
        (card.account_id, 10000, "lost on a train"),
    ]
    sold.card.refresh_from_db()
    assert (sold.card.void_reason, sold.card.block_reason) == ("replaced", "lost on a train")
    with pytest.raises(Refusal) as refused:
        till.quote("session", gift_cards=[sold.code])
    assert (refused.value.code, str(refused.value)) == (
        "gift_card_blocked",
        "This gift card was replaced by another. It cannot be used.",
    )
    assert till.quote("personal", gift_cards=[new.code]).bill.gift_card_total == 6000
    assert prove() == []


def test_a_card_for_somebody_else_is_lost_replaced_used_and_the_check_comes_back(
    till: Till, gift: GiftCardType, boris: Client
) -> None:
    sold = Sold(till, "gift", "100", client=boris)
    new = lost(sold.card, till)
    check = till.sell("personal", gift_cards=[new.code])  # 60.00 paid, 40.00 given up
    assert left(new.card, till) == 0
    refund = till.refund(check)
    assert (refund.gift_card_returned, refund.money, left(new.card, till)) == (6000, 0, 10000)
    assert till.quote("personal", gift_cards=[new.code]).bill.to_pay == 0
    assert till.refund(sold.check).money == 10000
    assert state_of(GiftCard.objects.get(pk=new.card.pk), till.today).void_reason == "returned"
    assert prove() == []


def test_a_check_paid_with_the_old_card_comes_back_to_the_new_one(till: Till, voucher: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    check = till.sell("session", gift_cards=[sold.code])
    new = lost(sold.card, till)
    assert left(new.card, till) == 3000
    refund = till.refund(check)
    assert (refund.gift_card_returned, left(new.card, till), sold.remaining) == (2000, 5000, 0)
    assert list(Lot.objects.filter(account=new.card.account).order_by("pk").values_list("remaining", flat=True)) == [
        3000,
        2000,
    ]
    assert till.quote("personal", gift_cards=[new.code]).bill.to_pay == 1000
    assert prove() == []


def test_the_burnt_rest_of_an_old_card_comes_back_to_the_third_one(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    check = till.sell("session", gift_cards=[sold.code])  # 20.00 paid, 30.00 given up
    third = lost(lost(sold.card, till).card, till)
    assert left(third.card, till) == 0
    till.later(days=200).refund(check)  # the card ended on 29 August; it is 18 September
    assert left(third.card, till.later(days=200)) == 5000
    assert state_of(third.card, till.later(days=200).today).last_day == date(2026, 10, 2)
    assert prove() == []


def test_a_sold_card_that_was_replaced_comes_back_while_it_is_untouched(till: Till, voucher: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    used = till.sell("session", gift_cards=[sold.code])
    new = lost(sold.card, till)
    with pytest.raises(Refusal) as refused:
        till.refund(sold.check)
    assert str(refused.value) == "This gift card has been used, so it cannot come back."
    assert left(new.card, till) == 3000
    till.refund(used)
    refund = till.refund(sold.check)
    assert (refund.money, left(new.card, till)) == (5000, 0)
    entries = Entry.objects.filter(refund=refund, kind="take_back").values_list("lot__account", "amount")
    assert list(entries) == [(sold.card.account_id, -5000)]
    new.card.refresh_from_db()
    assert (new.card.void_reason, new.card.voided_at) == ("returned", till.now)
    assert prove() == []


def test_a_blocked_card_is_replaced_and_the_new_one_pays(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    block(sold.card, reason="reported lost", by=ANNA, now=till.now)
    new = lost(sold.card, till)
    assert till.quote("session", gift_cards=[new.code]).bill.to_pay == 0


def test_what_cannot_be_replaced_is_said(till: Till, gift: GiftCardType) -> None:
    sold, back = Sold(till, "gift", "20"), Sold(till, "gift", "20")
    till.refund(back.check)
    lost(sold.card, till)
    ended = Sold(till, "gift", "20")
    told = []
    for card, at in ((sold.card, till), (back.card, till), (ended.card, till.later(days=181))):
        with pytest.raises(Refusal) as refused:
            lost(card, at)
        told.append((refused.value.code, str(refused.value)))
    assert told == [
        ("gift_card_blocked", "This gift card was replaced by another. It cannot be used."),
        ("gift_card_blocked", "This gift card was returned. It cannot be used."),
        ("gift_card_expired", "This gift card ended on 29 August 2026. It cannot be used."),
    ]
    with pytest.raises(Invalid) as without:
        replace(card=ended.card, reason=" ", by=ANNA, now=till.now)
    assert without.value.field == "reason"
    assert (GiftCard.objects.count(), Visit.objects.count()) == (4, 3)
