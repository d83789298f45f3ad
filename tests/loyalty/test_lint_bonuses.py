"""Bonuses that may pay nothing, and bonuses that end before their owner usually comes again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loyalty.findings import Severity, Where
from loyalty.money import Money
from loyalty.terms import Terms
from tests.loyalty.lint import cashback, found, gift, promo, told

NONE = Terms(limit_percent=Decimal(0))
START = ("Start", 0, 3)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (cashback(START, terms=NONE), "“Cashback”"),
        (gift(bonuses=NONE), "“Welcome”"),
        (promo(bonus=Money(500), percent=None, terms=NONE), "SPRING"),
    ],
)
def test_a_limit_of_nothing_is_told(given: Any, name: str) -> None:
    assert told(given) == {
        "limit_zero": (
            f"The bonuses of {name} pay at most 0\N{NO-BREAK SPACE}% of a check: nobody can ever use them. "
            "Raise the limit."
        )
    }


def test_a_small_limit_is_a_limit() -> None:
    few = Terms(limit_percent=Decimal("0.5"))
    assert found(cashback(START, terms=few), gift(bonuses=few)) == []
    assert found(promo(terms=NONE)) == []  # it gives no bonuses


def test_a_limit_of_the_house_is_told_with_the_page_of_the_business() -> None:
    findings = found(bonus_limit_percent=Decimal(0))
    assert [(one.rule, one.severity, one.where) for one in findings] == [
        ("limit_zero", Severity.GRAVE, Where("clients.business"))
    ]
    assert findings[0].text == (
        "Bonuses pay at most 0\N{NO-BREAK SPACE}% of a check, whatever the program: nobody can use any. Raise it."
    )


def test_bonuses_that_end_before_a_usual_return_are_told() -> None:
    short = Terms(lifetime_days=20)
    assert told(cashback(START, terms=short), usual_return=21) == {
        "ends_before_return": (
            "The bonuses of “Cashback” end 20 days after they are given, but half of your clients come again only "
            "after 21 days or more: most will never use them. Let them live longer."
        )
    }


@pytest.mark.parametrize(
    ("terms", "usual", "is_told"),
    [
        (Terms(lifetime_days=20), 20, False),
        (Terms(lifetime_days=20), None, False),
        (Terms(), 400, False),
        (Terms(lifetime_days=20, pending_days=1), 21, False),
        (Terms(lifetime_days=20, pending_days=1), 22, True),
        (Terms(lifetime_months=1), 31, False),  # from 2 March to 2 April
        (Terms(lifetime_months=1), 32, True),
    ],
)
def test_their_life_is_counted_to_the_last_day(terms: Terms, usual: int | None, is_told: bool) -> None:
    assert bool(found(gift(bonuses=terms), usual_return=usual)) == is_told


@pytest.mark.parametrize(("trigger", "is_told"), [("birthday", False), ("inactivity", False), ("campaign", True)])
def test_a_present_that_calls_somebody_back_may_be_short(trigger: str, is_told: bool) -> None:
    assert bool(found(gift(trigger, bonuses=Terms(lifetime_days=7)), usual_return=30)) == is_told


def test_a_share_of_nothing_is_told() -> None:
    assert set(told(gift("campaign", gives_nothing=True))) == {"gives_nothing"}
    assert set(told(gift("campaign", gives_nothing=True, bonuses=NONE, to_day=date(2026, 3, 1)))) == {"ended"}


def test_a_budget_below_a_single_gift_never_acts() -> None:
    assert told(gift("action", amount=Money(500), budget=Money(499))) == {
        "budget_too_small": "“Welcome” gives 5.00, and has 4.99 to give in all: it never acts. Raise the budget."
    }
    assert told(gift("action", amount=Money(500), budget=Money(500))) == {}


def test_a_budget_that_was_given_is_told() -> None:
    assert told(gift("action", amount=Money(500), budget=Money(5000), left=Money(499))) == {
        "budget_used_up": (
            "“Welcome” has given its budget of 50.00: nobody gets anything more. Raise it or switch it off."
        )
    }
    assert told(gift("action", amount=Money(500), budget=Money(5000), left=Money(500))) == {}
    assert set(told(gift("campaign", budget=Money(5000), left=Money(0)))) == {"budget_used_up"}


def test_a_personal_date_that_nobody_has_is_told() -> None:
    assert told(gift("personal_date", unknown_date="child")) == {
        "no_such_date": "“Welcome” goes by the day “child”, which no client has. Say it on the clients' pages."
    }
