"""Codes that add up on one check, codes that a discount always outdoes, rules whose order is left to chance."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.audience import Segment
from loyalty.discounts.rules import Rule
from loyalty.findings import Severity
from loyalty.linter.dates import has_a_moment, share_a_moment
from loyalty.linter.pairs import meet
from loyalty.linter.programs import Deal
from loyalty.money import Money
from loyalty.periods import Week, is_running
from loyalty.stacking import Offer, best_choice
from tests.loyalty.lint import HOUSE, TODAY, discount, found, programs, promo, week

MAY = Segment(1, "may", "May", birthday_month=5)
JUNE = Segment(2, "june", "June", birthday_month=6)
RECENT = Segment(3, "recent", "Recent", last_visit_days_max=30)
AWAY = Segment(4, "away", "Away", last_visit_days_min=31)
REGULARS = Segment(5, "regulars", "Regulars", visits_min=5)
SEGMENTS = [MAY, JUNE, RECENT, AWAY, REGULARS]


def spring(**facts: Any) -> Deal:
    return promo("SPRING", combinable=True, priority=200, **facts)


def fiver(**facts: Any) -> Deal:
    return promo("FIVER", amount=Money(500), combinable=True, priority=201, **facts)


def rules(*deals: Deal, **more: Any) -> list[str]:
    return [one.rule for one in found(*deals, segments=SEGMENTS, **more)]


# --- codes that add up ------------------------------------------------------------------------------------------------


def test_two_codes_that_can_be_used_together_are_told_once() -> None:
    one = found(spring(), fiver())
    assert [(finding.rule, finding.severity, finding.text) for finding in one] == [
        (
            "overlap",
            Severity.NOTE,
            (
                "SPRING and FIVER can be used together on one check, and then all are taken off. "
                "If that is not meant, do not let them combine."
            ),
        )
    ]
    code, other = spring().program.where, fiver().program.where
    assert (one[0].where, one[0].also) == (code, (other,))
    assert one[0].is_about("loyalty.promocode", other.pk or 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"combinable": False}),
        ({"to_day": date(2026, 3, 31)}, {"from_day": date(2026, 4, 1)}),
        ({"week": week("mon tue")}, {"week": week("wed")}),
        ({"week": week("", "09:00", "12:00")}, {"week": week("", "12:00", "15:00")}),
        ({"week": week("sat")}, {"from_day": date(2026, 3, 9), "to_day": date(2026, 3, 13)}),
        ({"services": ("session",)}, {"services": ("shop",)}),
        ({"services": ("session", "towel")}, {"services": ("shop",), "exclude": ("towel",)}),
        ({"places": frozenset({"main"})}, {"places": frozenset({"riverside"})}),
        ({"client": 7}, {"client": 8}),
        ({"segment": MAY.id}, {"segment": JUNE.id}),
        ({"segment": RECENT.id}, {"segment": AWAY.id}),
        ({"segment": AWAY.id}, {"segment": RECENT.id}),
        ({"segment": REGULARS.id}, {"new_clients_only": True}),
        ({"new_clients_only": True}, {"segment": REGULARS.id}),
    ],
)
def test_codes_that_cannot_meet_are_not_told(one: dict[str, Any], other: dict[str, Any]) -> None:
    first = promo("SPRING", **{"combinable": True, **one})
    second = promo("FIVER", **{"amount": Money(500), "combinable": True, "priority": 201, **other})
    assert "overlap" not in rules(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"to_day": date(2026, 4, 1)}, {"from_day": date(2026, 4, 1)}),
        ({"week": week("mon tue")}, {"week": week("tue wed")}),
        ({"week": week("", "09:00", "12:00")}, {"week": week("", "11:59", "15:00")}),
        ({"week": week("sun", "22:00", "02:00")}, {"week": week("mon", "01:00", "03:00")}),
        ({"services": ("session",)}, {"services": ("training",)}),
        ({"places": frozenset({"main", "riverside"})}, {"places": frozenset({"riverside"})}),
        ({"client": 7}, {"segment": MAY.id}),
        ({"segment": MAY.id}, {"segment": AWAY.id}),
        ({"segment": MAY.id}, {"new_clients_only": True}),
        ({"min_check": Money(10000)}, {}),
    ],
)
def test_codes_that_can_meet_are_told(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert "overlap" in rules(spring(**one), fiver(**other))


def test_a_code_that_gives_bonuses_takes_nothing_off() -> None:
    assert rules(spring(), promo("BONUS", bonus=Money(500), percent=None, combinable=True)) == []


def test_of_many_codes_some_are_named() -> None:
    many = [promo(f"C{n}", combinable=True, priority=200 + n) for n in range(8)]
    first = found(*many)[0]
    assert first.text.startswith("C0 and C1, C2, C3, C4, C5 and 2 more can be used together on one check")
    assert len(first.also) == 7


# --- equal priority ---------------------------------------------------------------------------------------------------


def test_combinable_rules_of_one_priority_are_told_in_the_order_of_the_till() -> None:
    ten, fifth = discount("ten", combinable=True), discount("a-fifth-off", amount=Money(500), combinable=True)
    one = [finding for finding in found(fifth, ten) if finding.rule == "equal_priority"]
    assert len(one) == 1
    assert one[0].text == (
        "“Ten” and “A-Fifth-Off” have the same priority, 100. On one check “Ten” goes first: percents go before "
        "amounts, then the code decides. Give them different priorities if you mean another order."
    )
    assert one[0].where == ten.program.where


@pytest.mark.parametrize(
    "other",
    [
        discount("other", combinable=True, priority=101),
        discount("other", combinable=False),
        discount("other", combinable=True, services=("shop",)),
        discount("other", combinable=True, to_day=date(2026, 3, 1)),
    ],
)
def test_another_priority_no_combining_or_no_meeting_is_not_told(other: Deal) -> None:
    assert "equal_priority" not in rules(discount("ten", combinable=True, services=("session",)), other)


# --- always outdone ---------------------------------------------------------------------------------------------------


def outdone(everybody: Deal, code: Deal) -> bool:
    return "outdone" in rules(everybody, code)


def test_a_code_that_everybody_outdoes_is_told() -> None:
    findings = found(discount("all", percent=Decimal(15)), promo(percent=Decimal(10)))
    assert [(one.rule, one.severity, one.text) for one in findings] == [
        (
            "outdone",
            Severity.GRAVE,
            (
                "SPRING is never used: “All” takes as much off or more for everybody, and neither combines with "
                "others. Let the code give more, or let it combine."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("everybody", "code"),
    [
        ({"percent": Decimal(10)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15)}, {"percent": Decimal(10), "services": ("session",), "to_day": date(2026, 5, 31)}),
        ({"percent": Decimal(15), "week": week("mon")}, {"percent": Decimal(10), "week": week("mon")}),
        ({"percent": Decimal(15), "most": Money(900)}, {"percent": Decimal(10), "most": Money(500)}),
        ({"amount": Money(500)}, {"amount": Money(500)}),
        ({"percent": Decimal(100)}, {"amount": Money(500)}),
        ({"percent": Decimal(15), "min_check": Money(1000)}, {"percent": Decimal(10), "min_check": Money(1000)}),
    ],
)
def test_as_much_as_the_code_or_more_outdoes_it(everybody: dict[str, Any], code: dict[str, Any]) -> None:
    assert outdone(discount("all", **everybody), promo(**code))


@pytest.mark.parametrize(
    ("everybody", "code"),
    [
        ({"percent": Decimal(5)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(10), "priority": 300}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "combinable": True}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15)}, {"percent": Decimal(10), "combinable": True}),
        ({"percent": Decimal(15), "segment": MAY.id}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "card": "plastic"}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "services": ("session",)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "places": frozenset({"main"})}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "most": Money(500)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "min_check": Money(1001)}, {"percent": Decimal(10), "min_check": Money(1000)}),
        ({"percent": Decimal(15), "week": week("mon")}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "to_day": date(2026, 5, 31)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "from_day": date(2026, 3, 3)}, {"percent": Decimal(10)}),
        ({"percent": Decimal(15), "kind": "hours", "week": week("mon")}, {"percent": Decimal(10)}),
        ({"percent": Decimal(99)}, {"amount": Money(1)}),
        ({"amount": Money(500)}, {"percent": Decimal(1)}),
        ({"amount": Money(500), "most": Money(400)}, {"amount": Money(450)}),
    ],
)
def test_where_the_code_may_be_better_nothing_is_told(everybody: dict[str, Any], code: dict[str, Any]) -> None:
    kind = everybody.pop("kind", "permanent") if "kind" in everybody else "permanent"
    assert not outdone(discount("all", kind, **everybody), promo(**code))


AMOUNTS = st.sampled_from([1, 100, 500, 999])
GIVES = st.one_of(
    st.fixed_dictionaries({"percent": st.sampled_from([Decimal(n) for n in (5, 10, 50, 100)])}),
    st.fixed_dictionaries({"amount": AMOUNTS.map(Money)}),
)
RULE = st.tuples(GIVES, st.none() | AMOUNTS.map(Money), st.sampled_from([100, 200])).map(
    lambda facts: {**facts[0], "most": facts[1], "priority": facts[2]}
)


@settings(max_examples=300)
@given(everybody=RULE, code=RULE, line=st.integers(5, 30000))
def test_what_is_told_to_be_outdone_is_never_chosen(everybody: Any, code: Any, line: int) -> None:
    """Whatever the check: a code that the linter gives up loses against the discount (`loyalty.stacking`)."""
    deals = [discount("all", **everybody), promo(**code)]
    if not outdone(*deals):
        return
    offers = [_offer(deal.rule) for deal in deals]
    chosen = best_choice(offers, {1: Money(line)})
    assert [one.name for one in chosen.offers] == (["All"] if chosen.total else [])  # of a cent nothing may come off


def _offer(rule: Rule) -> Offer:
    return Offer("x", rule.code, rule.name, {1: (1, 1)}, rule.percent, rule.amount, rule.most, priority=rule.priority)


# --- moments ----------------------------------------------------------------------------------------------------------

DAYS = st.none() | st.integers(-2, 9).map(lambda n: TODAY + timedelta(days=n))
CLOCK = st.none() | st.sampled_from([time(0), time(1), time(9), time(22)])
WEEK = st.builds(Week, st.frozensets(st.integers(0, 6), max_size=2), CLOCK, CLOCK)
DATED = st.fixed_dictionaries({"from_day": DAYS, "to_day": DAYS, "week": WEEK})


def moments(deal: Deal) -> set[datetime]:
    """Every hour of the next five weeks at which it is on."""
    start = datetime.combine(TODAY, time.min)
    hours = (start + timedelta(hours=n) for n in range(24 * 35))
    return {at for at in hours if is_running(deal.rule, at.date()) and deal.rule.week.on(at)}


@settings(max_examples=200)
@given(one=DATED, other=DATED)
def test_moments_are_those_of_the_till(one: Any, other: Any) -> None:
    first, second = promo("A", **one), promo("B", **other)
    assert has_a_moment(first.program, TODAY, HOUSE) == bool(moments(first))
    shared = bool(moments(first) & moments(second))
    assert share_a_moment(first.program, second.program, TODAY, HOUSE) == shared
    assert meet(first, second, programs(first, second)) == shared
