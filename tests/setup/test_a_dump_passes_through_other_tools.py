"""A dump says the same to readers of YAML 1.1, of which PyYAML is the best known: text is never on, 750 or a date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loyalty.setup import dump, load, read_yaml, write_yaml
from tests.setup.conftest import BY

WORDS = [
    *(
        "y",
        "Y",
        "n",
        "yes",
        "Yes",
        "no",
        "NO",
        "on",
        "On",
        "off",
        "OFF",
        "true",
        "True",
        "false",
        "~",
        "null",
        "Null",
        "",
    ),
    *("0", "7", "010", "0o10", "0x1F", "0b101", "1_000", "+1", "-1", "12:30", "9:05", "190:20:30", "1:30.5"),
    *("1.5", "1e5", "1.0e+5", ".5", "-.5", "1.", "._1", ".inf", "-.INF", ".nan", "20.00"),
    *("2026-11-23", "2026-02-30", "2026-1-2 3:04:05", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00.5 +3"),
    *("<<", "=", "-", "?", "!", "*a", "&a", "%a", "@a", "`a`", "# a", "a: b", "a #b", "[a", "{a", "'a'", '"a"', " a "),
]
"""All that some YAML has another meaning for."""
# What a document may hold: shapes.UNSTORABLE, but for the ends of lines.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.just("\n"), max_size=200) | st.sampled_from(WORDS)
KEYS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40) | st.sampled_from(WORDS)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none() | st.integers(0, 10**9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def by_another(text: str) -> Any:
    """What a tool of YAML 1.1 reads."""
    return yaml.safe_load(text)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_with_another_meaning_stays_text(word: str) -> None:
    document = {"a": word, "b": [word, {word: word}], word: {"c": word}}
    assert by_another(write_yaml(document)) == document
    assert read_yaml(write_yaml(document)) == document


@pytest.mark.parametrize("word", ["y", "N", "190:20:30", "0o17", "1e5", "<<", "="])
def test_what_only_some_readers_take_for_something_else_stands_in_quotes(word: str) -> None:
    assert write_yaml({word: [word]}) == f"'{word}':\n  - '{word}'\n"


@pytest.mark.parametrize("word", ["Sauna", "10 sessions", "10-visit card", "noon", "yes please", "Женская стрижка"])
def test_what_everybody_takes_for_text_needs_none(word: str) -> None:
    assert write_yaml({"name": word}) == f"name: {word}\n"


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_document_is_the_same_to_every_reader(document: dict[str, Any]) -> None:
    text = write_yaml(document)
    assert read_yaml(text) == document
    assert by_another(text) == document


SETUP = """
business: {name: "Off", currency: USD, timezone: America/New_York}
locations: [{code: "no", name: "12:30"}]
services: [{code: on, name: yes, price: "20.00"}, {code: "1_000", name: "0x1F", price: "010"}]
discounts:
  - {code: y, name: "~", kind: hours, percent: "10", from_time: 09:30, to_time: 12:30, services: [on],
     from: 2026-11-23, to: 2027-02-28}
"""


def test_a_setup_that_another_tool_wrote_anew_changes_nothing(load_text: Callable[..., list[str]]) -> None:
    load_text(SETUP)
    dumped = dump()
    passed_on = by_another(write_yaml(dumped))
    assert passed_on == dumped
    assert dumped["services"][0]["code"] == "on"
    assert dumped["discounts"][0]["to_time"] == "12:30"
    assert load(passed_on, by=BY) == []
    assert load(read_yaml(yaml.safe_dump(passed_on, allow_unicode=True)), by=BY) == []
