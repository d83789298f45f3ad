"""What is not YAML 1.2, or says a thing twice, is refused in one line with its number."""

from __future__ import annotations

import pytest

from loyalty.setup import SetupRefused, read_yaml, write_yaml

MALFORMED = {
    "a key given twice": ("business:\n  name: A\n  name: B\n", 'line 3: the key "name" is given twice'),
    "a section given twice": (
        "services: []\nlocations: []\nservices: []\n",
        'line 3: the key "services" is given twice',
    ),
    "a bracket left open": (
        "services:\n  - {code: a, name: A\nlocations: []\n",
        "line 3: expected ',' or '}', but got ':'",
    ),
    "a tab": ("business:\n\tname: A\n", "line 2: found character '\\t' that cannot start any token"),
    "an unknown tag": (
        "business: !!python/object:os.system {}\n",
        "line 1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2: but found another document"),
    "a control character": ("business:\n  name: a\x07\n", "line 2: a character that cannot be in a document"),
    "a text": ("hello\n", "the document must be a mapping of sections"),
    "an endless number": (
        "a: " + "9" * 5000,
        "the document cannot be read: it is nested too deeply, or has a number with too many digits",
    ),
    "a deep nest": (
        "[" * 5000,
        "the document cannot be read: it is nested too deeply, or has a number with too many digits",
    ),
}


@pytest.mark.parametrize(("text", "line"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_yaml_is_refused_in_one_line(text: str, line: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        read_yaml(text)
    assert str(refused.value) == line


def test_nothing_is_an_empty_document() -> None:
    assert read_yaml("# only a comment\n") == {}


def test_what_yaml_1_1_would_turn_into_something_else_stays_text() -> None:
    text = "{on: yes, off: no, from_time: 09:30, day: 2026-02-30, number: 010}"
    assert read_yaml(text) == {"on": "yes", "off": "no", "from_time": "09:30", "day": "2026-02-30", "number": 10}


def test_what_is_written_is_read_back() -> None:
    document = {"a": ["20.00", "no", "2026-11-23", "Женская стрижка", 5, True, None, "a: b # c"], "b": {"c": []}}
    assert read_yaml(write_yaml(document)) == document
