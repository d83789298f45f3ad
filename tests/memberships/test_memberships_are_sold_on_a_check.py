"""Selling: a membership is a lot of sessions; it earns and counts as spent, only money pays for it."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty.models import Account, CashbackProgram, Standing, Visit
from memberships.models import Membership, Plan
from tests.memberships.conftest import buy
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
FIVE = {"membership_plan": "five"}


def test_a_sold_membership_is_a_lot_of_sessions(till: Till, five: Plan, boris: Client) -> None:
    sold, membership = buy(till, boris, five)
    lot = membership.account.lots.get()
    assert (lot.amount, lot.remaining, lot.first_day, lot.last_day) == (5, 5, date(2026, 3, 2), date(2026, 5, 31))
    assert (membership.account.unit, membership.account.client) == ("session", boris)
    assert (membership.client, membership.plan, membership.sessions) == (boris, five, 5)
    assert membership.session_price == cents("18")
    assert sold.visit.to_pay == cents("90")


def test_months_end_on_the_last_day_there_is(till: Till, personal_only: Plan, boris: Client) -> None:
    _sold, membership = buy(till.later(days=29), boris, personal_only)  # 31 March
    assert membership.account.lots.get().last_day == date(2026, 4, 30)


def test_it_earns_and_is_spending_but_no_visit(
    till: Till, five: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    visit = till.sell(FIVE, client=boris).visit
    assert (visit.base, visit.spent, visit.earned_total, visit.is_visit) == (9000, 9000, 270, False)
    standing = Standing.objects.get(client=boris)
    assert (standing.total_spent, standing.visits) == (9000, 0)


def test_bonuses_and_what_is_bought_now_do_not_pay_for_it(till: Till, five: Plan, boris: Client) -> None:
    till.give(boris, "100")
    bill = till.quote("session", FIVE, client=boris, redeem="max").bill
    assert [(line.covered, line.bonus, line.rest) for line in bill.lines] == [(0, 2000, 0), (0, 0, 9000)]


def test_a_membership_needs_a_client(till: Till, five: Plan) -> None:
    with pytest.raises(Invalid) as refused:
        till.quote(FIVE)
    assert refused.value.field == "client"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"membership_plan": "none"}, "lines[0].membership_plan"),
        ({"membership_plan": "five", "quantity": 2}, "lines[0].quantity"),
        ({"membership_plan": 5}, "lines[0].membership_plan"),
    ],
)
def test_what_is_not_on_sale_is_refused(
    till: Till, five: Plan, boris: Client, line: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        till.sell(line, client=boris)
    assert refused.value.field == field
    assert not Visit.objects.exists()


def test_a_plan_that_is_switched_off_is_not_sold_but_still_covers(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    five.enabled = False
    five.save()
    with pytest.raises(Invalid):
        till.sell(FIVE, client=boris)
    assert till.quote("session", client=boris).bill.to_pay == 0
    assert (Membership.objects.count(), Account.objects.filter(unit="session").count()) == (1, 1)
