"""What a membership was paid with comes back, or goes elsewhere, once: whatever visits come back after that."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from loyalty.proof import prove
from memberships.changes import CannotChange
from memberships.formulas import NothingLeftOfMembership
from memberships.models import Membership, Plan
from memberships.privileges import carrying
from tests import factories
from tests.memberships.conftest import buy
from tests.memberships.life import ends, freeze, pass_on
from tests.memberships.subscribing import club, join, night, on, periods, renew
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(till: Till) -> Plan:
    """Any number of sessions in 30 days for 30.00, and 10 % off everything else."""
    plan: Plan = factories.PlanFactory(
        code="month", name="Month", sessions=None, price=cents("30"), valid_days=29, discount_percent=10
    )
    return plan


def test_one_of_any_number_that_was_returned_stays_void(till: Till, month: Plan, boris: Client, alice: Client) -> None:
    sold, held = buy(till, boris, month)
    used = till.sell("session", client=boris)
    assert till.later(days=10).refund(sold).money == cents("20")
    day = till.later(days=11)
    day.refund(used)

    held.refresh_from_db()
    assert held.voided_at is not None
    assert carrying(boris.pk, day.today) == []
    with pytest.raises(CannotChange):
        pass_on(day, held, alice)
    assert prove() == []


def test_one_of_any_number_that_was_changed_stays_void(till: Till, month: Plan, ten: Plan, boris: Client) -> None:
    sold, held = buy(till, boris, month)
    used = till.sell("session", client=boris)
    day = till.later(days=10)
    assert day.sell({"membership_plan": "ten", "upgrade": str(held.pk)}, client=boris).visit.to_pay == cents("140")
    day.refund(used)

    with pytest.raises(NothingLeftOfMembership):
        day.refund(sold)


def test_a_returned_subscription_that_stands_again_asks_for_no_further_period(till: Till, boris: Client) -> None:
    club(discount_percent=10)
    start = on("2026-03-02")
    sold, held = buy(start, boris, Plan.objects.get(code="club"))
    used = start.sell("session", client=boris)
    start.refund(sold)
    start.refund(used)

    held.refresh_from_db()
    assert (held.voided_at, held.renews, held.paid_until) == (None, False, None)  # its one session can be used
    night("2026-03-31")
    assert periods(held) == []
    assert on("2026-03-31").quote("session", client=boris).bill.to_pay == 0


def test_what_is_due_of_a_returned_one_is_due_no_more(till: Till, boris: Client) -> None:
    club()
    sold, held = buy(on("2026-03-02"), boris, Plan.objects.get(code="club"))
    night("2026-03-31")
    assert [state for *_days, state in periods(held)] == ["due"]
    on("2026-03-31").refund(sold)
    assert [state for *_days, state in periods(held)] == ["cancelled"]


def test_the_credit_of_a_changed_one_does_not_come_back_as_money(
    till: Till, five: Plan, ten: Plan, boris: Client, alice: Client
) -> None:
    """5 sessions for 90.00 become 10 for 160.00: 70.00 in money. 5 of them, 80.00, are passed on: 35.00 was money."""
    _sold, held = buy(till, boris, five)
    sold = till.sell({"membership_plan": "ten", "upgrade": str(held.pk)}, client=boris)
    assert sold.visit.to_pay == cents("70")
    pass_on(till, Membership.objects.get(plan=ten), alice, sessions=5)

    assert till.refund(sold).money == cents("35")
    assert prove() == []


def test_a_period_paid_ahead_comes_back_and_leaves_the_frozen_days(till: Till, boris: Client) -> None:
    """Paid until 2 April, the next until 2 May; ten days are frozen; then the next comes back: paid until 12 April."""
    club(freeze_days=14)
    held = join(on("2026-03-02"), boris)
    paid = renew(on("2026-03-30"), held)
    freeze(on("2026-03-30"), held, days=10)
    assert periods(held) == [(1, "2026-04-13", "2026-05-12", "paid")]
    on("2026-03-31").refund(paid)

    held.refresh_from_db()
    assert held.paid_until == date(2026, 4, 12)
    night("2026-04-11")
    assert on("2026-04-11").quote("session", client=boris).bill.to_pay == 0


def test_an_unused_period_of_any_number_comes_back_by_its_days(till: Till, boris: Client) -> None:
    """3 April to 2 May for 30.00: on its last day 1.00; the day before it begins, all of it."""
    club(sessions=None)
    held = join(on("2026-03-02"), boris)
    assert on("2026-04-02").refund(renew(on("2026-04-02"), held)).money == cents("30")
    paid = renew(on("2026-04-02"), held)
    assert on("2026-05-02").refund(paid).money == cents("1")


def test_a_check_of_a_day_within_a_freeze_that_is_over_changes_nothing_more(till: Till, boris: Client) -> None:
    """Frozen for ten days from 3 March, ended by a visit on the 8th; then a check of the 5th is entered."""
    plan = factories.PlanFactory(freeze_days=14)
    _sold, held = buy(till, boris, plan)
    freeze(till, held, days=10)
    till.later(days=6).sell("session", client=boris)
    end = ends(held)
    late = till.later(days=7).sell("session", client=boris, at=till.later(days=3).now.isoformat())

    assert late.visit.to_pay == 0
    assert ends(held) == end
    assert prove() == []
