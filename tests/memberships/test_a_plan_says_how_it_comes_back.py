"""The plan's page: what a returned membership brings back, in words and with the plan's own figures."""

from __future__ import annotations

import pytest

from loyalty.money import Currency, Money
from memberships import sentences
from memberships.models import Plan

USD = Currency.of("USD")


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("proportional", "Returned after one session, it brings back 144.00: its price for the sessions left."),
        (
            "used",
            "Returned after one “Training session”, it brings back 140.00: its price less used sessions at list price.",
        ),
        ("none", "It cannot be returned."),
    ],
)
def test_it_says_what_comes_back(formula: str, sentence: str) -> None:
    plan = Plan(sessions=10, price=Money(16000), refund=formula)
    assert sentence in sentences.plan(plan, [("Training session", Money(2000))], USD)


def test_less_than_nothing_comes_back_of_none() -> None:
    plan = Plan(sessions=10, price=Money(1500), refund="used")
    said = " ".join(sentences.plan(plan, [("Training session", Money(2000))], USD))
    assert "after one “Training session”, it brings back 0.00" in said
