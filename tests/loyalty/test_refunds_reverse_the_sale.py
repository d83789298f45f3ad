"""Refunds (`domain.md` section 6): stored shares come back exactly, and no sequence of them makes or loses a cent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import Client
from clients.refusals import Invalid
from loyalty.checkout import AlreadyRefunded
from loyalty.models import (
    CashbackProgram,
    Entry,
    HouseRules,
    Lot,
    Refund,
    RefundLine,
    RefundPayment,
    Standing,
    TierStanding,
)
from loyalty.money import Money
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_a_whole_refund_puts_everything_back(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    lot = till.give(boris, "100", limit_percent=50, last_day=till.today + timedelta(days=60))
    sold = till.sell("personal", client=boris, redeem="max")
    assert till.balance(boris) == cents("70.90")
    refund = till.refund(sold)
    assert (refund.money, refund.bonus_returned, refund.bonus_taken_back) == (cents("30"), cents("30"), cents("0.90"))
    assert refund.is_whole
    assert till.balance(boris) == cents("100")
    lot.refresh_from_db()
    assert (lot.remaining, lot.last_day) == (cents("100"), till.today + timedelta(days=60))
    standing = Standing.objects.get(client=boris)
    assert (standing.total_spent, standing.visits, standing.last_visit_at) == (0, 0, None)


def test_a_check_is_refunded_once(till: Till, boris: Client) -> None:
    sold = till.sell("session", client=boris)
    till.refund(sold)
    with pytest.raises(AlreadyRefunded):
        till.refund(sold)
    assert Refund.objects.count() == 1


def test_no_more_units_come_back_than_were_sold(till: Till, boris: Client) -> None:
    sold = till.sell("3 x session", client=boris)
    till.refund(sold, (1, 2))
    with pytest.raises(AlreadyRefunded):
        till.refund(sold, (1, 2))
    assert RefundLine.objects.count() == 1


def test_a_line_that_the_check_does_not_have_is_refused(till: Till, boris: Client) -> None:
    sold = till.sell("session", client=boris)
    with pytest.raises(Invalid) as refused:
        till.refund(sold, (2, 1))
    assert refused.value.field == "lines[0].line"
    assert not Refund.objects.exists()


def test_shares_come_back_in_proportion_and_add_up(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "1.00")
    sold = till.sell("3 x session", client=boris, redeem="1.00")
    backs = [till.refund(sold, (1, 1)) for _ in range(3)]
    assert [(r.bonus_returned, r.money) for r in backs] == [
        (cents("0.33"), cents("19.67")),
        (cents("0.34"), cents("19.66")),
        (cents("0.33"), cents("19.67")),
    ]
    # 3 % of 59.00 is 1.77: taken back by the base that has come back so far, rounded down, the rest at the end.
    assert [r.bonus_taken_back for r in backs] == [cents("0.59"), cents("0.58"), cents("0.60")]
    assert till.balance(boris) == cents("1.00")


def test_bonuses_return_to_ended_lots_with_14_days_left(till: Till, boris: Client) -> None:
    lot = till.give(boris, "20", last_day=till.today + timedelta(days=3))
    sold = till.sell("session", client=boris, redeem="20.00")
    much_later = till.later(days=30)
    much_later.refund(sold)
    lot.refresh_from_db()
    assert (lot.remaining, lot.last_day) == (cents("20"), much_later.today + timedelta(days=14))
    assert Entry.objects.get(kind="return").last_day == lot.last_day


def test_earned_bonuses_that_were_spent_become_a_debt(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    CashbackProgram.objects.update(limit_percent=100, min_check=0)
    first = till.sell("personal", client=boris)
    till.sell("session", client=boris, redeem="1.80")
    refund = till.refund(first)
    assert (refund.bonus_taken_back, refund.debt) == (cents("1.80"), cents("1.26"))
    assert till.balance(boris) == -cents("1.26")
    assert Lot.objects.get(is_debt=True).last_day is None


def test_the_business_may_stop_at_zero_instead(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    HouseRules.objects.update(allow_debt=False)
    CashbackProgram.objects.update(limit_percent=100, min_check=0)
    first = till.sell("personal", client=boris)
    till.sell("session", client=boris, redeem="1.80")
    refund = till.refund(first)
    assert (refund.bonus_taken_back, refund.debt) == (cents("0.54"), 0)
    assert till.balance(boris) == 0


def test_taking_back_goes_to_its_own_lot_then_pending_then_the_soonest(till: Till, boris: Client) -> None:
    program = factories.CashbackFactory(code="own", lifetime_days=100)
    factories.CashbackTierFactory(program=program, percent=10)
    sold = till.sell("session", client=boris)
    own = Lot.objects.get(program="own")
    till.sell("session", client=boris, redeem="1.50")
    pending = till.give(boris, "0.70", first_day=till.today + timedelta(days=5))
    soon = till.give(boris, "5", last_day=till.today + timedelta(days=1))
    Lot.objects.filter(program="own").exclude(pk=own.pk).update(last_day=None)
    till.refund(sold)
    left = {lot.pk: Lot.objects.get(pk=lot.pk).remaining for lot in (own, pending, soon)}
    assert left == {own.pk: 0, pending.pk: 0, soon.pk: cents("4.20")}


def test_money_goes_back_to_the_methods_it_came_by(till: Till, boris: Client) -> None:
    from loyalty.checkout import Paid, settle
    from tests.till import VERA

    basket = till.basket("3 x session", client=boris)
    payments = [Paid("cash", cents("20")), Paid("card", cents("40"))]
    sold = settle(basket=basket, payments=payments, key="split", by=VERA, now=till.now)
    for _ in range(3):
        till.refund(sold, (1, 1))
    back: dict[str, int] = {}
    for payment in RefundPayment.objects.all():
        back[payment.method] = back.get(payment.method, 0) + payment.amount
    assert back == {"cash": 2000, "card": 4000}
    first = RefundPayment.objects.filter(refund=Refund.objects.earliest("pk")).order_by("method")
    assert list(first.values_list("method", "amount")) == [("card", 1333), ("cash", 667)]


def test_a_refund_sent_twice_counts_once(till: Till, boris: Client) -> None:
    from loyalty.checkout import refund
    from tests.till import VERA

    sold = till.sell("session", client=boris)
    first, second = (
        refund(visit_id=sold.visit.pk, lines=None, reason="twice", key="once", by=VERA, now=till.now) for _ in range(2)
    )
    assert first == second
    assert Refund.objects.count() == 1


def test_the_tier_stays_until_the_night(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    sold = till.sell("9 x personal", client=boris)
    till.refund(sold)
    assert TierStanding.objects.get(client=boris).tier.name == "Silver"
    assert till.quote("session", client=boris).bill.earned_total == cents("1.00")


def test_a_wholly_refunded_visit_counts_for_nothing(till: Till, boris: Client) -> None:
    factories.TrialFactory()
    first = till.sell("session", client=boris)
    assert first.visit.to_pay == cents("10")
    till.later(hours=1).refund(first)
    assert till.quote("session", client=boris).bill.to_pay == cents("10")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_refunds_in_any_order_add_up_to_the_sale(
    till: Till, cashback: CashbackProgram, data: st.DataObject
) -> None:
    quantities = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3), label="quantities")
    prices = data.draw(st.lists(st.integers(1, 999), min_size=3, max_size=3), label="prices")
    bonuses = data.draw(st.integers(0, 500), label="bonuses")
    boris = factories.ClientFactory()
    if bonuses:
        till.give(boris, str(Money(bonuses) / 100))
    before = till.balance(boris)
    lines = [
        {"service": "session", "quantity": quantity, "price": f"{price / 100:.2f}"}
        for quantity, price in zip(quantities, prices, strict=False)
    ]
    sold = till.sell(*lines, client=boris, redeem="max")
    left = dict(enumerate(quantities, start=1))
    while left:
        line = data.draw(st.sampled_from(sorted(left)), label="line")
        units = data.draw(st.integers(1, left[line]), label="units")
        refund = till.refund(sold, (line, units))
        parts = RefundLine.objects.get(refund=refund)
        assert parts.list == parts.discount + parts.bonus + parts.to_pay
        assert min(parts.discount, parts.bonus, parts.to_pay) >= 0
        left[line] -= units
        left = {number: rest for number, rest in left.items() if rest}
    refunds = Refund.objects.filter(visit=sold.visit)
    assert sum(refund.money for refund in refunds) == sold.visit.to_pay
    assert sum(refund.bonus_returned for refund in refunds) == sold.visit.bonus_total
    assert sum(refund.bonus_taken_back for refund in refunds) == sold.visit.earned_total
    assert till.balance(boris) == before
    assert Standing.objects.get(client=boris).total_spent == 0
