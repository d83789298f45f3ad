"""Refunds (`domain.md` section 6) of whatever can stand on a check, figure by figure, with the ledger proved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clients.models import Client
from loyalty.checkout import Paid, Settled, settle
from loyalty.models import (
    CashbackProgram,
    CashbackTier,
    HouseRules,
    Lot,
    Refund,
    RefundPayment,
    Service,
    Standing,
)
from loyalty.money import Money
from loyalty.proof import prove
from referrals.models import Referral
from tests import factories
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_ledger_is_whole(db: None) -> Iterator[None]:
    yield
    assert prove() == []


def ten_percent(**terms: Any) -> CashbackProgram:
    program: CashbackProgram = factories.CashbackFactory(code="own", name="Ten", **terms)
    factories.CashbackTierFactory(program=program, percent=10)
    return program


def paid_by_three(till: Till, client: Client) -> Settled:
    """Three personal trainings: 100.00 in cash, 50.00 by card, 30.00 by transfer."""
    amounts = {"cash": cents("100"), "card": cents("50"), "transfer": cents("30")}
    payments = [Paid(method, amount) for method, amount in amounts.items()]
    basket = till.basket("3 x personal", client=client)
    return settle(basket=basket, payments=payments, key="three", by=VERA, now=till.now)


def paid_back(refund: Refund) -> dict[str, Money]:
    return dict(RefundPayment.objects.filter(refund=refund).values_list("method", "amount"))


# --- by three methods ------------------------------------------------------------------------------------------------


def test_each_refund_goes_to_each_method_in_proportion_to_what_is_still_out(till: Till, boris: Client) -> None:
    sold = paid_by_three(till, boris)
    assert [paid_back(till.refund(sold, (1, 1))) for _unit in range(3)] == [
        {"cash": cents("33.33"), "card": cents("16.67"), "transfer": cents("10.00")},
        {"cash": cents("33.34"), "card": cents("16.66"), "transfer": cents("10.00")},
        {"cash": cents("33.33"), "card": cents("16.67"), "transfer": cents("10.00")},
    ]


def test_in_whatever_steps_each_method_gets_back_what_it_paid(till: Till, boris: Client) -> None:
    service = {"service": "session", "price": "0.07"}
    for number, steps in enumerate(itertools.permutations([(1, 1), (1, 2), (2, 1), (3, 4)])):
        basket = till.basket(service | {"quantity": 3}, "towel", service | {"quantity": 4}, client=boris)
        payments = [Paid("cash", Money(1)), Paid("card", Money(2)), Paid("transfer", Money(346))]
        sold = settle(basket=basket, payments=payments, key=f"steps:{number}", by=VERA, now=till.now)
        for step in steps:
            till.refund(sold, step)
        back = RefundPayment.objects.filter(refund__visit=sold.visit)
        sums = {m: sum(p.amount for p in back if p.method == m) for m in ("cash", "card", "transfer")}
        assert sums == {"cash": 1, "card": 2, "transfer": 346}


# --- what cost nothing -----------------------------------------------------------------------------------------------


def test_a_gifted_line_comes_back_without_money(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    sold = till.sell({"service": "towel", "price": "0.00", "price_reason": "a gift"}, "session", client=boris)
    gift = till.refund(sold, (1, 1))
    assert (gift.money, gift.bonus_taken_back, gift.spent, gift.is_whole) == (0, 0, 0, False)
    rest = till.refund(sold)
    assert (rest.money, rest.bonus_taken_back, rest.is_whole) == (cents("20"), cents("0.60"), True)
    assert till.balance(boris) == 0


def test_a_check_that_cost_nothing_is_refunded_and_counts_for_nothing(till: Till, boris: Client) -> None:
    factories.DiscountFactory(code="free", percent=100)
    sold = till.sell("2 x session", "towel", client=boris)
    assert (sold.visit.to_pay, sold.visit.base) == (0, 0)
    refunds = [till.refund(sold, step) for step in ((1, 1), (2, 1), (1, 1))]
    assert [(refund.money, refund.base, refund.spent) for refund in refunds] == [(0, 0, 0)] * 3
    assert not RefundPayment.objects.exists()
    assert Standing.objects.get(client=boris).visits == 0


def test_what_was_given_away_and_earned_on_its_price_gives_its_bonuses_back_by_the_unit(
    till: Till, boris: Client
) -> None:
    ten_percent()
    HouseRules.objects.update(earns_before_discounts=True)
    factories.DiscountFactory(code="free", percent=100)
    sold = till.sell("3 x session", client=boris)
    assert (sold.visit.to_pay, sold.visit.base, sold.visit.earned_total) == (0, cents("60"), cents("6"))
    refunds = [till.refund(sold, (1, 1)) for _unit in range(3)]
    assert [(refund.base, refund.bonus_taken_back, refund.spent) for refund in refunds] == [
        (cents("20"), cents("2"), 0)
    ] * 3
    assert till.balance(boris) == 0


def test_a_line_paid_with_bonuses_alone_gives_them_back(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "20.00")
    sold = till.sell("session", client=boris, redeem="20.00")
    refund = till.refund(sold)
    assert (refund.money, refund.bonus_returned, refund.base, refund.spent) == (0, cents("20"), 0, 0)
    assert till.balance(boris) == cents("20")


def test_a_check_of_nobody_in_particular_comes_back_too(till: Till) -> None:
    sold = till.sell("2 x session")
    refund = till.refund(sold, (1, 1))
    assert (refund.money, refund.bonus_taken_back, refund.spent) == (cents("20"), 0, cents("20"))


# --- programs that are not what they were ----------------------------------------------------------------------------


def switched_off() -> None:
    CashbackProgram.objects.update(enabled=False)
    CashbackTier.objects.update(enabled=False)


def changed() -> None:
    CashbackProgram.objects.update(code="other", name="Other", lifetime_days=1, services=["towel"])
    CashbackTier.objects.update(percent=99)
    HouseRules.objects.update(bonus_step=Money(1000), bonus_limit_percent=1, earns_before_discounts=True)


def deleted() -> None:
    with connection.cursor() as cursor:
        for table in ("loyalty_tierstanding", "loyalty_cashbackmultiplier", "loyalty_cashbacktier"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM loyalty_cashbackprogram")
        cursor.execute("DELETE FROM loyalty_discount")


@pytest.mark.parametrize("since", [switched_off, changed, deleted])
def test_a_refund_asks_no_program_how_it_is_set_up_today(
    till: Till, cashback: CashbackProgram, boris: Client, since: Any
) -> None:
    factories.DiscountFactory(code="ten", percent=10)
    till.give(boris, "27.00")
    sold = till.sell("2 x personal", client=boris, redeem="27.00")
    assert (sold.visit.discount_total, sold.visit.to_pay) == (cents("12"), cents("81"))
    assert till.balance(boris) == cents("2.43")
    since()
    Service.objects.update(price=Money(1), enabled=False)
    half = till.refund(sold, (1, 1))
    assert (half.money, half.bonus_returned, half.bonus_taken_back) == (cents("40.50"), cents("13.50"), cents("1.21"))
    rest = till.refund(sold)
    assert (rest.money, rest.bonus_returned, rest.bonus_taken_back) == (cents("40.50"), cents("13.50"), cents("1.22"))
    assert till.balance(boris) == cents("27")
    assert Standing.objects.get(client=boris).total_spent == 0


def test_a_referral_program_that_is_gone_still_takes_its_share_back(till: Till, boris: Client, alice: Client) -> None:
    factories.ReferralProgramFactory()
    till.account(alice)
    Referral.objects.create(friend=boris, referrer=alice, named_at=till.now, by=str(VERA))
    sold = till.sell("2 x personal", client=boris)
    assert till.balance(alice) == cents("6")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM referrals_referralprogram")
    refund = till.refund(sold, (1, 1))
    assert (refund.facts["taken_from_others"], till.balance(alice)) == (300, cents("3"))
    till.refund(sold)
    assert till.balance(alice) == 0


# --- what had been spent, or had ended -------------------------------------------------------------------------------


def test_a_referrer_who_has_spent_the_share_owes_it_and_the_client_does_not(
    till: Till, boris: Client, alice: Client
) -> None:
    factories.ReferralProgramFactory()
    till.account(alice)
    Referral.objects.create(friend=boris, referrer=alice, named_at=till.now, by=str(VERA))
    sold = till.sell("personal", client=boris)
    till.sell("session", client=alice, redeem="3.00")
    refund = till.refund(sold)
    assert (refund.debt, refund.bonus_taken_back, refund.facts["taken_from_others"]) == (0, 0, 300)
    assert (till.balance(alice), till.balance(boris)) == (-cents("3"), 0)


def test_bonuses_that_return_to_a_lot_that_has_ended_live_14_days(till: Till, boris: Client) -> None:
    ended = till.give(boris, "5", last_day=till.today + timedelta(days=1))
    lasting = till.give(boris, "5", last_day=till.today + timedelta(days=90))
    sold = till.sell("session", client=boris, redeem="10.00")
    later = till.later(days=40)
    half = later.refund(sold)
    assert half.bonus_returned == cents("10")
    days = {lot.pk: lot.last_day for lot in Lot.objects.all()}
    assert days == {ended.pk: later.today + timedelta(days=14), lasting.pk: till.today + timedelta(days=90)}
    assert later.later(days=14).balance(boris) == cents("10")
    assert later.later(days=15).balance(boris) == cents("5")


# --- nothing is made by buying and returning -------------------------------------------------------------------------


@pytest.mark.parametrize("allow_debt", [True, False])
@pytest.mark.parametrize("first_back", [0, 1])
def test_buying_spending_what_it_earned_and_returning_both_leads_back_to_the_start(
    till: Till, boris: Client, *, allow_debt: bool, first_back: int
) -> None:
    ten_percent()
    HouseRules.objects.update(allow_debt=allow_debt)
    start = (till.balance(boris) if till.account(boris) else 0, 0, 0)
    for _time in range(3):
        earning = till.sell("personal", client=boris)  # earns 6.00
        spending = till.sell("session", client=boris, redeem="6.00")  # earns 1.40
        checks = [earning, spending]
        till.refund(checks[first_back])
        till.refund(checks[1 - first_back])
        standing = Standing.objects.get(client=boris)
        assert (till.balance(boris), standing.total_spent, standing.visits) == start


def test_what_was_let_go_is_taken_when_the_check_that_it_paid_comes_back(till: Till, boris: Client) -> None:
    ten_percent()
    HouseRules.objects.update(allow_debt=False)
    earning = till.sell("personal", client=boris)
    spending = till.sell("3 x session", client=boris, redeem="6.00")  # 18.00 of each session in money; earns 5.40
    assert till.refund(earning).bonus_taken_back == cents("5.40")  # 0.60 is let go
    assert till.balance(boris) == 0
    refunds = [till.refund(spending, (1, 1)) for _unit in range(3)]
    # Of 2.00 that return, 0.60 had been let go; of the 1.80 now due 1.40 is there, so 0.40 is let go in its turn.
    assert [(refund.bonus_returned, refund.bonus_taken_back) for refund in refunds] == [(cents("2"), cents("2"))] * 3
    assert till.balance(boris) == 0


def test_it_is_taken_of_whatever_returns(till: Till, boris: Client) -> None:
    """The refund of the first took what the second had earned; so of the second nothing was left to take."""
    ten_percent()
    HouseRules.objects.update(allow_debt=False)
    first, second = till.sell("personal", client=boris), till.sell("personal", client=boris)  # 6.00 each
    spending = till.sell({"service": "session", "price": "6.00"}, client=boris, redeem="6.00")
    assert [till.refund(sold).bonus_taken_back for sold in (first, second)] == [cents("6"), 0]
    back = till.refund(spending)
    assert (back.bonus_returned, back.bonus_taken_back, till.balance(boris)) == (cents("6"), cents("6"), 0)


def test_what_is_earned_later_makes_up_for_nothing(till: Till, boris: Client) -> None:
    ten_percent()
    HouseRules.objects.update(allow_debt=False)
    earning = till.sell("personal", client=boris)
    till.sell({"service": "session", "price": "6.00"}, client=boris, redeem="6.00")
    assert till.refund(earning).bonus_taken_back == 0
    till.sell("session", client=boris)
    assert till.balance(boris) == cents("2")


def test_a_friend_s_refund_and_the_referrer_s_own_make_nothing_either(till: Till, boris: Client, alice: Client) -> None:
    factories.ReferralProgramFactory()
    HouseRules.objects.update(allow_debt=False)
    till.account(alice)
    Referral.objects.create(friend=boris, referrer=alice, named_at=till.now, by=str(VERA))
    friends = till.sell("personal", client=boris)
    own = till.sell("session", client=alice, redeem="3.00")
    assert till.refund(friends).facts["taken_from_others"] == 0  # let go
    back = till.refund(own)
    assert (back.bonus_returned, back.bonus_taken_back, till.balance(alice)) == (cents("3"), cents("3"), 0)


def test_nothing_is_taken_of_what_a_refund_took_from_elsewhere(till: Till, boris: Client) -> None:
    """Its own lot was spent, so the refund took the welcome; what returns to the own lot is the client's."""
    ten_percent()
    HouseRules.objects.update(allow_debt=False)
    earning = till.sell("personal", client=boris)
    spending = till.sell("towel", "session", client=boris, redeem="6.00")
    till.give(boris, "10.00", program="welcome")
    before = till.balance(boris)
    assert till.refund(earning).bonus_taken_back == cents("6")
    till.refund(spending)
    assert till.balance(boris) == before - cents("1.70")
