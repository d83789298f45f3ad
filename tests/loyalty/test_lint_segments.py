"""What the linter says of segments that ask for what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.audience import Segment
from loyalty.linter.never import contradicts_itself, has_been_here
from loyalty.linter.pairs import _exclude_each_other
from loyalty.money import Money
from tests.loyalty.lint import found


def segment(**asks: Any) -> Segment:
    return Segment(1, "some", "Some", **asks)


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ({"visits_min": 5, "visits_max": 4}, "at least 5 and at most 4 visits"),
        ({"spent_min": Money(501), "spent_max": Money(500)}, "at least 5.01 and at most 5.00"),
        ({"rfm": "loyal", "visits_max": 0}, "a class of clients who have been here and for no visits"),
    ],
)
def test_nobody_can_belong(asks: dict[str, Any], said: str) -> None:
    assert contradicts_itself(segment(**asks))
    (finding,) = found(segments=[segment(**asks)])
    assert (finding.rule, said in finding.text) == ("segment_contradicts", True)
    assert not contradicts_itself(segment(is_static=True, **asks))


@pytest.mark.parametrize(
    "asks",
    [
        {"visits_min": 4, "visits_max": 4},
        {"spent_min": Money(0), "spent_max": Money(0)},
        {"rfm": "new", "visits_max": 1},
    ],
)
def test_somebody_can(asks: dict[str, Any]) -> None:
    assert not contradicts_itself(segment(**asks))


def test_a_class_has_been_here_and_a_list_may_not_have() -> None:
    assert has_been_here(segment(rfm="new"))
    assert has_been_here(segment(visits_min=1))
    assert not has_been_here(segment(visits_min=1, is_static=True))
    assert not has_been_here(segment(visits_max=1))
    assert not has_been_here(None)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ({"visits_max": 4}, {"visits_min": 5}, True),
        ({"visits_max": 5}, {"visits_min": 5}, False),
        ({"spent_min": Money(2)}, {"spent_max": Money(1)}, True),
        ({"rfm": "new"}, {"rfm": "lost"}, True),
        ({"rfm": "new"}, {"rfm": "new"}, False),
        ({"visits_max": 4, "is_static": True}, {"visits_min": 5}, False),
    ],
)
def test_two_segments_that_share_nobody(one: dict[str, Any], other: dict[str, Any], apart: bool) -> None:
    assert _exclude_each_other(segment(**one), segment(**other)) == apart
