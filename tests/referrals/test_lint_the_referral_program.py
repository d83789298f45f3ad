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
from referrals.kinds import Gain
from referrals.linting import lint
from referrals.models import Kind
from referrals.program import Goal, Rules

TODAY = date(2026, 3, 2)
RULES = Rules(
    name="Bring a friend",
    enabled=True,
    from_day=None,
    to_day=None,
    priority=100,
    referrer_percent=Decimal(5),
    referrer=None,
    every_visit=True,
    months=None,
    max_per_month=None,
    friend=Gain(Kind.BONUS, Money(10000)),
    friend_on_joining=True,
    terms=Terms(lifetime_days=20),
)
NOTHING: dict[str, Any] = {"referrer_percent": None, "friend": None}
NAME = "“Bring a friend”"


def told(usual_return: int | None = None, **facts: Any) -> dict[str, str]:
    return {one.rule: one.text for one in lint(replace(RULES, **facts), Known(TODAY, usual_return))}


ENDED = f"{NAME} ended on 1 March 2026: nobody gets anything from it. Give it new dates or switch it off."


@pytest.mark.parametrize(
    ("facts", "rule", "text"),
    [
        ({"to_day": date(2026, 3, 1)}, "ended", ENDED),
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
            {"friend": Gain(Kind.MEMBERSHIP, good="gone")},
            "no_such_good",
            f"{NAME} gives the membership “gone”, and there is none: nobody gets it. Choose another one.",
        ),
        (
            {"goals": (Goal(5, Gain(Kind.GIFT_CARD, Money(5000), good="gone")),)},
            "no_such_good",
            f"{NAME} gives a gift card of the type “gone”, and there is none: nobody gets it. Choose another type.",
        ),
        (
            {
                "referrer_percent": None,
                "referrer": Gain(Kind.BONUS, Money(1000)),
                "max_per_month": Money(999),
                "max_per_friend": Money(1000),
            },
            "limit_below_reward",
            (
                f"{NAME} promises more than it gives: at most so much a month is less than one reward. "
                "Raise the limit or lower the reward."
            ),
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
        {"max_per_month": Money(1)},
        {**NOTHING, "friend": Gain(Kind.MEMBERSHIP, good="five", called="5 sessions")},
        {**NOTHING, "friend": Gain(Kind.DISCOUNT, percent=Decimal(20)), "terms": Terms(limit_percent=Decimal(0))},
        {**NOTHING, "referrer": Gain(Kind.BONUS, Money(1000))},
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
