"""What the welcome page says of bonus programs: only what everybody gets, and only while there is something to give."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.budgets import count
from loyalty.money import Money
from loyalty.portal.promises import offer
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
PERCENT = "\N{NO-BREAK SPACE}%"


def promised(till: Till) -> list[str]:
    found = offer(now=till.now)
    assert found is not None
    return list(found.promises)


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ({"trigger": "registration", "amount": Money(500)}, "5.00 bonuses on joining."),
        ({"trigger": "first_check", "amount": Money(500)}, "5.00 bonuses for your first check."),
        (
            {"trigger": "first_check", "amount": None, "percent": 10},
            f"10{PERCENT} of your first check comes back as bonuses.",
        ),
        ({"trigger": "birthday", "amount": Money(500)}, "5.00 bonuses for your birthday."),
    ],
)
def test_what_everybody_gets_is_promised(till: Till, program: dict[str, Any], sentence: str) -> None:
    row = factories.BonusProgramFactory(code="one", **program)
    assert promised(till) == [sentence]
    row.locations = ["main"]
    row.save()
    assert promised(till) == []
    row.locations, row.segment = [], factories.SegmentFactory()
    row.save()
    assert promised(till) == []


def test_what_staff_confirm_and_what_comes_later_is_no_promise(till: Till) -> None:
    factories.BonusProgramFactory(code="review", trigger="action")
    factories.BonusProgramFactory(code="sum", trigger="spent", reaches=cents("100"))
    factories.BonusProgramFactory(code="fifth", trigger="nth_visit", nth=5)
    assert promised(till) == []


def test_a_budget_that_was_given_ends_the_promise(till: Till) -> None:
    factories.BonusProgramFactory(code="welcome", amount=Money(500), budget=Money(1400))
    count({"welcome": Money(900)})
    assert promised(till) == ["5.00 bonuses on joining."]
    count({"welcome": Money(1)})
    assert promised(till) == []
