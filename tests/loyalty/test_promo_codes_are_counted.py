"""A use of a promo code is counted when the check settles, and released by a whole refund; bonuses; unique codes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import QuoteChanged
from loyalty.discounts import PromoCodeExpired, PromoCodeNotApplicable, PromoCodeUsedUp
from loyalty.models import CashbackProgram, Entry, IssuedCode, Lot, PromoUse
from loyalty.proof import prove
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
SPRING = ["spring"]


def used(code: str = "SPRING") -> int:
    row = IssuedCode.objects.get(code=code)
    assert row.used == PromoUse.objects.filter(issued=row, released_at=None).count()
    assert prove() == []
    return row.used


def test_a_quote_counts_nothing_and_a_settled_check_counts_one(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory()
    till.quote("personal", client=boris, promo_codes=SPRING)
    assert used() == 0
    sold = till.sell("personal", client=boris, promo_codes=SPRING)
    assert used() == 1
    use = PromoUse.objects.get()
    assert (use.visit, use.client, use.issued.code, use.released_at) == (sold.visit, boris, "SPRING", None)


def test_the_same_check_settled_again_counts_once(till: Till) -> None:
    factories.PromoCodeFactory(max_uses=1)
    basket = till.basket("personal", promo_codes=SPRING)
    first = till.settle(basket, cash=5400, key="one")
    assert till.settle(basket, cash=5400, key="one").visit == first.visit
    assert used() == 1


def test_a_limit_of_two_is_used_twice(till: Till) -> None:
    factories.PromoCodeFactory(max_uses=2)
    for _n in range(2):
        assert till.sell("personal", promo_codes=SPRING).visit.to_pay == cents("54.00")
    with pytest.raises(PromoCodeUsedUp):
        till.sell("personal", promo_codes=SPRING)
    assert used() == 2


def test_so_often_a_client_and_others_may_still(till: Till, boris: Client, alice: Client) -> None:
    factories.PromoCodeFactory(max_uses_per_client=1)
    till.sell("personal", client=boris, promo_codes=SPRING)
    with pytest.raises(PromoCodeUsedUp) as refused:
        till.sell("personal", client=boris, promo_codes=SPRING)
    assert str(refused.value) == "This client has used the promo code SPRING as often as one client may."
    assert till.sell("personal", client=alice, promo_codes=SPRING).visit.to_pay == cents("54.00")
    assert used() == 2


def test_a_raised_limit_opens_the_code_again(till: Till) -> None:
    code = factories.PromoCodeFactory(max_uses=1)
    till.sell("personal", promo_codes=SPRING)
    code.max_uses = 2
    code.save()
    till.sell("personal", promo_codes=SPRING)
    assert used() == 2


def test_a_whole_refund_releases_the_use(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(max_uses=1, max_uses_per_client=1)
    sold = till.sell("personal", client=boris, promo_codes=SPRING)
    till.refund(sold)
    assert used() == 0
    assert PromoUse.objects.get().released_at == till.now
    assert till.sell("personal", client=boris, promo_codes=SPRING).visit.to_pay == cents("54.00")
    assert used() == 1


def test_a_part_refund_releases_nothing_until_the_last_part(till: Till) -> None:
    factories.PromoCodeFactory(max_uses=1)
    sold = till.sell("2 x session", "personal", promo_codes=SPRING)
    for back in ((1, 1), (2, 1)):
        till.refund(sold, back)
        assert used() == 1
    till.refund(sold, (1, 1))
    assert used() == 0


def test_a_code_that_a_better_one_outbids_is_named_and_not_counted(till: Till) -> None:
    factories.PromoCodeFactory(max_uses=1)
    factories.PromoCodeFactory(code="BEST", percent=20)
    sold = till.sell("personal", promo_codes=["spring", "best"])
    assert sold.visit.to_pay == cents("48.00")
    told = [(note["code"], note["rule"]) for note in sold.visit.facts["trace"]]
    assert told == [("discount.percent", "BEST"), ("discount.outbid", "SPRING")]
    assert (used(), used("BEST")) == (0, 1)


def test_a_code_that_a_program_outbids_is_not_counted_either(till: Till) -> None:
    factories.PromoCodeFactory(max_uses=1)
    factories.DiscountFactory(percent=50)
    till.sell("personal", promo_codes=SPRING)
    assert used() == 0


def test_one_with_nothing_left_to_take_is_named_and_not_counted(till: Till) -> None:
    factories.DiscountFactory(percent=100, combinable=True)
    factories.PromoCodeFactory(combinable=True, max_uses=1)
    sold = till.sell("personal", promo_codes=SPRING)
    told = [(note["code"], note["rule"]) for note in sold.visit.facts["trace"]]
    assert told == [("discount.percent", "ten"), ("discount.nothing_left", "SPRING")]
    assert used() == 0


def test_a_code_used_up_since_the_quote_changes_nothing(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(max_uses=1)
    basket = till.basket("personal", client=boris, promo_codes=SPRING)
    seen = till.promise(basket)
    till.sell("personal", promo_codes=SPRING)
    with pytest.raises((PromoCodeUsedUp, QuoteChanged)):
        till.settle(basket, cash=5400, token=seen.token)
    assert used() == 1
    assert not PromoUse.objects.filter(client=boris).exists()


# --- unique codes -----------------------------------------------------------------------------------------------------


def test_each_unique_code_is_used_once(till: Till) -> None:
    one, two = factories.IssuedCodeFactory.create_batch(2)
    assert till.sell("personal", promo_codes=[one.code.lower()]).visit.to_pay == cents("54.00")
    with pytest.raises(PromoCodeUsedUp):
        till.sell("personal", promo_codes=[one.code])
    assert till.sell("personal", promo_codes=[two.code]).visit.to_pay == cents("54.00")
    assert (used(one.code), used(two.code)) == (1, 1)


def test_so_often_a_client_counts_all_codes_of_the_batch(till: Till, boris: Client) -> None:
    promo = factories.PromoCodeFactory(code="batch", is_batch=True, max_uses_per_client=1)
    one, two = factories.IssuedCodeFactory.create_batch(2, promo=promo)
    till.sell("personal", client=boris, promo_codes=[one.code])
    with pytest.raises(PromoCodeUsedUp):
        till.sell("personal", client=boris, promo_codes=[two.code])
    assert used(two.code) == 0


def test_one_check_takes_one_code_of_a_batch(till: Till) -> None:
    one, two = factories.IssuedCodeFactory.create_batch(2)
    with pytest.raises(PromoCodeNotApplicable) as refused:
        till.sell("personal", promo_codes=[one.code, two.code])
    assert refused.value.field == "promo_codes[1]"
    assert used(one.code) == used(two.code) == 0


def test_a_unique_code_may_belong_to_one_client(till: Till, boris: Client, alice: Client) -> None:
    code = factories.IssuedCodeFactory(client=boris)
    with pytest.raises(PromoCodeNotApplicable):
        till.sell("personal", client=alice, promo_codes=[code.code])
    assert till.sell("personal", client=boris, promo_codes=[code.code]).visit.to_pay == cents("54.00")


@pytest.mark.parametrize(
    ("hours", "seconds", "valid"), [(0, 0, True), (47, 0, True), (48, 0, True), (48, 1, False), (500, 0, False)]
)
def test_it_is_valid_for_hours_after_being_handed_out(till: Till, hours: int, seconds: int, valid: bool) -> None:
    promo = factories.PromoCodeFactory(code="batch", is_batch=True, valid_hours=48)
    code = factories.IssuedCodeFactory(promo=promo, handed_out_at=till.now)
    later = till.later(hours=hours, seconds=seconds)
    if valid:
        assert later.sell("personal", promo_codes=[code.code]).visit.to_pay == cents("54.00")
    else:
        with pytest.raises(PromoCodeExpired) as refused:
            later.sell("personal", promo_codes=[code.code])
        assert str(refused.value) == f"The promo code {code.code} was valid for 48 hours after it was handed out."
    assert used(code.code) == int(valid)


def test_one_with_hours_that_was_not_handed_out_cannot_be_used(till: Till) -> None:
    promo = factories.PromoCodeFactory(code="batch", is_batch=True, valid_hours=48)
    code = factories.IssuedCodeFactory(promo=promo)
    with pytest.raises(PromoCodeNotApplicable) as refused:
        till.sell("personal", promo_codes=[code.code])
    assert str(refused.value) == f"The promo code {code.code} was not handed out yet."


# --- bonuses ----------------------------------------------------------------------------------------------------------


def test_a_code_gives_bonuses_on_its_own_terms(till: Till, boris: Client) -> None:
    terms = {"bonus_lifetime_days": 30, "bonus_pending_days": 2, "bonus_limit_percent": 20, "bonus_min_check": 4000}
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"), **terms)
    sold = till.sell("personal", client=boris, promo_codes=["bonus50"])
    assert (sold.visit.to_pay, sold.visit.earned_total) == (cents("60.00"), cents("50.00"))
    lot = Lot.objects.get(account__client=boris)
    assert (lot.amount, lot.program, lot.min_check) == (cents("50"), "BONUS50", cents("40"))
    assert lot.limit_percent == Decimal(20)
    assert (lot.first_day, lot.last_day) == (till.today + timedelta(days=2), till.today + timedelta(days=32))
    assert used("BONUS50") == 1


def test_bonuses_come_beside_an_exclusive_discount_and_cashback(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"))
    factories.PromoCodeFactory()
    visit = till.sell("personal", client=boris, promo_codes=["bonus50", "spring"]).visit
    assert (visit.to_pay, visit.earned_total) == (cents("54.00"), cents("51.62"))
    assert (used("BONUS50"), used()) == (1, 1)


def test_a_whole_refund_takes_the_bonuses_back_and_releases_the_code(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"), max_uses=1)
    sold = till.sell("personal", client=boris, promo_codes=["bonus50"])
    refund = till.refund(sold)
    assert (refund.bonus_taken_back, till.balance(boris), used("BONUS50")) == (cents("50"), 0, 0)
    assert till.sell("personal", client=boris, promo_codes=["bonus50"]).visit.earned_total == cents("50")


def test_a_part_refund_takes_back_its_part(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"))
    sold = till.sell("personal", "2 x session", client=boris, promo_codes=["bonus50"])
    assert till.refund(sold, (2, 1)).bonus_taken_back == cents("10")
    assert (till.balance(boris), used("BONUS50")) == (cents("40"), 1)
    till.refund(sold, (1, 1))
    till.refund(sold, (2, 1))
    assert (till.balance(boris), used("BONUS50")) == (0, 0)


def test_a_check_that_costs_nothing_gives_its_bonuses_and_a_refund_takes_them(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"))
    factories.DiscountFactory(percent=100)
    sold = till.sell("personal", client=boris, promo_codes=["bonus50"])
    assert (sold.visit.to_pay, till.balance(boris)) == (0, cents("50"))
    assert till.refund(sold).bonus_taken_back == cents("50")
    assert till.balance(boris) == 0


def test_a_refused_check_counts_nothing(till: Till, boris: Client) -> None:
    factories.PromoCodeFactory()
    factories.PromoCodeFactory(code="BONUS50", bonus_amount=cents("50"))
    with pytest.raises(Refusal):
        till.settle(till.basket("personal", client=boris, promo_codes=["spring", "bonus50"]), cash=1)
    assert (used(), used("BONUS50")) == (0, 0)
    assert not Entry.objects.exists()
