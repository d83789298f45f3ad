"""Refunds: sessions go back to their membership; a sold membership comes back for what is left of it."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.models import CashbackProgram, Refund, Standing
from memberships.models import Plan
from tests.memberships.conftest import buy, left
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_covered_units_return(till: Till, five: Plan, boris: Client) -> None:
    _sold, membership = buy(till, boris, five)
    refund = till.refund(till.sell("2 x session", client=boris))
    assert (refund.sessions_returned, refund.money, left(membership)) == (2, 0, 5)


def test_partial_refunds_over_two_memberships_add_up(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, shorter = buy(till, boris, five)
    _sold, longer = buy(till, boris, ten)
    check = till.sell("7 x session", client=boris)  # 5 of the shorter, 2 of the longer
    seen = []
    for quantity in (1, 3, 3):
        till.refund(check, (1, quantity))
        seen.append((left(shorter), left(longer)))
    assert seen == [(0, 9), (2, 10), (5, 10)]


def test_paid_units_come_back_before_covered_ones(till: Till, personal_only: Plan, boris: Client) -> None:
    _sold, membership = buy(till, boris, personal_only)
    check = till.sell("3 x personal", client=boris)
    first = till.refund(check, (1, 1))
    assert (first.money, first.sessions_returned, left(membership)) == (6000, 0, 0)
    rest = till.refund(check)
    assert (rest.money, rest.sessions_returned, left(membership)) == (0, 2, 2)


def test_sessions_that_come_back_can_be_used_for_14_days(till: Till, five: Plan, boris: Client) -> None:
    _sold, membership = buy(till, boris, five)
    check = till.sell("session", client=boris)
    till.later(days=120).refund(check)  # 30 June; it ended on 31 May
    assert membership.account.lots.get().last_day == date(2026, 7, 14)


def test_an_unused_membership_comes_back_wholly(
    till: Till, five: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    sold, membership = buy(till, boris, five)
    refund = till.refund(sold)
    membership.refresh_from_db()
    assert (refund.money, refund.bonus_taken_back, refund.sessions_returned) == (9000, 270, 0)
    assert (membership.voided_at, left(membership), till.balance(boris)) == (till.now, 0, 0)
    assert till.quote("session", client=boris).bill.to_pay == 2000


def test_a_partly_used_one_comes_back_in_proportion_and_keeps_what_its_used_part_earned(
    till: Till, five: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    sold, membership = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    refund = till.refund(sold)
    assert (refund.money, refund.base, refund.spent) == (cents("54"), cents("54"), cents("54"))
    assert refund.bonus_taken_back == cents("1.62")
    assert till.balance(boris) == cents("1.08")
    assert Standing.objects.get(client=boris).total_spent == cents("36")
    assert left(membership) == 0


def test_nothing_comes_back_of_one_that_is_used_up_or_over(till: Till, five: Plan, boris: Client) -> None:
    used, membership = buy(till, boris, five)
    till.sell("5 x session", client=boris)
    over, other = buy(till, boris, five)
    for sold, when in ((used, till), (over, till.later(days=91))):
        with pytest.raises(Refusal):
            when.refund(sold)
    assert not Refund.objects.exists()
    assert (left(membership), left(other)) == (0, 5)


def test_a_visit_refunded_after_its_membership_gives_the_session_back_for_use(
    till: Till, five: Plan, boris: Client
) -> None:
    sold, membership = buy(till, boris, five)
    check = till.sell("session", client=boris)
    assert till.refund(sold).money == cents("72")
    till.refund(check)
    membership.refresh_from_db()
    assert (membership.voided_at, left(membership)) == (None, 1)
    assert till.quote("session", client=boris).bill.to_pay == 0
