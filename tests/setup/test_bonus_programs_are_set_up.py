"""Bonus programs in the setup document: every trigger with its keys, for whom, where, how much in all, which letter."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import LetterTemplate, Location
from loyalty.models import BonusProgram, Budget, TrialProgram
from loyalty.money import Money
from loyalty.setup import dump, load, read_yaml
from tests import factories
from tests.setup.conftest import BY

pytestmark = pytest.mark.django_db

DOCUMENT = """
segments: [{code: friends, name: Friends, rule: {tag: friend}}]
bonuses:
  - {code: first, name: First check, trigger: first_check, percent: "10"}
  - {code: week, name: Week, trigger: campaign, amount: "3", segment: friends, locations: [main], budget: "500"}
  - {code: thousand, name: Thousand, trigger: spent, reaches: "1000", amount: "50"}
  - {code: saved, name: Saved, trigger: balance, reaches: "200", amount: "5"}
  - {code: review, name: Review, trigger: action, amount: "5", repeat_days: 30, letter: thanks}
  - {code: survey, name: Survey, trigger: action, amount: "2", once: true}
  - {code: joined, name: Joined, trigger: anniversary, amount: "20", days_before: 3}
  - {code: child, name: Child, trigger: personal_date, date_name: child, amount: "10", registered_days: 30}
trials: [{code: trial, name: Trial, services: [session], segment: friends}]
"""


@pytest.fixture(autouse=True)
def house(location: Location, session: object) -> None:
    LetterTemplate.objects.create(code="thanks", name="Thanks", short_en="{amount} for you")


def loaded(text: str) -> list[str]:
    return [str(change) for change in load(read_yaml(text), by=BY)]


def row(code: str) -> BonusProgram:
    return BonusProgram.objects.select_related("segment", "letter").get(code=code)


def test_every_key_is_read() -> None:
    loaded(DOCUMENT)
    week, review = row("week"), row("review")
    assert (week.amount, week.segment and week.segment.code, week.locations) == (Money(300), "friends", ["main"])
    assert (week.budget, Budget.objects.get().program.code, Budget.objects.get().limit) == (50000, "week", 50000)
    assert (review.repeat_days, review.once, review.letter and review.letter.code) == (30, False, "thanks")
    assert (row("survey").once, row("thousand").reaches, row("saved").reaches) == (True, 100000, 20000)
    assert (row("child").date_name, row("child").registered_days, row("joined").days_before) == ("child", 30, 3)
    trial = TrialProgram.objects.select_related("segment").get()
    assert trial.segment is not None
    assert trial.segment.code == "friends"


def test_what_was_read_is_written_and_nothing_else() -> None:
    loaded(DOCUMENT)
    assert loaded(DOCUMENT) == []
    written = {program["code"]: program for program in dump()["bonuses"]}
    asked: list[dict[str, Any]] = read_yaml(DOCUMENT)["bonuses"]
    for program in asked:
        more = written[program["code"]].keys() - program.keys()
        assert more <= {"bonus"}, program["code"]
    assert written["review"] == {
        "code": "review",
        "name": "Review",
        "trigger": "action",
        "amount": "5.00",
        "repeat_days": 30,
        "letter": "thanks",
    }
    assert dump()["trials"][0]["segment"] == "friends"
    assert load(dump(), by=BY) == []


def test_changes_are_told() -> None:
    loaded(DOCUMENT)
    changed = (
        DOCUMENT.replace('budget: "500"', 'budget: "600"').replace("[main]", "[]").replace("days: 30,", "days: 9,")
    )
    assert loaded(changed) == [
        "change bonus program week: locations removed main; budget 500.00 → 600.00",
        "change bonus program review: repeat_days 30 → 9",
    ]
    assert Budget.objects.get().limit == 60000


def test_a_program_may_name_a_segment_that_the_same_document_brings() -> None:
    loaded(DOCUMENT)
    assert row("week").segment is not None


def test_a_letter_can_be_taken_away() -> None:
    loaded(DOCUMENT)
    assert loaded(DOCUMENT.replace(", letter: thanks", "")) == ["change bonus program review: letter thanks → none"]
    assert row("review").letter is None


def test_a_budget_is_that_of_what_was_given() -> None:
    """A load that gives a program a budget counts what it has given before."""
    factories.BonusProgramFactory(code="week", name="Week", trigger="campaign", amount=Money(300))
    loaded(DOCUMENT)
    assert (Budget.objects.get().given, Budget.objects.get().limit) == (0, 50000)
