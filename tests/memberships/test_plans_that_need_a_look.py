"""What the owner is told of plans that cover nothing, cannot be used, or save nobody anything."""

from __future__ import annotations

from datetime import time

import pytest

from loyalty.rulebook import rulebook
from memberships.linting import lint
from tests.memberships.plans import plan
from tests.till import Till

pytestmark = pytest.mark.django_db


def found() -> dict[str, str]:
    book = rulebook()
    return {finding.rule: finding.text for finding in lint(book.house, book.rules["memberships"])}


def test_a_sound_plan_is_not_told_of(till: Till) -> None:
    plan("five", "session", sessions=5, price="90")
    plan("month", "session", price="90")
    assert found() == {}


def test_a_plan_that_is_not_on_sale_is_not_told_of(till: Till) -> None:
    plan("empty", sessions=5, enabled=False)
    assert found() == {}


def test_each_fault_has_its_sentence(till: Till) -> None:
    plan("empty", sessions=5, price="9")
    assert found() == {
        "plan_covers_nothing": (
            "“Empty” is for services that are not on sale: it covers nothing. Choose others, or switch it off."
        )
    }


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"sessions": 5, "price": "101"}, "plan_dearer_than_list"),
        ({"sessions": 5, "price": "9", "locations": ["moon"]}, "plan_nowhere"),
        ({"sessions": 5, "price": "9", "from_time": time(9), "to_time": time(9)}, "plan_whole_day"),
        ({"sessions": 5, "price": "9", "weekdays": "mon", "valid_days": 5}, "plan_never_valid"),
        ({"price": "9", "valid_days": None}, "plan_without_measure"),
        ({"sessions": 5, "price": "9", "valid_days": None, "freeze_days": 7}, "plan_freezes_nothing"),
    ],
)
def test_faults(till: Till, columns: dict[str, object], rule: str) -> None:
    plan("odd", "session", **columns)  # type: ignore[arg-type]
    assert list(found()) == [rule]


@pytest.mark.parametrize("columns", [{"weekdays": "mon", "valid_days": 6}, {"weekdays": "mon,thu", "valid_days": 3}])
def test_long_enough_for_its_weekdays(till: Till, columns: dict[str, object]) -> None:
    plan("fine", "session", sessions=5, price="9", **columns)
    assert found() == {}


def test_counts_cost_no_more_one_by_one(till: Till) -> None:
    plan("dear", "session x 3", "personal x 1", price="120.01")
    plan("fair", "session x 3", "personal x 1", price="120")
    assert found() == {
        "plan_dearer_than_list": (
            "“Dear” costs 120.01, its sessions one by one cost at most 120.00: nobody saves. Lower its price, or give"
            " more sessions."
        )
    }
