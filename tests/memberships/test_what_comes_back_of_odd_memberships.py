"""Refunds of memberships that are not simply so many sessions for so much money."""

from __future__ import annotations

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import explain_refund
from loyalty.models import Refund
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships import no_shows
from memberships.formulas import NothingLeftOfMembership, Sold, Used
from memberships.models import Plan
from tests.memberships.conftest import buy
from tests.memberships.life import pass_on
from tests.memberships.plans import left_of, plan
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def said(refund: Refund) -> list[str]:
    return [n.text for n in explain_refund(refund, rulebook().house.currency) if n.stage == "membership"]


@pytest.mark.parametrize(("formula", "money"), [("proportional", "48"), ("used", "32")])
def test_what_was_passed_on_is_not_returned(
    till: Till, ten: Plan, boris: Client, alice: Client, formula: str, money: str
) -> None:
    """10 sessions for 160.00: 4 used at 20.00, 3 passed on with 48.00; 112.00 stands for 7, 3 of them are left."""
    ten.refund = formula
    ten.save()
    check, membership = buy(till, boris, ten)
    till.sell("4 x session", client=boris)
    new = pass_on(till, membership, alice, sessions=3)
    membership.refresh_from_db()
    assert (membership.paid, membership.sessions, new.paid) == (cents("112"), 7, cents("48"))
    refund = till.refund(check)
    assert (refund.money, left_of(membership), left_of(new)) == (cents(money), [0], [3])
    assert prove() == []


def test_passed_on_or_not_what_is_sold_so_does_not_come_back(till: Till, ten: Plan, boris: Client) -> None:
    ten.refund = "none"
    ten.save()
    check, membership = buy(till, boris, ten)
    with pytest.raises(Refusal, match="sold without the right to return it"):
        till.refund(check)
    assert left_of(membership) == [10]


@pytest.mark.parametrize(
    ("days", "visits", "money"),
    [
        (0, 0, "62"),  # 31 days, today among them
        (0, 1, "60"),  # the day on which it was used is no day left
        (10, 3, "42"),
        (30, 3, "2"),
    ],
)
def test_of_any_number_the_days_left_come_back(till: Till, boris: Client, days: int, visits: int, money: str) -> None:
    check, membership = buy(till, boris, plan("month", "session", price="62", valid_days=30))
    for _visit in range(visits):
        till.sell("session", client=boris)
    refund = till.later(days=days).refund(check)
    membership.refresh_from_db()
    assert (refund.money, refund.base) == (cents(money), cents(money))
    assert (left_of(membership), membership.voided_at is not None) == ([0], True)
    assert prove() == []


def test_the_days_are_told(till: Till, boris: Client) -> None:
    check, _membership = buy(till, boris, plan("month", "session", price="62", valid_days=30))
    till.sell("session", client=boris)
    assert said(till.later(days=10).refund(check)) == [
        "“Month”: any number of sessions for 62.00; 21 of its 31 days are left; 42.00 comes back. It is void now."
    ]


def test_of_any_number_the_used_ones_are_taken_off(till: Till, boris: Client) -> None:
    check, _membership = buy(till, boris, plan("month", "session", price="62", refund="used"))
    till.sell("2 x session", client=boris)
    refund = till.refund(check)
    assert refund.money == cents("22")
    assert said(refund) == [
        (
            "“Month”: any number of sessions for 62.00; used at list price: 2 x “Training session” at 20.00 = 40.00,"
            " together 40.00; 22.00 comes back. It is void now."
        )
    ]


def test_any_number_for_ever_comes_back_unused_only(till: Till, boris: Client, alice: Client) -> None:
    made = plan("ever", "session", price="500", valid_days=None)
    check, _membership = buy(till, boris, made)
    assert till.later(days=500).refund(check).money == cents("500")
    check, membership = buy(till, alice, made)
    till.sell("session", client=alice)
    with pytest.raises(Refusal, match="there is no part that could come back"):
        till.refund(check)
    membership.refresh_from_db()
    assert membership.voided_at is None


def test_a_missed_appointment_is_a_used_session(till: Till, ten: Plan, boris: Client) -> None:
    ten.refund = "used"
    ten.save()
    check, membership = buy(till, boris, ten)
    till.sell("session", client=boris)
    no_shows.count(membership=membership.pk, reason="did not come", by=VERA, now=till.now, key="missed")
    refund = till.refund(check)
    assert refund.money == cents("120")
    assert "1 x missed “Training session” at 20.00 = 20.00, together 40.00; 120.00 comes back." in said(refund)[0]
    assert prove() == []


def test_of_several_counts_the_sessions_left_come_back(till: Till, boris: Client) -> None:
    check, membership = buy(till, boris, plan("spa", "session x 3", "personal x 1", price="100"))
    till.sell("session", client=boris)
    assert till.refund(check).money == cents("75")
    assert left_of(membership) == [0, 0]
    assert prove() == []


@pytest.mark.parametrize(
    ("left", "comes_back"),
    [(10, "106"), (7, "106"), (6, "96"), (1, "16")],
)
def test_what_was_credited_is_not_money(left: int, comes_back: str) -> None:
    """10 sessions for 160.00, 54.00 of it credited: in money no more than 106.00."""
    one = Sold("proportional", 10, left, cents("160"), (), money=cents("106"))
    assert one.comes_back == cents(comes_back)
    part, whole = one.part
    assert cents("106") * part // whole == cents(comes_back)


def test_used_sessions_are_taken_off_all_that_stands_for_it() -> None:
    one = Sold("used", 10, 7, cents("160"), [Used("Session", cents("20"), 3)], money=cents("106"))
    assert one.comes_back == cents("100")


def test_no_day_is_left_on_the_last_one() -> None:
    with pytest.raises(NothingLeftOfMembership, match="No day of this membership is left"):
        _nothing = Sold("proportional", None, 0, cents("50"), (), days=(1, 1), is_used=True).part
