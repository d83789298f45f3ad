"""A running membership brings a discount on everything else and extra cashback, to the exact cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clients.models import Client
from loyalty.models import CashbackProgram, Discount, Lot, Visit
from memberships.models import Freeze, Membership, Plan
from memberships.privileges import carrying
from tests import factories
from tests.memberships.subscribing import club, join, night, on, renew
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(till: Till) -> Plan:
    return club(discount_percent=10, cashback_percent=5, privileges="A towel", lifetime_days=60, limit_percent=50)


def codes(check: Any) -> list[str]:
    return [note.code for note in check.bill.notes if note.stage in ("discount", "earning")]


def test_a_discount_on_everything_that_it_does_not_cover(plan: Plan, boris: Client) -> None:
    join(on("2026-01-31"), boris)
    check = on("2026-02-10").quote("9 x session", "personal", "towel", client=boris)
    # 8 sessions covered, the ninth at its price; 10 % off 60.00 and 3.00.
    assert (check.bill.membership_total, check.bill.discount_total) == (cents("160"), cents("6.30"))
    assert check.bill.to_pay == cents("76.70")
    assert [line.discount for line in check.bill.lines] == [0, 600, 30]


def test_extra_cashback_beside_cashback_and_on_its_own_terms(
    plan: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    join(on("2026-01-31"), boris)
    sold = on("2026-02-10").sell("personal", "towel", client=boris)
    # Base 56.70: cashback 3 % 1.70 (1.701), the club 5 % 2.83 (2.835).
    earned = {row["program"]: row["amount"] for row in sold.visit.facts["earned"]}
    assert earned == {"cumulative": 170, "club": 283}
    lot = Lot.objects.get(operation=f"visit:{sold.visit.pk}:privileges:club")
    assert (lot.amount, f"{lot.last_day}", lot.limit_percent) == (cents("2.83"), "2026-04-11", Decimal(50))


def test_a_better_promo_code_goes_alone_and_the_cashback_stays(
    plan: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    factories.PromoCodeFactory(code="SPRING", percent=20)
    join(on("2026-01-31"), boris)
    check = on("2026-02-10").quote("personal", client=boris, promo_codes=["SPRING"])
    assert (check.bill.discount_total, check.bill.to_pay) == (cents("12"), cents("48"))
    assert "discount.outbid" in codes(check)
    assert [int(earning.amount) for earning in check.bill.earnings] == [144, 240]


def test_a_worse_discount_of_a_tier_stands_back(plan: Plan, cashback: CashbackProgram, boris: Client) -> None:
    Discount.objects.create(code="start", name="Start", kind="permanent", percent=7, tier="Start")
    join(on("2026-01-31"), boris)
    check = on("2026-02-10").quote("personal", client=boris)
    assert (check.bill.discount_total, check.bill.to_pay) == (cents("6"), cents("54"))


def test_of_several_the_best_discount_and_the_most_cashback(plan: Plan, boris: Client) -> None:
    other = factories.PlanFactory(discount_percent=15, cashback_percent=Decimal("2.5"))
    till = on("2026-01-31")
    join(till, boris)
    till.sell({"membership_plan": other.code}, client=boris)
    check = on("2026-02-10").quote("personal", client=boris)
    assert (check.bill.discount_total, check.bill.earned_total) == (cents("9"), cents("2.55"))  # 5 % of 51.00
    assert [code for code in codes(check) if code.startswith("privilege")] == ["privilege.earned", "privilege.less"]


def test_a_refund_takes_the_extra_cashback_back_in_proportion(
    plan: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    join(on("2026-01-31"), boris)
    bought = on("2026-01-31").balance(boris)
    sold = on("2026-02-10").sell("2 x personal", "towel", client=boris)  # 123.00 less 10 %: 110.70
    assert sold.visit.earned_total == cents("3.32") + cents("5.53")
    first = on("2026-02-11").refund(sold, (1, 1))  # 54.00 of it
    assert first.bonus_taken_back == cents("1.61") + cents("2.69")
    on("2026-02-11").refund(sold)
    assert on("2026-02-11").balance(boris) == bought


def test_a_check_that_earns_nothing_earns_nothing_more(plan: Plan, boris: Client) -> None:
    join(on("2026-01-31"), boris)
    check = on("2026-02-10").quote("personal", client=boris, earn=False)
    assert (check.bill.discount_total, check.bill.earned_total) == (cents("6"), 0)


def test_nobody_else_has_them(plan: Plan, boris: Client, alice: Client) -> None:
    join(on("2026-01-31"), boris)
    till = on("2026-02-10")
    assert till.quote("personal", client=alice).bill.discount_total == 0
    assert till.quote("personal").bill.discount_total == 0


def test_they_stay_in_the_days_of_grace_and_go_with_the_suspension(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    for day, off in (("2026-02-28", 600), ("2026-03-03", 600), ("2026-03-04", 0)):
        assert on(day).quote("personal", client=boris).bill.discount_total == off
    night("2026-03-04")
    assert on("2026-03-05").quote("personal", client=boris).bill.discount_total == 0
    renew(on("2026-03-06"), membership)
    assert on("2026-03-06").quote("personal", client=boris).bill.discount_total == 600


def test_a_subscription_that_is_used_up_carries_them_still_and_another_membership_does_not(
    plan: Plan, boris: Client
) -> None:
    join(on("2026-01-31"), boris)
    on("2026-02-01").sell("8 x session", client=boris)
    assert on("2026-02-10").quote("personal", client=boris).bill.discount_total == 600
    Membership.objects.update(paid_until=None, renews=False)
    assert on("2026-02-10").quote("personal", client=boris).bill.discount_total == 0


def test_one_that_rests_carries_none(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    Freeze.objects.create(membership=membership, from_day="2026-02-05", days=3, by="staff:vera")
    held = [bool(carrying(boris.pk, on(f"2026-02-0{day}").today)) for day in (4, 5, 7, 8)]
    assert held == [True, False, False, True]


def test_the_trace_names_the_plan(plan: Plan, boris: Client) -> None:
    from loyalty.explanations import explain
    from loyalty.money import Currency

    join(on("2026-01-31"), boris)
    sold = on("2026-02-10").sell("personal", client=boris)
    trace = Visit.objects.get(pk=sold.visit.pk).facts["trace"]
    told = [note.text for note in explain(trace, Currency.of("USD")) if note.rule == "club"]
    assert "Membership “Club”: 5 % of 54.00 more, 2.70 bonuses." in [text.replace("\xa0", " ") for text in told]


def test_a_quote_asks_no_more_for_more_memberships(plan: Plan, boris: Client) -> None:
    from tests.till import statements

    till = on("2026-01-31")
    join(till, boris)
    later = on("2026-02-10")
    later.quote("personal", client=boris)
    few = len(statements(lambda: later.quote("personal", client=boris)))
    for _more in range(4):
        till.sell({"membership_plan": "club"}, client=boris)
    assert len(statements(lambda: later.quote("3 x personal", "towel", client=boris))) == few
