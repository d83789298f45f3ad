"""A free service covers whole units of what it is for, after memberships: they cost nothing and earn nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty.models import CashbackProgram, HouseRules
from loyalty.receipts import receipt_of, receipt_of_quote
from tests import factories
from tests.memberships.conftest import buy
from tests.memberships.conftest import left as sessions_left
from tests.presents.conftest import assert_proved, give_free, left, told
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_a_covered_unit_costs_nothing_and_earns_nothing(till: Till, boris: Client, cashback: CashbackProgram) -> None:
    free = give_free(till, boris, "session")
    bill = till.quote("2 x session", client=boris).bill
    assert (bill.list_total, bill.membership_total, bill.discount_total, bill.check_total) == (4000, 2000, 0, 2000)
    assert (bill.to_pay, bill.earned_total) == (2000, 60)
    till.sell("2 x session", client=boris)
    assert left(free) == 0
    assert till.quote("session", client=boris).bill.to_pay == 2000
    assert_proved()


def test_it_earns_nothing_also_where_prices_before_discounts_earn(
    till: Till, boris: Client, cashback: CashbackProgram, house_rules: HouseRules
) -> None:
    house_rules.earns_before_discounts = True
    house_rules.save()
    give_free(till, boris, "session")
    assert till.quote("session", client=boris).bill.earned_total == 0


def test_the_soonest_to_end_goes_first(till: Till, boris: Client) -> None:
    later = give_free(till, boris, "session", last_day=till.today + timedelta(days=30))
    sooner = give_free(till, boris, "session", last_day=till.today + timedelta(days=3))
    till.sell("session", client=boris)
    assert (left(sooner), left(later)) == (0, 1)


def test_it_can_be_used_to_the_end_of_its_last_day(till: Till, boris: Client) -> None:
    give_free(till, boris, "session", last_day=till.today + timedelta(days=3))
    assert till.later(days=3).quote("session", client=boris).bill.to_pay == 0
    assert till.later(days=4).quote("session", client=boris).bill.to_pay == 2000


@pytest.mark.parametrize("lines", [("session", "personal"), ("personal", "session")])
def test_of_several_services_the_dearest_is_free(till: Till, boris: Client, lines: tuple[str, str]) -> None:
    give_free(till, boris, "training")
    assert till.quote(*lines, client=boris).bill.to_pay == 2000


def test_it_covers_only_what_it_is_for(till: Till, boris: Client) -> None:
    free = give_free(till, boris, "session")
    sold = till.sell("towel", client=boris)
    assert (sold.visit.to_pay, left(free), told(sold, "free")) == (300, 1, ["free.covers_nothing"])


def test_memberships_cover_first(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, factories.PlanFactory())
    free = give_free(till, boris, "session")
    sold = till.sell("session", client=boris)
    assert (sessions_left(membership), left(free), told(sold, "free")) == (4, 1, ["free.not_needed"])
    till.sell("5 x session", client=boris)
    assert (sessions_left(membership), left(free)) == (0, 0)
    assert_proved()


def test_a_plan_of_the_same_code_is_not_mistaken_for_it(till: Till, boris: Client) -> None:
    factories.PlanFactory(code="present")
    give_free(till, boris, "personal")
    assert till.quote("session", client=boris).bill.to_pay == 2000


def test_staff_keep_it_for_another_time(till: Till, boris: Client) -> None:
    free = give_free(till, boris, "session")
    sold = till.sell("session", client=boris, free_services=[])
    assert (sold.visit.to_pay, left(free), told(sold, "free")) == (2000, 1, ["free.kept"])


@pytest.mark.parametrize("said", ["no", ["12"], {}, 1, True])
def test_nothing_else_can_be_said(till: Till, boris: Client, said: object) -> None:
    with pytest.raises(Invalid) as refused:
        till.quote("session", client=boris, free_services=said)
    assert refused.value.field == "free_services"


def test_the_explanation_says_whose_it_was_and_what_is_left(till: Till, boris: Client) -> None:
    give_free(till, boris, "session", units=3, name="Ten coffees")
    quoted = till.quote("2 x session", client=boris)
    receipt = receipt_of_quote(quoted)
    texts = [reason.text for chapter in receipt.why.acted for reason in chapter.reasons]
    assert texts == ["Free: 2 x Training session, by “Ten coffees”; left: 1."]
    assert [(line.free, line.membership) for line in receipt.lines] == [(4000, 4000)]
    sold = till.sell("session", client=boris)
    assert [line.free for line in receipt_of(sold.visit, quoted.scene.house.currency).lines] == [2000]


def test_the_basis_of_a_discount_is_what_is_not_covered(till: Till, boris: Client) -> None:
    factories.DiscountFactory(min_check=cents("40"))
    give_free(till, boris, "session")
    assert till.quote("2 x session", client=boris).bill.to_pay == 2000
    assert till.quote("3 x session", client=boris).bill.to_pay == 3600


# --- coming back ---


def test_a_covered_unit_returns_to_its_lot(till: Till, boris: Client) -> None:
    free = give_free(till, boris, "session", last_day=till.today + timedelta(days=1))
    sold = till.sell("session", client=boris)
    refund = till.later(days=10).refund(sold)
    assert (refund.money, refund.sessions_returned, left(free)) == (0, 1, 1)
    assert free.account.lots.get().last_day == date(2026, 3, 26)  # 14 days from 12 March
    assert_proved()


def test_paid_units_come_back_before_covered_ones(till: Till, boris: Client) -> None:
    free = give_free(till, boris, "session", units=2)
    sold = till.sell("3 x session", client=boris)
    seen = [(till.refund(sold, (1, 1)).money, left(free)) for _time in range(3)]
    assert seen == [(2000, 0), (0, 1), (0, 2)]


def test_a_line_covered_by_both_gives_each_its_own(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, factories.PlanFactory(sessions=1, price=cents("18")))
    free = give_free(till, boris, "session", units=2)
    sold = till.sell("4 x session", client=boris)  # one of the membership, two free, one paid
    seen = []
    for _time in range(4):
        money = till.refund(sold, (1, 1)).money
        seen.append((money, sessions_left(membership), left(free)))
    assert seen == [(2000, 0, 0), (0, 1, 0), (0, 1, 1), (0, 1, 2)]
    assert_proved()


@pytest.mark.parametrize("units", [(4,), (2, 2), (3, 1), (1, 3)])
def test_in_any_parts_it_comes_to_the_same(till: Till, boris: Client, units: tuple[int, ...]) -> None:
    _sold, membership = buy(till, boris, factories.PlanFactory(sessions=1, price=cents("18")))
    first, second = give_free(till, boris, "session"), give_free(till, boris, "session")
    sold = till.sell("4 x session", client=boris)
    for quantity in units:
        till.refund(sold, (1, quantity))
    assert (sessions_left(membership), left(first), left(second)) == (1, 1, 1)
    assert_proved()
