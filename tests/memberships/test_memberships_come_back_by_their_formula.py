"""Of a sold membership comes back: the part of its sessions left, its price less the used ones, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from clients.models import Client
from clients.refusals import Refusal
from loyalty import ledger
from loyalty.checkout import Settled, explain_refund, quote
from loyalty.checkout.refund.shares import StillOut
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Refund, Service
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.formulas import NothingLeftOfMembership, Sold, Used
from memberships.models import Membership, Plan
from memberships.returning import returnable, sold_memberships
from tests.conftest import Together
from tests.memberships.conftest import buy, left
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
SESSION = "Training session"


def sold(formula: str, used: list[tuple[int, str]], *, sessions: int = 10, paid: str = "160") -> Sold:
    uses = [Used(SESSION, cents(price), units) for units, price in used]
    return Sold(formula, sessions, sessions - sum(use.units for use in uses), cents(paid), uses)


def said(refund: Refund, stage: str = "membership") -> list[str]:
    return [note.text for note in explain_refund(refund, rulebook().house.currency) if note.stage == stage]


def sell_by(formula: str, plan: Plan, till: Till, client: Client) -> tuple[Any, Membership]:
    plan.refund = formula
    plan.save()
    return buy(till, client, plan)


# --- the formulas, pure ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "used", "comes_back"),
    [
        ("proportional", [], "160"),
        ("proportional", [(3, "20")], "112"),
        ("proportional", [(9, "20")], "16"),
        ("used", [], "160"),
        ("used", [(3, "20")], "100"),
        ("used", [(2, "20"), (1, "25.50")], "94.50"),
        ("used", [(7, "20")], "20"),
        ("used", [(1, "159.99")], "0.01"),
    ],
)
def test_so_much_comes_back(formula: str, used: list[tuple[int, str]], comes_back: str) -> None:
    assert sold(formula, used).comes_back == cents(comes_back)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (sold("none", []), "sold without the right to return it"),
        (sold("proportional", [(10, "20")]), "All sessions of this membership have been used"),
        (sold("used", [(8, "20")]), "cost more at list price than was paid"),
        (sold("used", [(10, "5")]), "All sessions of this membership have been used"),
    ],
)
def test_nothing_comes_back_and_it_is_said_why(one: Sold, why: str) -> None:
    with pytest.raises(NothingLeftOfMembership, match=why):
        _nothing = one.part


@pytest.mark.parametrize("formula", ["proportional", "used"])
def test_one_that_was_given_away_comes_back_without_money(formula: str) -> None:
    assert sold(formula, [(3, "20")], paid="0").comes_back == 0


# --- at the till -----------------------------------------------------------------------------------------------------


def test_the_used_sessions_count_at_the_price_on_their_checks(till: Till, ten: Plan, boris: Client) -> None:
    check, membership = sell_by("used", ten, till, boris)
    till.sell("2 x session", client=boris)
    Service.objects.filter(code="session").update(price=cents("25"))
    till.sell("session", client=boris)
    Service.objects.filter(code="session").update(price=cents("99"))
    refund = till.refund(check)
    assert (refund.money, refund.base, refund.spent) == (cents("95"), cents("95"), cents("95"))
    assert said(refund) == [
        (
            "“10 sessions”: 10 sessions bought for 160.00; used at list price: 2 x “Training session” at 20.00 = 40.00,"
            " 1 x “Training session” at 25.00 = 25.00, together 65.00; 95.00 comes back. It is void now."
        )
    ]
    assert left(membership) == 0
    assert prove() == []


def test_a_session_that_came_back_was_not_used(till: Till, ten: Plan, boris: Client) -> None:
    check, _membership = sell_by("used", ten, till, boris)
    visit = till.sell("3 x session", client=boris)
    till.refund(visit, (1, 2))
    refund = till.refund(check)
    assert refund.money == cents("140")
    assert "1 x “Training session” at 20.00 = 20.00, together 20.00; 140.00 comes back." in said(refund)[0]


def test_the_example_of_the_plan_page_in_both_formulas(till: Till, ten: Plan, boris: Client, alice: Client) -> None:
    for formula, client, money in (("proportional", boris, "112"), ("used", alice, "100")):
        check, _membership = sell_by(formula, ten, till, client)
        till.sell("3 x session", client=client)
        assert till.refund(check).money == cents(money)


def test_in_proportion_it_says_how_many_are_left(till: Till, ten: Plan, boris: Client) -> None:
    check, _membership = sell_by("proportional", ten, till, boris)
    till.sell("3 x session", client=boris)
    assert said(till.refund(check)) == [
        "“10 sessions”: 10 sessions bought for 160.00; 7 of them are left; 112.00 comes back. It is void now."
    ]


def test_one_that_is_not_returned_says_so_and_stays(till: Till, ten: Plan, boris: Client) -> None:
    check, membership = sell_by("none", ten, till, boris)
    with pytest.raises(Refusal, match="sold without the right to return it"):
        till.refund(check)
    assert not Refund.objects.exists()
    assert left(membership) == 10


def test_a_line_beside_it_comes_back_all_the_same(till: Till, ten: Plan, boris: Client) -> None:
    ten.refund = "none"
    ten.save()
    check = till.sell({"membership_plan": "ten"}, "towel", client=boris)
    refund = till.refund(check, (2, 1))
    assert (refund.money, refund.is_whole) == (cents("3"), False)


def test_it_stays_what_it_was_sold_as(till: Till, ten: Plan, boris: Client) -> None:
    check, membership = sell_by("used", ten, till, boris)
    ten.refund = "none"
    ten.save()
    assert membership.refund == "used"
    till.sell("session", client=boris)
    assert till.refund(check).money == cents("140")


def test_how_it_comes_back_is_part_of_what_the_buyer_saw(till: Till, ten: Plan, boris: Client) -> None:
    basket = till.basket({"membership_plan": "ten"}, client=boris)
    seen = quote(basket, now=till.now)
    assert seen.bill.lines[0].terms != ""
    other = Plan.objects.get(code="ten")
    other.refund = "none"
    other.save()
    assert quote(basket, now=till.now).bill.lines[0].terms != seen.bill.lines[0].terms


def test_a_covered_visit_can_come_back_after_it(till: Till, ten: Plan, boris: Client) -> None:
    check, membership = sell_by("used", ten, till, boris)
    visit = till.sell("2 x session", client=boris)
    assert till.refund(check).money == cents("120")
    refund = till.refund(visit, (1, 1))
    membership.refresh_from_db()
    assert (membership.voided_at, left(membership)) == (None, 1)
    assert said(refund) == [
        (
            "Sessions that return to “10 sessions”: 1 of “Training session”. They can be used until 29 August 2026,"
            " as before."
        ),
        "“10 sessions” had come back already. It stands again with what returns now: that was paid for.",
    ]
    assert prove() == []


@pytest.mark.parametrize("formula", ["proportional", "used"])
def test_a_session_used_while_the_refund_is_made_stops_it(till: Till, ten: Plan, boris: Client, formula: str) -> None:
    """The money was worked out before; what is left when the sessions are taken says otherwise."""
    check, membership = sell_by(formula, ten, till, boris)
    (line,) = check.visit.lines.all()
    whole = StillOut([line]).back_lines(None, lambda line: returnable(line, till.today))
    till.sell("session", client=boris)
    with pytest.raises(NothingLeftOfMembership, match="has just been used"):
        sold_memberships(being_made(till, check, whole), whole)
    membership.refresh_from_db()
    assert (membership.voided_at, left(membership)) == (None, 9)


def being_made(till: Till, check: Settled, lines: list[BackLine]) -> Reversal:
    """A refund as far as it is made when the memberships are asked."""
    accounts = {lot.account: [lot] for lot in ledger.held(Q(membership__sold_on__visit=check.visit))}
    return Reversal(
        visit=check.visit,
        refund=1,
        lines=tuple(lines),
        house=rulebook().house,
        now=till.now,
        by=VERA,
        is_whole=True,
        bases={},
        entries=[],
        lots=accounts,
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("formula", "after_one"), [("proportional", "144"), ("used", "140")])
def test_at_the_same_moment_either_the_session_or_its_money(
    till: Till, ten: Plan, boris: Client, together: Together, formula: str, after_one: str
) -> None:
    check, membership = sell_by(formula, ten, till, boris)
    basket = till.basket("session", client=boris)
    token = quote(basket, now=till.now).token
    used, back = together(lambda: till.settle(basket, key="use", token=token), lambda: till.refund(check))
    assert isinstance(back, Refund)
    if isinstance(used, Settled):
        assert back.money == cents(after_one)
    else:
        assert isinstance(used, Refusal)
        assert back.money == cents("160")
    membership.refresh_from_db()
    assert (membership.voided_at, left(membership)) == (till.now, 0)
    assert prove() == []
