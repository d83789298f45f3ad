"""A program that is on and can never act is told, with the reason; its neighbour, which can, is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.audience import Segment
from loyalty.findings import Severity
from loyalty.house import Place
from loyalty.linter.programs import Codes
from loyalty.money import Money
from loyalty.pricing import Line
from loyalty.scope import Scope
from tests.loyalty.lint import PLACES, SERVICES, cashback, discount, found, programs, promo, steps, told, trial, week

VIP = Segment(1, "vip", "VIP", tag="VIP")
NEVER = Segment(2, "never", "Never", last_visit_days_min=60, last_visit_days_max=30)
REGULARS = Segment(3, "regulars", "Regulars", visits_min=5)
GOLD = Segment(4, "gold", "Gold", tier="Gold")
SUNDAY = date(2026, 3, 8)


@dataclass(frozen=True)
class Case:
    """A rule of the linter, what breaks it, and a neighbour that does not."""

    rule: str
    has: Any
    text: str
    neighbour: Any
    more: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case(
        "ended",
        promo(to_day=date(2026, 3, 1)),
        "SPRING ended on 1 March 2026: nobody can use it. Give it new dates or switch it off.",
        promo(to_day=date(2026, 3, 2)),
    ),
    Case(
        "ended",
        discount(to_day=date(2026, 3, 1)),
        "“Regulars” ended on 1 March 2026: nobody gets anything from it. Give it new dates or switch it off.",
        discount(from_day=date(2026, 4, 1)),
    ),
    Case(
        "ended",
        cashback(("Start", 0, 3), to_day=date(2026, 1, 31)),
        "“Cashback” ended on 31 January 2026: nobody gets anything from it. Give it new dates or switch it off.",
        cashback(("Start", 0, 3), to_day=date(2026, 12, 31)),
    ),
    Case(
        "backwards",
        promo(from_day=date(2026, 5, 1), to_day=date(2026, 4, 1)),
        "SPRING ends on 1 April 2026, before it begins on 1 May 2026: it never acts. Change its dates.",
        promo(from_day=date(2026, 4, 1), to_day=date(2026, 4, 1)),
    ),
    Case(
        "no_weekday",
        discount(kind="hours", week=week("sat sun"), from_day=date(2026, 3, 9), to_day=date(2026, 3, 13)),
        "“Regulars” acts on Saturday and Sunday only, and there is none from 9 March 2026 to 13 March 2026: "
        "it never acts. Change its dates or its weekdays.",
        discount(kind="hours", week=week("sat sun"), from_day=date(2026, 3, 9), to_day=date(2026, 3, 14)),
    ),
    Case(
        "no_weekday",
        discount(kind="hours", week=week("sun"), from_day=date(2026, 1, 1), to_day=date(2026, 3, 7)),
        "“Regulars” acts on Sunday only, and there is none from 2 March 2026 to 7 March 2026: it never acts. "
        "Change its dates or its weekdays.",
        discount(kind="hours", week=week("sun"), from_day=date(2026, 1, 1), to_day=SUNDAY),
    ),
    Case(
        "no_weekday",
        promo(week=week("sun", "20:00", "22:00"), from_day=date(2026, 3, 9), to_day=date(2026, 3, 9)),
        "SPRING acts on Sunday only, and there is none from 9 March 2026 to 9 March 2026: it never acts. "
        "Change its dates or its weekdays.",
        promo(week=week("sun", "20:00", "02:00"), from_day=date(2026, 3, 9), to_day=date(2026, 3, 9)),
    ),
    Case(
        "nowhere",
        promo(places=frozenset({"closed"})),
        "SPRING is for locations that are closed: it acts nowhere. Choose open ones, or switch it off.",
        promo(places=frozenset({"closed", "main"})),
    ),
    Case(
        "segment_off",
        discount(segment=VIP.id),
        "“Regulars” is for the segment “VIP”, which is switched off: nobody gets anything from it. "
        "Switch the segment on, or choose another.",
        discount(segment=REGULARS.id),
        {"off": [VIP], "segments": [REGULARS]},
    ),
    Case(
        "nobody_in",
        promo(segment=VIP.id),
        "Nobody belongs to the segment “VIP” now, so nobody gets anything from SPRING. "
        "Look at the conditions of the segment.",
        promo(segment=REGULARS.id),
        {"segments": [VIP, REGULARS], "empty": [VIP.id]},
    ),
    Case(
        "no_such_tier",
        discount(tier="gold"),
        "“Regulars” is for the tier “gold”, but no cashback program that is on has a tier of this name. "
        "Choose another tier, or switch it off.",
        discount(tier="Gold"),
        {"and_also": [cashback(("Start", 0, 3), ("Gold", 100000, 7))]},
    ),
    Case(
        "forgotten_client",
        promo(client=7),
        "SPRING is for a client who has asked to be forgotten: nobody can use it. Switch it off.",
        promo(client=8),
        {"forgotten": [7]},
    ),
    Case(
        "newcomers_who_came",
        promo(new_clients_only=True, segment=REGULARS.id),
        "SPRING is for new clients only, but the segment “Regulars” asks for 5 visits: nobody can use it. "
        "Drop one of the two.",
        promo(new_clients_only=True, segment=VIP.id),
        {"segments": [REGULARS, VIP]},
    ),
    Case(
        "nothing_on_sale",
        discount(services=("massage", "spa")),
        "“Regulars” is for services that are not on sale, or excludes all that it is for: it never acts. "
        "Choose other services, or switch it off.",
        discount(services=("massage", "shop")),
    ),
    Case(
        "nothing_on_sale",
        promo(services=("shop",), exclude=("towel",)),
        "SPRING is for services that are not on sale, or excludes all that it is for: it never acts. "
        "Choose other services, or switch it off.",
        promo(services=("shop", "session"), exclude=("towel",)),
    ),
    Case(
        "nothing_on_sale",
        cashback(("Start", 0, 3), scope=Scope.of(["spa"], [])),
        "“Cashback” is for services that are not on sale, or excludes all that it is for: it never acts. "
        "Choose other services, or switch it off.",
        cashback(("Start", 0, 3), scope=Scope.of([], ["training", "shop"])),
    ),
    Case(
        "nothing_on_sale",
        trial("massage"),
        "“Try it” is for services that are not on sale, or excludes all that it is for: it never acts. "
        "Choose other services, or switch it off.",
        trial("massage", "session"),
    ),
    Case(
        "nothing_on_sale",
        discount(kind="bundle"),
        "“Regulars” names no services, so no check has them all: it never acts. Choose its services.",
        discount(kind="bundle", services=("session", "towel")),
    ),
    Case(
        "never_complete",
        discount(kind="bundle", services=("session", "massage")),
        "“Regulars” is for services together, but “massage” is not on sale or is excluded: it is never complete. "
        "Choose its services again, or switch it off.",
        discount(kind="bundle", services=("session", "shop")),
    ),
    Case(
        "nothing_else",
        discount(kind="delivery", min_check=Money(5000)),
        "“Regulars” asks what the other services come to, but it is for all of them: no other is left, so it never "
        "acts. Choose the services that it makes cheaper.",
        discount(kind="delivery", min_check=Money(5000), services=("towel",)),
    ),
    Case(
        "nothing_earns",
        cashback(("Start", 0, 3), scope=Scope.of(["shop"], [])),
        "Nothing that “Cashback” is for earns bonuses, so it gives none. "
        "Let these services earn on the price list, or choose others.",
        cashback(("Start", 0, 3), scope=Scope.of(["shop", "session"], [])),
    ),
    Case(
        "no_codes",
        promo(is_batch=True, codes=Codes()),
        "No codes have been made for “Spring”: there is nothing to type. Make some, or switch it off.",
        promo(is_batch=True, codes=Codes(in_work=True)),
    ),
    Case(
        "used_up",
        promo(codes=Codes(made=True, left=False)),
        "SPRING has been used up: nobody can use it any more. Raise its limit, or switch it off.",
        promo(codes=Codes(made=True, left=True)),
    ),
    Case(
        "used_up",
        promo(is_batch=True, codes=Codes(made=True, left=False)),
        "All codes of “Spring” have been used: nobody can use it any more. Make more, or switch it off.",
        promo(is_batch=True, codes=Codes(made=True, left=True)),
    ),
    Case(
        "gives_nothing",
        promo(percent=Decimal(0)),
        "SPRING gives 0\N{NO-BREAK SPACE}%, which is nothing. Let it give more, or switch it off.",
        promo(percent=Decimal("0.5")),
    ),
    Case(
        "gives_nothing",
        discount(kind="cumulative", steps=steps((0, 0), (50000, 0))),
        "“Regulars” gives 0\N{NO-BREAK SPACE}%, which is nothing. Let it give more, or switch it off.",
        discount(kind="cumulative", steps=steps((0, 0), (50000, 3))),
    ),
    Case(
        "gives_nothing",
        trial("session", gives_nothing=True),
        "“Try it” gives 0\N{NO-BREAK SPACE}%, which is nothing. Let it give more, or switch it off.",
        trial("session"),
    ),
    Case(
        "no_steps",
        discount(kind="cumulative", steps=()),
        "“Regulars” has no steps: nobody gets anything from it. Add one.",
        discount(kind="cumulative", steps=steps((0, 3))),
    ),
    Case(
        "capped_amount",
        promo(amount=Money(500), most=Money(300)),
        "SPRING takes 5.00 off, but at most 3.00: it never takes more. Drop one of the two.",
        promo(amount=Money(500), most=Money(500)),
    ),
    Case(
        "always_happy",
        discount(kind="hours"),
        "“Regulars” has neither weekdays nor hours: it acts all week. Say when.",
        discount(kind="hours", week=week("mon")),
    ),
    Case(
        "whole_day",
        discount(kind="hours", week=week("mon", "09:00", "09:00")),
        "“Regulars” is from 09:00 until 09:00: that is a whole day. Give it another end, or no hours at all.",
        discount(kind="hours", week=week("mon", "09:00", "08:59")),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.has.program.name}")
def test_it_is_told_and_its_neighbour_is_not(case: Case) -> None:
    more = dict(case.more)
    others = more.pop("and_also", [])
    assert told(case.has, *others, **more) == {case.rule: case.text}
    assert found(case.neighbour, *others, **more) == []


def test_of_a_segment_that_contradicts_itself_both_are_told() -> None:
    findings = found(discount(segment=NEVER.id), segments=[NEVER, VIP])
    assert [(one.rule, one.where and one.where.label, one.severity) for one in findings] == [
        ("segment_contradicts", "loyalty.discount", Severity.GRAVE),
        ("segment_contradicts", "loyalty.segment", Severity.GRAVE),
    ]
    assert findings[0].text == (
        "“Regulars” is for the segment “Never”, to which nobody can belong. "
        "Change the conditions of the segment, or choose another."
    )
    assert findings[1].text == (
        "The segment “Never” asks for a last visit at least 60 and at most 30 days ago: nobody can belong. "
        "Change one of the two."
    )
    assert findings[0].is_about("loyalty.segment", NEVER.id)
    assert not findings[0].is_about("loyalty.segment", VIP.id)


def test_a_segment_asks_for_a_tier_that_is_there() -> None:
    ladder = cashback(("Start", 0, 3), ("Silver", 50000, 5))
    assert told(ladder, segments=[GOLD]) == {
        "no_such_tier": (
            "The segment “Gold” asks for the tier “Gold”, but no cashback program that is on has a tier of this name: "
            "nobody can belong. Choose another tier."
        )
    }
    assert found(cashback(("Gold", 0, 3)), segments=[GOLD]) == []
    over = cashback(("Gold", 0, 3), to_day=date(2026, 3, 1))
    assert {one.rule for one in found(over, segments=[GOLD])} == {"ended", "no_such_tier"}


def test_of_a_program_that_is_over_nothing_else_is_told() -> None:
    over = date(2026, 3, 1)
    assert set(told(promo(to_day=over, percent=Decimal(0), services=("spa",), codes=Codes(), is_batch=True))) == {
        "ended"
    }


def test_without_a_price_list_or_clients_nothing_is_said_of_them() -> None:
    assert found(discount(services=("spa",)), trial("spa"), services={}) == []
    assert found(promo(segment=VIP.id), segments=[VIP], empty=[]) == []


def test_a_location_in_another_zone_makes_it_careful() -> None:
    """While it is still Sunday there, the business has Monday, and the code that is for Sundays can be used."""
    far = {"main": PLACES[0], "honolulu": Place(3, "honolulu", "Honolulu", ZoneInfo("Pacific/Honolulu"))}
    on_sundays = promo(week=week("sun"), from_day=date(2026, 3, 9), to_day=date(2026, 3, 9))
    assert found(on_sundays, places=far) == []
    assert set(told(on_sundays)) == {"no_weekday"}


def test_what_is_in_a_scope_is_what_the_till_says() -> None:
    scopes = [
        Scope.of(named, out) for named in ([], ["shop"], ["session", "shop"]) for out in ([], ["towel"], ["training"])
    ]
    for scope in scopes:
        lines = [
            Line(n, "service", one.code, one.name, 1, one.price, category=one.category)
            for n, one in enumerate(SERVICES)
        ]
        assert programs().services_of(scope) == {line.code for line in lines if scope.covers(line)}
