"""Cashback for some services, clients, days and hours; several times; at most so much (`domain.md` sections 4.7, 7)."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from clients.models import Client
from loyalty.models import CashbackMultiplier, CashbackProgram, HouseRules, Segment
from loyalty.money import Money
from memberships.models import Plan
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def change(program: CashbackProgram, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(program, name, value)
    program.save()


def earned(till: Till, *services: Any, client: Client, **offers: Any) -> Money:
    return till.quote(*services, client=client, **offers).bill.earned_total


def test_only_the_named_services_earn(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, services=["personal"])
    bill = till.quote("personal", "session", "towel", client=boris).bill
    assert bill.earned_total == cents("1.80")  # 3 % of 60.00
    assert [line.earned for line in bill.lines] == [cents("1.80"), 0, 0]


def test_a_category_may_be_named_and_a_service_of_it_left_out(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    change(cashback, services=["training"], exclude=["session"])
    assert earned(till, "personal", "session", "towel", client=boris) == cents("1.80")


def test_a_check_with_nothing_of_it_says_why(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, services=["personal"])
    bill = till.quote("towel", client=boris).bill
    assert (bill.earned_total, [note.code for note in bill.notes]) == (0, ["cashback.nothing_fits"])


def test_a_refund_of_a_line_takes_back_what_that_line_earned(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    change(cashback, services=["personal"])
    sold = till.sell("personal", "session", client=boris)
    assert till.refund(sold, (2, 1)).bonus_taken_back == 0
    assert till.refund(sold, (1, 1)).bonus_taken_back == cents("1.80")
    assert till.balance(boris) == 0


def test_it_is_for_a_segment_only(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, segment=Segment.objects.create(code="regulars", name="Regulars", visits_min=1))
    first = till.quote("session", client=boris).bill
    assert (first.earned_total, [note.code for note in first.notes]) == (0, ["cashback.not_for"])
    till.sell("session", client=boris)
    assert earned(till, "session", client=boris) == cents("0.60")


def test_nobody_is_in_a_segment_that_is_off(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, segment=Segment.objects.create(code="all", name="All", enabled=False))
    assert earned(till, "session", client=boris) == 0


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"weekdays": "mon"}, "1.20"),
        ({"weekdays": "tue,wed"}, "0.60"),
        ({"from_time": time(12), "to_time": time(13)}, "1.20"),  # it is noon
        ({"from_time": time(9), "to_time": time(12)}, "0.60"),
        ({"from_day": "2026-03-02", "to_day": "2026-03-02"}, "1.20"),
        ({"from_day": "2026-03-03"}, "0.60"),
    ],
)
def test_a_multiplier_acts_on_its_days_and_hours(
    till: Till, cashback: CashbackProgram, boris: Client, columns: dict[str, Any], expected: str
) -> None:
    CashbackMultiplier.objects.create(program=cashback, factor=2, **columns)
    assert earned(till, "session", client=boris) == cents(expected)


def test_the_highest_of_several_multipliers_counts_and_it_is_rounded_once(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    CashbackMultiplier.objects.create(program=cashback, factor=2, weekdays="mon")
    CashbackMultiplier.objects.create(program=cashback, factor=3, weekdays="mon")
    line = {"service": "personal", "price": "59.99", "price_reason": "agreed"}
    bill = till.quote(line, client=boris).bill
    assert bill.earned_total == cents("5.39")  # 9 % of 59.99 is 5.3991
    assert bill.earnings[0].percent == 9


def test_at_most_so_much_a_check(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, max_per_check=cents("1"))
    bill = till.quote("personal", client=boris).bill
    assert bill.earned_total == cents("1")
    assert [(note.code, note.amount, note.facts["would_be"]) for note in bill.notes] == [
        ("cashback.capped_check", cents("1"), cents("1.80"))
    ]


def test_at_most_so_much_a_day_and_the_next_day_again(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, max_per_day=cents("2"))
    till.sell("personal", client=boris)
    assert earned(till, "personal", client=boris) == cents("0.20")
    till.sell("personal", client=boris)
    assert earned(till, "personal", client=boris) == 0
    assert earned(till.later(days=1), "personal", client=boris) == cents("1.80")


def test_at_most_so_much_a_month_and_a_refund_makes_room(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    change(cashback, max_per_month=cents("2"))
    sold = till.sell("personal", client=boris)
    later = till.later(days=9)
    assert earned(later, "personal", client=boris) == cents("0.20")
    later.refund(sold)
    assert earned(later, "personal", client=boris) == cents("1.80")
    assert earned(till.later(days=30), "personal", client=boris) == cents("1.80")


def test_what_a_cap_leaves_is_in_steps_of_the_house(
    till: Till, cashback: CashbackProgram, boris: Client, house_rules: HouseRules
) -> None:
    house_rules.bonus_step = Money(100)
    house_rules.save()
    change(cashback, max_per_check=cents("1.50"))
    assert earned(till, "2 x personal", client=boris) == cents("1")


def test_staff_may_say_that_a_check_earns_nothing(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="nth_visit", nth=1, amount=cents("5"))
    bill = till.quote("personal", client=boris, earn=False).bill
    assert (bill.earned_total, bill.base, bill.spent) == (0, 0, cents("60"))
    assert [note.code for note in bill.notes] == ["earning.off"]
    assert bill.tier is not None


def test_the_price_before_discounts_may_count(
    till: Till, cashback: CashbackProgram, boris: Client, house_rules: HouseRules
) -> None:
    factories.TrialFactory()
    assert earned(till, "session", client=boris) == cents("0.30")
    house_rules.earns_before_discounts = True
    house_rules.save()
    assert earned(till, "session", client=boris) == cents("0.60")
    till.give(boris, "50", program="gift")
    assert earned(till, "session", "personal", client=boris, redeem="40.00") == cents("1.20")  # bonuses never count


def test_selling_a_membership_earns_unless_the_house_says_no(
    till: Till, cashback: CashbackProgram, boris: Client, house_rules: HouseRules
) -> None:
    plan: Plan = factories.PlanFactory()
    line = {"membership_plan": plan.code}
    assert earned(till, line, client=boris) == cents("2.70")
    house_rules.memberships_earn = False
    house_rules.save()
    assert earned(till, line, client=boris) == 0


def test_what_a_gift_card_pays_earns_unless_the_house_says_no(
    till: Till, cashback: CashbackProgram, boris: Client, house_rules: HouseRules
) -> None:
    factories.DenominationFactory()
    sold = till.sell({"gift_card_type": "gift", "amount": "50.00"})
    code = sold.revealed[1][0]["code"]
    assert earned(till, "personal", client=boris, gift_cards=[code]) == cents("1.80")
    house_rules.gift_cards_earn = False
    house_rules.save()
    assert earned(till, "personal", client=boris, gift_cards=[code]) == cents("0.30")


def test_the_next_tier_is_hinted_at_when_one_more_check_like_this_reaches_it(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    bill = till.quote("5 x personal", client=boris).bill
    assert [(note.code, note.amount) for note in bill.notes if note.stage == "hint"] == [
        ("hint.next_rung", cents("200"))
    ]
    assert [note.code for note in till.quote("9 x personal", client=boris).bill.notes if note.stage == "hint"] == [
        "hint.rises"
    ]
    assert not [note for note in till.quote("session", client=boris).bill.notes if note.stage == "hint"]
