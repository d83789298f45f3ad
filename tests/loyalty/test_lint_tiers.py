"""Tiers that go down, tiers that a discount keeps everybody from, and what else keeps cashback from giving."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loyalty.audience import Segment
from loyalty.cashback import Caps, Multiplier
from loyalty.findings import Severity
from loyalty.linter.programs import Deal
from loyalty.money import Money
from tests.loyalty.lint import cashback, discount, found, promo, steps, told, week

START, SILVER, GOLD = ("Start", 0, 3), ("Silver", 50000, 5), ("Gold", 100000, 7)
FRIENDS = Segment(1, "friends", "Friends", spent_min=Money(30000))
VIP = Segment(2, "vip", "VIP", spent_min=Money(30000), tag="VIP")
FREE = Decimal(100)


def test_a_tier_that_gives_less_than_the_one_below_it_is_told() -> None:
    assert told(cashback(START, ("Silver", 50000, 2), GOLD)) == {
        "tier_falls": (
            "“Cashback”: the tier “Silver” from 500.00 gives 2\N{NO-BREAK SPACE}%, less than the 3\N{NO-BREAK SPACE}% "
            "of “Start” below it, so whoever climbs to it loses. Raise it, or lower the one below."
        )
    }
    assert found(cashback(START, ("Silver", 50000, 3), GOLD)) == []


def test_a_step_of_a_discount_that_gives_less_is_told() -> None:
    assert told(discount(kind="cumulative", steps=steps((10000, 5), (50000, 3)))) == {
        "tier_falls": (
            "“Regulars” gives 3\N{NO-BREAK SPACE}% from 500.00, less than the 5\N{NO-BREAK SPACE}% from 100.00: "
            "whoever spends more loses. Raise it, or lower the one below."
        )
    }
    assert found(discount(kind="cumulative", steps=steps((10000, 3), (50000, 5)))) == []


def test_cashback_without_tiers_gives_nothing() -> None:
    assert told(cashback()) == {"no_steps": "“Cashback” has no tiers: nobody earns from it. Add one, or switch it off."}


def test_a_first_tier_of_nothing_may_be_meant_but_not_all_of_them() -> None:
    assert found(cashback(("Start", 0, 0), SILVER)) == []
    assert set(told(cashback(("Start", 0, 0), ("Silver", 50000, 0)))) == {"gives_nothing"}


# --- unreachable ------------------------------------------------------------------------------------------------------


def test_a_tier_that_free_services_keep_everybody_from_is_told() -> None:
    free = discount("friends", kind="cumulative", steps=steps((10000, 10), (30000, 100)))
    ladder = cashback(START, SILVER, GOLD)
    assert told(ladder, free) == {
        "unreachable": (
            "From 300.00 spent on, “Friends” makes everything free: what a client has spent stops growing before the "
            "tier “Silver” of “Cashback” at 500.00. Lower the threshold, or limit the discount."
        )
    }
    finding = found(ladder, free)[0]
    assert (finding.severity, finding.also) == (Severity.GRAVE, (free.program.where,))


def test_everything_free_for_everybody_is_told() -> None:
    assert told(discount("all", percent=FREE), cashback(START, SILVER)) == {
        "unreachable": (
            "“All” makes everything free for everybody: nobody spends anything, so nobody comes to the tier “Silver” "
            "of “Cashback” at 500.00. Limit the discount."
        )
    }


def test_a_segment_of_those_who_have_spent_counts_as_a_sum() -> None:
    assert set(
        told(discount("all", percent=FREE, segment=FRIENDS.id), cashback(START, SILVER), segments=[FRIENDS])
    ) == {"unreachable"}
    assert found(discount("all", percent=FREE, segment=VIP.id), cashback(START, SILVER), segments=[VIP]) == []


@pytest.mark.parametrize(
    "deal",
    [
        discount("all", percent=Decimal(99)),
        discount("all", percent=FREE, services=("session", "shop")),
        discount("all", percent=FREE, exclude=("towel",)),
        discount("all", percent=FREE, most=Money(10000)),
        discount("all", percent=FREE, min_check=Money(100)),
        discount("all", percent=FREE, to_day=date(2026, 12, 31)),
        discount("all", percent=FREE, from_day=date(2026, 3, 3)),
        discount("all", percent=FREE, week=week("mon")),
        discount("all", percent=FREE, places=frozenset({"main"})),
        discount("all", percent=FREE, client=7),
        discount("all", percent=FREE, card="plastic"),
        discount("all", kind="repeat", percent=FREE, days=30),
        discount("all", kind="cumulative", steps=steps((50000, 100))),
        discount("all", kind="cumulative", steps=steps((10000, 100), (20000, 50))),
        promo(percent=FREE),
    ],
)
def test_what_leaves_something_to_pay_keeps_nobody_from_a_tier(deal: Deal) -> None:
    assert "unreachable" not in {finding.rule for finding in found(deal, cashback(START, SILVER))}


def test_a_discount_from_the_threshold_itself_keeps_nobody_from_it() -> None:
    assert found(cashback(START, SILVER), discount("all", kind="cumulative", steps=steps((50000, 100)))) == []


# --- caps and multipliers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caps", [{"check": Money(50)}, {"day": Money(99)}, {"month": Money(1), "check": Money(500)}])
def test_a_cap_below_the_step_of_bonuses_lets_nothing_through(caps: dict[str, Any]) -> None:
    ladder = cashback(START, caps=Caps(**caps))
    cap = {50: "0.50", 99: "0.99", 1: "0.01"}[min(caps.values())]
    assert told(ladder, bonus_step=Money(100)) == {
        "cap_below_step": (
            f"“Cashback” gives at most {cap}, less than the 1.00 in which bonuses are counted: it gives none. "
            "Raise the cap."
        )
    }
    assert found(cashback(START, caps=Caps(check=Money(100))), bonus_step=Money(100)) == []


def test_a_multiplier_that_has_ended_is_told() -> None:
    def twice(last: date) -> Multiplier:
        return Multiplier(Decimal(2), week("mon"), None, last)

    assert told(cashback(START, multipliers=(twice(date(2026, 3, 1)),))) == {
        "multiplier_ended": ("A multiplier of “Cashback” ended on 1 March 2026. Give it new dates, or take it away.")
    }
    assert found(cashback(START, multipliers=(twice(date(2026, 3, 2)),))) == []
