"""Refunds days later: what has ended stays ended, what comes back can be taken, nothing is rewarded twice."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty.checkout import QuoteChanged, quote, refund
from loyalty.expiry import expire_lots
from loyalty.models import CashbackProgram, CashbackTier, Entry, HouseRules, Lot, Refund, Standing, TierStanding
from loyalty.money import Money
from loyalty.proof import check_ledger
from memberships.models import Plan
from tests import factories
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")


def night(till: Till) -> int:
    return expire_lots(today=till.today, zone=NEW_YORK, by=VERA)


@pytest.mark.parametrize("has_run", [True, False])
def test_only_what_paid_comes_back_to_a_lot_that_has_ended(till: Till, boris: Client, *, has_run: bool) -> None:
    till.give(boris, "100", last_day=till.today + timedelta(days=3))
    sold = till.sell("session", client=boris, redeem="10.00")
    later = till.later(days=10)
    if has_run:
        night(later)
    later.refund(sold)
    assert later.balance(boris) == cents("10")
    assert list(Entry.objects.filter(kind="expire").values_list("amount", flat=True)) == [-9000]
    assert check_ledger(now=later.now) == []


def test_a_lot_that_was_ended_early_and_filled_again_ends_once_more(till: Till, boris: Client) -> None:
    till.give(boris, "20", last_day=till.today + timedelta(days=60))
    sold = till.sell("session", client=boris, redeem="5.00")
    night(till.later(days=90))
    till.refund(sold)
    assert till.balance(boris) == cents("5")
    assert night(till.later(days=61)) == 1
    operations = Entry.objects.filter(kind="expire").order_by("pk").values_list("operation", flat=True)
    assert [operation.rsplit(":", 1)[1] for operation in operations] == ["3", "5"]
    assert check_ledger(now=till.now) == []


@pytest.mark.parametrize("allow_debt", [True, False])
def test_what_the_refund_returns_can_be_taken_back(till: Till, boris: Client, *, allow_debt: bool) -> None:
    HouseRules.objects.update(allow_debt=allow_debt)
    program = factories.CashbackFactory(code="ten")
    factories.CashbackTierFactory(program=program, percent=10)
    till.give(boris, "2.00")
    sold = till.sell("session", client=boris, redeem="2.00")  # earns 1.80
    till.sell("session", client=boris, redeem="1.80")  # earns 1.82
    Lot.objects.filter(remaining__gt=0).update(remaining=0)  # as if that were gone too
    back = till.refund(sold)
    assert (back.bonus_returned, back.bonus_taken_back, back.debt) == (cents("2.00"), cents("1.80"), 0)
    assert till.balance(boris) == cents("0.20")


def test_without_debts_nothing_is_taken_below_zero_beside_an_older_debt(till: Till, boris: Client) -> None:
    from loyalty import ledger

    program = factories.CashbackFactory(code="nine")
    factories.CashbackTierFactory(program=program, percent=9)
    sold = till.sell("session", client=boris)  # earns 1.80
    owed = ledger.Grant("test:debt", till.account(boris), -cents("1"), till.today, kind=Entry.Kind.TAKE_BACK)
    ledger.post([owed], at=till.now, by=VERA)
    HouseRules.objects.update(allow_debt=False)
    assert till.refund(sold).bonus_taken_back == cents("0.80")
    assert till.balance(boris) == 0


def test_bonuses_that_ended_unused_are_owed_by_nobody(till: Till, boris: Client) -> None:
    program = factories.CashbackFactory(code="ten", lifetime_days=10)
    factories.CashbackTierFactory(program=program, percent=10)
    sold = till.sell("session", client=boris)
    later = till.later(days=30)
    back = later.refund(sold)
    assert (back.bonus_taken_back, back.debt, later.balance(boris)) == (0, 0, 0)


def test_the_nth_visit_is_rewarded_once(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="second", trigger="nth_visit", nth=2, amount=Money(4000))
    first = till.sell("session", client=boris)
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("40")
    till.refund(first)
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("40")


def test_the_nth_visit_is_rewarded_again_once_its_reward_came_back(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="second", trigger="nth_visit", nth=2, amount=Money(4000))
    till.sell("session", client=boris)
    second = till.sell("session", client=boris)
    till.refund(second)
    assert till.balance(boris) == 0
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("40")


def test_a_rung_that_only_the_total_says_stays_until_the_night_too(till: Till, boris: Client) -> None:
    sold = till.sell("9 x personal", client=boris)
    program = factories.CashbackFactory()
    factories.CashbackTierFactory(program=program)
    factories.CashbackTierFactory(program=program, name="Silver", from_spent=Money(50000), percent=5)
    till.refund(sold)
    assert Standing.objects.get(client=boris).total_spent == 0
    assert till.quote("session", client=boris).bill.tier.name == "Silver"  # type: ignore[union-attr]
    assert TierStanding.objects.get(client=boris).tier.name == "Silver"


def test_a_lowered_threshold_takes_nobody_s_rung_away(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.sell("9 x personal", client=boris)
    CashbackProgram.objects.update(window_days=365)
    CashbackTier.objects.filter(name="Silver").update(enabled=False)
    factories.CashbackTierFactory(program=cashback, name="Silver", from_spent=Money(45000), percent=5)
    assert till.quote("session", client=boris).bill.tier.name == "Silver"  # type: ignore[union-attr]


def test_what_a_card_would_lose_is_part_of_what_the_client_saw(till: Till, boris: Client) -> None:
    kind = factories.GiftCardTypeFactory(single_use=False)
    factories.DenominationFactory(type=kind, amount=Money(10000))
    code = till.sell({"gift_card_type": "gift", "amount": "100"}).revealed[1][0]["code"]
    sold = till.sell("4 x session", gift_cards=[code])
    basket = till.basket("session", gift_cards=[code])
    seen = quote(basket, now=till.now)
    till.refund(sold)
    with pytest.raises(QuoteChanged):
        till.settle(basket, token=seen.token)


def test_the_terms_of_a_membership_are_part_of_what_the_client_saw(till: Till, boris: Client) -> None:
    plan: Plan = factories.PlanFactory()
    basket = till.basket({"membership_plan": "five"}, client=boris)
    five = quote(basket, now=till.now)
    plan.sessions = 3
    plan.save()
    assert quote(basket, now=till.now).seen != five.seen


def test_a_card_stays_what_it_was_sold_as(till: Till) -> None:
    kind = factories.GiftCardTypeFactory(single_use=False)
    factories.DenominationFactory(type=kind, amount=Money(5000))
    code = till.sell({"gift_card_type": "gift", "amount": "50"}).revealed[1][0]["code"]
    kind.single_use = True
    kind.save()
    till.sell("session", gift_cards=[code])
    assert till.quote("2 x session", gift_cards=[code]).bill.gift_card_total == cents("30")


def test_thousands_of_lots_pay_one_check(till: Till, boris: Client) -> None:
    from loyalty import ledger

    grants = [ledger.Grant(f"test:small:{n}", till.account(boris), Money(1), till.today) for n in range(6000)]
    ledger.post(grants, at=till.now, by=VERA)
    sold = till.sell("personal", client=boris, redeem="max")
    assert (sold.visit.bonus_total, till.balance(boris)) == (cents("60"), 0)


def test_a_check_too_large_for_the_books_is_refused(till: Till, boris: Client) -> None:
    line = {"service": "session", "quantity": 9999, "price": "999999999999.00"}
    with pytest.raises(Invalid) as refused:
        till.quote(*[line] * 2, client=boris)
    assert refused.value.field == "lines"


def test_a_reason_too_long_to_keep_is_refused(till: Till, boris: Client) -> None:
    sold = till.sell("session", client=boris)
    with pytest.raises(Invalid) as refused:
        refund(visit_id=sold.visit.pk, lines=None, reason="x" * 251, key="long", by=VERA, now=till.now)
    assert refused.value.field == "reason"
    assert not Refund.objects.exists()
