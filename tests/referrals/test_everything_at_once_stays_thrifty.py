"""A check with everything on it: what each mechanic takes, and how often the database is asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from loyalty.checkout import quote
from loyalty.models import CashbackProgram
from referrals.models import Code, ReferralProgram
from tests import factories
from tests.referrals.conftest import Join, change
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
QUOTE, SETTLE = 12, 20


def statements(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    marks = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")
    return [query["sql"] for query in queries if not query["sql"].startswith(marks)]


@pytest.fixture
def friend(till: Till, cashback: CashbackProgram, program: ReferralProgram, join: Join) -> Client:
    """Bob, brought by Ann, with 100 bonuses and a membership of five sessions."""
    change(program, friend_when="first_visit", max_per_month=cents("1000"))
    factories.PlanFactory()
    factories.DenominationFactory(amount=cents("20"))
    bob = join("Bob", Code.objects.get(client=join("Ann")).code)
    till.sell({"membership_plan": "five"}, client=bob)
    till.give(bob, "100", limit_percent=50)
    return bob


def test_everything_on_one_check(till: Till, friend: Client) -> None:
    code = till.sell({"gift_card_type": "gift", "amount": "20"}).revealed[1][0]["code"]
    lines: list[str | dict[str, Any]] = [
        "session",
        "personal",
        {"gift_card_type": "gift", "amount": "20"},
        {"membership_plan": "five"},
    ]
    offers = {"redeem": "max", "gift_cards": [code]}
    basket = till.basket(*lines, client=friend, **offers)
    bill = till.quote(*lines, client=friend, **offers).bill
    assert [(line.membership, line.bonus, line.gift_card, line.rest) for line in bill.lines] == [
        (2000, 0, 0, 0),
        (0, 3000, 2000, 1000),
        (0, 0, 0, 2000),
        (0, 0, 0, 9000),
    ]
    assert (bill.base, bill.spent) == (12000, 12000)
    assert [(earning.program, int(earning.amount), earning.for_other is not None) for earning in bill.earnings] == [
        ("cumulative", 360, False),
        ("referral", 600, True),
        ("referral", 10000, False),
    ]
    quoted = statements(lambda: quote(basket, now=till.now))
    settled = statements(lambda: till.settle(basket, cash=bill.to_pay))
    assert len(quoted) <= QUOTE, quoted
    assert len(settled) <= SETTLE, settled


def test_paying_with_everything_is_within_the_bound(till: Till, friend: Client) -> None:
    code = till.sell({"gift_card_type": "gift", "amount": "20"}).revealed[1][0]["code"]
    basket = till.basket("session", "personal", client=friend, redeem="max", gift_cards=[code])
    quoted = statements(lambda: quote(basket, now=till.now))
    settled = statements(lambda: till.settle(basket, cash=1000))
    assert len(quoted) <= QUOTE, quoted
    assert len(settled) <= SETTLE, settled


def test_more_cards_memberships_and_lines_cost_no_more(till: Till, friend: Client) -> None:
    counts = []
    for n in (1, 8):
        till.sell(*[{"membership_plan": "five"}] * n, client=friend)
        sold = till.sell(*[{"gift_card_type": "gift", "amount": "20"}] * n)
        codes = [sold.revealed[line][0]["code"] for line in sold.revealed]
        basket = till.basket(*["6 x session", "personal"] * n, client=friend, redeem="max", gift_cards=codes)
        to_pay = quote(basket, now=till.now).bill.to_pay
        quoted = statements(partial(quote, basket, now=till.now))
        settled = statements(partial(till.settle, basket, cash=to_pay))
        counts.append((len(quoted), len(settled)))
    assert counts[0] == counts[1]
