"""What the linter says of the referral program."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loyalty.findings import Known, Where
from loyalty.money import Money
from loyalty.terms import Terms
from referrals.linting import lint
from referrals.program import Rules

TODAY = date(2026, 3, 2)
RULES = Rules(
    name="Bring a friend",
    enabled=True,
    from_day=None,
    to_day=None,
    priority=100,
    referrer_percent=Decimal(5),
    referrer_amount=None,
    every_visit=True,
    months=None,
    max_per_month=None,
    friend_amount=Money(10000),
    friend_on_joining=True,
    friend_discount_percent=None,
    terms=Terms(lifetime_days=20),
)
NOTHING: dict[str, Any] = {"referrer_percent": None, "friend_amount": None}
NAME = "“Bring a friend”"


def told(usual_return: int | None = None, **facts: Any) -> dict[str, str]:
    return {one.rule: one.text for one in lint(replace(RULES, **facts), Known(TODAY, usual_return))}


@pytest.mark.parametrize(
    ("facts", "rule", "text"),
    [
        (
            {"to_day": date(2026, 3, 1)},
            "ended",
            f"{NAME} ended on 1 March 2026: nobody gets anything from it. Give it new dates or switch it off.",
        ),
        (
            NOTHING,
            "gives_nothing",
            f"{NAME} gives nothing to either side. Say what whoever brings a friend gets, or switch it off.",
        ),
        (
            {**NOTHING, "referrer_percent": Decimal(0)},
            "gives_nothing",
            f"{NAME} gives 0\N{NO-BREAK SPACE}%, which is nothing. Let it give more, or switch it off.",
        ),
        (
            {"terms": Terms(limit_percent=Decimal(0))},
            "limit_zero",
            (
                f"The bonuses of {NAME} pay at most 0\N{NO-BREAK SPACE}% of a check: nobody can ever use them. "
                "Raise the limit."
            ),
        ),
        (
            {"usual_return": 21},
            "ends_before_return",
            (
                f"The bonuses of {NAME} end 20 days after they are given, but half of your clients come again only "
                "after 21 days or more: most will never use them. Let them live longer."
            ),
        ),
    ],
)
def test_it_is_told(facts: dict[str, Any], rule: str, text: str) -> None:
    assert told(**facts) == {rule: text}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"to_day": TODAY},
        {**NOTHING, "friend_discount_percent": Decimal(20), "terms": Terms(limit_percent=Decimal(0))},
        {**NOTHING, "referrer_amount": Money(1000)},
        {"terms": Terms(limit_percent=Decimal("0.5"))},
        {"usual_return": 20},
        {"enabled": False, "to_day": date(2026, 3, 1), **NOTHING},
    ],
)
def test_its_neighbour_is_not(facts: dict[str, Any]) -> None:
    assert told(**facts) == {}


def test_it_leads_to_the_one_page() -> None:
    finding = next(iter(lint(replace(RULES, **NOTHING), Known(TODAY))))
    assert finding.where == Where("referrals.referralprogram")
    assert finding.is_about("referrals.referralprogram", 7)
    assert list(lint(None, Known(TODAY))) == []
