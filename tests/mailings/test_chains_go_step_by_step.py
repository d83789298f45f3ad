"""A chain goes on step by step, by what is true when each step is due, until it has worked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.chains.steps import Chain, Facts, Step, Way, walk

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)  # midnight in New York
FRIDAY = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
NOTHING = Facts()


def chain(*steps: Step, **how: Any) -> Chain:
    return Chain(1, "back", "Back", steps, **how)


LETTER = Step(1, "letter")
SMS = Step(2, "letter", days=4, condition="not_spent")
EXAMPLE = chain(LETTER, SMS, stop_when_spent=True)


def went(
    chain: Chain,
    *,
    now: datetime,
    step: int = 1,
    due: datetime = MONDAY,
    facts: Callable[[datetime], Facts] | Facts = NOTHING,
) -> Way:
    asked = facts if callable(facts) else lambda _at: facts
    return walk(chain, step, due, asked, now=now, zone=NEW_YORK)


def did(way: Way) -> list[tuple[int, str]]:
    return [(one.step.number, one.did) for one in way.taken]


def since(moment: datetime, **facts: Any) -> Callable[[datetime], Facts]:
    """True from a moment on."""
    return lambda at: Facts(**facts) if at >= moment else NOTHING


# --- the worked example ----------------------------------------------------------------------------------------------


def test_the_letter_goes_at_once_and_the_sms_is_due_four_days_later() -> None:
    way = went(EXAMPLE, now=MONDAY)

    assert did(way) == [(1, "letter")]
    assert (way.state, way.step, way.next_at) == ("waiting", 2, FRIDAY)


def test_whoever_has_not_spent_gets_the_sms_and_is_at_the_end() -> None:
    way = went(EXAMPLE, now=FRIDAY, step=2, due=FRIDAY)

    assert did(way) == [(2, "letter")]
    assert (way.state, way.reason) == ("done", "")


@pytest.mark.parametrize(("fact", "reason"), [("visited", "visited"), ("spent", "spent")])
def test_whoever_came_or_spent_is_left_in_peace(fact: str, reason: str) -> None:
    way = went(EXAMPLE, now=FRIDAY, step=2, due=FRIDAY, facts=replace(NOTHING, **{fact: True}))  # type: ignore[arg-type]

    assert did(way) == [(2, "stop")]
    assert (way.state, way.reason) == ("stopped", reason)


def test_it_goes_on_where_it_is_not_told_to_stop() -> None:
    told = chain(LETTER, Step(2, "letter", days=4), stop_when_visited=False)

    assert did(went(told, now=FRIDAY, step=2, due=FRIDAY, facts=Facts(visited=True))) == [(2, "letter")]


# --- conditions and branches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ("always", Facts(), True),
        ("visited", Facts(visited=True), True),
        ("visited", Facts(), False),
        ("not_visited", Facts(), True),
        ("not_visited", Facts(visited=True), False),
        ("spent", Facts(spent=True), True),
        ("spent", Facts(), False),
        ("not_spent", Facts(), True),
        ("not_spent", Facts(spent=True), False),
        ("has_email", Facts(has_email=True), True),
        ("has_email", Facts(), False),
        ("in_segment", Facts(segments=frozenset({7})), True),
        ("in_segment", Facts(segments=frozenset({8})), False),
    ],
)
def test_each_condition(condition: str, facts: Facts, holds: bool) -> None:
    one = chain(Step(1, "letter", condition=condition, segment=7), stop_when_visited=False)

    assert did(went(one, now=MONDAY, facts=facts)) == [(1, "letter" if holds else "skipped")]


BRANCHES = chain(
    Step(1, "wait", condition="has_email", then=2, otherwise=3),
    Step(2, "letter", channel="email", then=4),
    Step(3, "letter", channel="sms"),
    Step(4, "stop", days=1),
)


@pytest.mark.parametrize(
    ("has_email", "expected"),
    [(True, [(1, "wait"), (2, "letter"), (4, "stop")]), (False, [(1, "skipped"), (3, "letter"), (4, "stop")])],
)
def test_branches(has_email: bool, expected: list[tuple[int, str]]) -> None:
    way = went(BRANCHES, now=MONDAY + timedelta(days=1), facts=Facts(has_email=has_email))

    assert did(way) == expected
    assert (way.state, way.reason) == ("stopped", "step")


def test_a_step_that_was_taken_away_gives_way_to_the_next() -> None:
    assert did(went(chain(LETTER, Step(5, "letter")), now=MONDAY, step=2)) == [(5, "letter")]
    assert went(chain(LETTER), now=MONDAY, step=2).state == "done"


@pytest.mark.parametrize("back", [1, 2])
def test_no_step_goes_back_whatever_is_stored(back: int) -> None:
    odd = chain(LETTER, Step(2, "letter", then=back), Step(3, "letter"))

    assert did(went(odd, now=MONDAY)) == [(1, "letter"), (2, "letter"), (3, "letter")]


# --- late workers ----------------------------------------------------------------------------------------------------


def test_delays_count_from_when_a_step_was_due() -> None:
    way = went(EXAMPLE, now=MONDAY + timedelta(days=2, hours=7))

    assert (did(way), way.next_at) == ([(1, "letter")], FRIDAY)


def test_a_worker_that_was_away_does_all_that_has_become_due() -> None:
    assert did(went(EXAMPLE, now=FRIDAY + timedelta(days=1))) == [(1, "letter"), (2, "letter")]


def test_bonuses_go_by_what_was_true_when_they_were_due() -> None:
    """Boris came on Saturday; on Friday, when the bonuses were due, he had not."""
    giving = chain(LETTER, Step(2, "bonus", days=4, condition="not_visited"))
    saturday = FRIDAY + timedelta(days=1)
    facts = since(saturday, visited=True)
    on_time = [went(giving, now=FRIDAY, step=2, due=FRIDAY, facts=facts)]
    late = went(giving, now=saturday + timedelta(days=1), facts=facts)

    assert [did(way) for way in on_time] == [[(2, "bonus")]]
    assert did(late) == [(1, "skipped"), (2, "bonus")]


def test_a_letter_is_not_written_to_whoever_has_come_meanwhile() -> None:
    late = MONDAY + timedelta(days=2)
    way = went(EXAMPLE, now=late, facts=since(MONDAY + timedelta(days=1), visited=True))

    assert did(way) == [(1, "skipped"), (2, "stop")]
    assert (way.state, way.reason) == ("stopped", "visited")


def test_a_letter_about_what_is_over_is_not_written() -> None:
    way = went(EXAMPLE, now=FRIDAY, step=2, due=FRIDAY, facts=Facts(over=True))

    assert (did(way), way.state) == ([(2, "skipped")], "done")


def test_a_visit_stops_at_once_unless_bonuses_are_still_to_come() -> None:
    giving = chain(LETTER, Step(2, "bonus", days=4, condition="not_visited"))
    facts = since(MONDAY + timedelta(hours=1), visited=True)
    now = MONDAY + timedelta(hours=2)

    assert went(EXAMPLE, now=now, facts=facts).state == "stopped"
    assert went(giving, now=now, facts=facts).state == "waiting"
    assert went(giving, now=FRIDAY, step=2, due=FRIDAY, facts=facts).state == "stopped"


def test_days_are_those_of_the_calendar_also_when_the_clocks_change() -> None:
    """8 March 2026, 02:00: New York loses an hour. Seven days after midnight is midnight."""
    way = went(chain(LETTER, Step(2, "letter", days=7, hours=3)), now=MONDAY)

    assert way.next_at == datetime(2026, 3, 9, 3, 0, tzinfo=NEW_YORK)
