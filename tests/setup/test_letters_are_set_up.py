"""Letters and their rules come back exactly as they were given; a place that nobody knows is named with its path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import LetterRules, LetterTemplate
from loyalty.setup import SetupRefused, dump, load, read_yaml, write_yaml
from tests.setup.conftest import BY

Load = Callable[..., list[str]]

GIVEN: dict[str, Any] = {
    "code": "back",
    "name": "We miss you",
    "topic": "offers",
    "value": 70,
    "subject": {"en": "{name}, 300 bonuses wait", "ru": "{name}, вас ждут 300 бонусов"},
    "body": {"en": "Hello, {name}.\n\nUntil {last_day}: {{gift}}.", "ru": "Здравствуйте, {name}."},
    "short": {"en": "{amount} until {last_day}"},
    "enabled": False,
}
REMINDER: dict[str, Any] = {"code": "ends", "name": "Ends", "short": {"ru": "До {last_day}"}}
RULES: dict[str, Any] = {
    "quiet_from": "22:00",
    "quiet_to": "08:30",
    "weekly_cap": None,
    "ending_days": 5,
    "ending": "ends",
    "falling_days": 14,
    "falling": "back",
    "rewarded": "back",
    "sender_name": "Anna of FlexGym",
    "reply_to": "anna@example.com",
}


def test_letters_come_back(flexgym: str) -> None:
    load({"letters": [GIVEN, REMINDER], "letter_rules": RULES}, by=BY)

    row = LetterTemplate.objects.get(code="back")
    assert (row.subject_ru, row.short_ru) == ("{name}, вас ждут 300 бонусов", "")
    assert row.body_en == "Hello, {name}.\n\nUntil {last_day}: {{gift}}."
    assert dump()["letters"] == [GIVEN, {**REMINDER, "topic": "offers", "value": 50}]
    assert dump()["letter_rules"] == RULES
    assert load(read_yaml(write_yaml(dump())), by=BY) == []


def test_rules_left_out_are_the_defaults(flexgym: str) -> None:
    assert "letter_rules" not in dump()

    assert list(map(str, load({"letter_rules": {}}, by=BY))) == ["create rules of letters"]

    rules = LetterRules.objects.get()
    assert (rules.quiet_from, rules.quiet_to, rules.weekly_cap) == (time(21), time(9), 3)
    assert (rules.ending_days, rules.falling_days, rules.ending, rules.sender_name) == (7, 30, None, "")


def test_a_changed_letter_is_told_by_its_language(flexgym: str) -> None:
    load({"letters": [GIVEN]}, by=BY)

    changed = {**GIVEN, "value": 71, "body": {**GIVEN["body"], "en": "Another\ntext"}}
    assert list(map(str, load({"letters": [changed]}, by=BY))) == ["change letter back: value 70 → 71; body en"]


PLACES = "{name}, {business}, {link}, {amount}, {last_day}, {balance}, {program}, {tier}, {missing}, {days}"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"subject": {"en": "{nmae}"}}, "letters[0].subject.en: there is no place {nmae}; there are " + PLACES),
        ({"body": {"ru": "{name.first}"}}, "letters[0].body.ru: there is no place {name.first}; there are " + PLACES),
        ({"short": {"en": "{name!r}"}}, "letters[0].short.en: there is no place {name!r}; there are " + PLACES),
        ({"short": {"en": "{0}"}}, "letters[0].short.en: there is no place {0}; there are " + PLACES),
        (
            {"body": {"en": "Hello {name, come"}},
            "letters[0].body.en: a brace stands alone before “name, come”; write {{ or }} for a brace",
        ),
        (
            {"body": {"en": "Hello {name}}"}},
            "letters[0].body.en: a brace stands alone at the end; write {{ or }} for a brace",
        ),
        ({"subject": {"de": "Hallo"}}, "letters[0].subject.de: unknown key"),
        ({"subject": {"en": "two\nlines"}}, "letters[0].subject.en: must be one line of text"),
        ({"body": {"ru": "Текст"}}, "letters[0].body.en: is missing"),
        (
            {"subject": {}, "body": {}, "short": {}},
            "letters[0]: must have a body or a short text in one language at least",
        ),
        ({"topic": "spam"}, "letters[0].topic: must be offers or bonuses or reminders"),
        ({"value": 101}, "letters[0].value: must be between 0 and 100"),
    ],
)
def test_mistakes_in_letters_are_named(flexgym: str, said: dict[str, Any], error: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"letters": [{**GIVEN, **said}]}, by=BY)

    assert str(refused.value) == error
    assert not LetterTemplate.objects.exists()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"ending": "nothing"}, 'letter_rules.ending: there is no letter "nothing"'),
        ({"quiet_from": "25:00"}, 'letter_rules.quiet_from: must be a time like "09:30"'),
        ({"reply_to": "anna"}, "letter_rules.reply_to: must be an e-mail address like name@example.com"),
        ({"weekly_cap": -1}, "letter_rules.weekly_cap: must be between 0 and 1000"),
        ({"cap": 3}, "letter_rules.cap: unknown key"),
    ],
)
def test_mistakes_in_the_rules_are_named(flexgym: str, said: dict[str, Any], error: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"letter_rules": said}, by=BY)

    assert str(refused.value) == error
    assert not LetterRules.objects.exists()


WORDS = st.text(st.characters(exclude_categories=["C"]), max_size=20).map(
    lambda text: text.replace("{", "{{").replace("}", "}}")
)
LINES = st.lists(WORDS | st.just("{name}"), max_size=4).map("\n".join)


@pytest.mark.django_db
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=LINES, short=WORDS)
def test_any_text_comes_back(body: str, short: str) -> None:
    business = {"name": "B", "currency": "USD", "timezone": "UTC"}
    said = {"code": "a", "name": "A", "subject": {"en": "S"}, "body": {"en": f"x{body}"}, "short": {"en": short}}
    with transaction.atomic():
        load({"business": business, "letters": [said]}, by=BY)
        first = dump()
        assert load(read_yaml(write_yaml(first)), by=BY) == []
        assert dump() == first
        transaction.set_rollback(True)
