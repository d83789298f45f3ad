"""A program with a letter writes one whenever it gives something, in the same transaction, once."""

from __future__ import annotations

import pytest

from clients.models import Client, LetterTemplate, Message
from loyalty.actions import record_action
from loyalty.models import Lot
from loyalty.registration import register
from tests import factories
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(db: None) -> LetterTemplate:
    return LetterTemplate.objects.create(
        code="gift",
        name="Gift",
        subject_en="{amount} for you",
        body_en="{program} gives you {amount} until {last_day}.",
    )


def written() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("operation", "occasion"))


def test_a_check_that_brings_bonuses_brings_a_letter(till: Till, letter: LetterTemplate, boris: Client) -> None:
    factories.BonusProgramFactory(code="first", trigger="first_check", letter=letter, lifetime_days=30)
    sold = till.sell("session", client=boris)
    till.sell("session", client=boris)
    assert written() == [(f"letter:visit:{sold.visit.pk}:occasions:first", "program:first")]
    assert Message.objects.get().client == boris


def test_a_quote_and_a_check_that_brings_nothing_write_nothing(
    till: Till, letter: LetterTemplate, boris: Client
) -> None:
    factories.BonusProgramFactory(code="fifth", trigger="nth_visit", nth=5, letter=letter)
    till.quote("session", client=boris)
    till.sell("session", client=boris)
    assert written() == []


def test_a_welcome_writes(till: Till, letter: LetterTemplate) -> None:
    factories.BonusProgramFactory(code="welcome", letter=letter)
    client = register(details={"first_name": "Boris"}, by=VERA, now=till.now)
    assert written() == [(f"letter:client:{client.pk}:occasions:welcome", "program:welcome")]


def test_an_action_writes_once(till: Till, letter: LetterTemplate, boris: Client) -> None:
    factories.BonusProgramFactory(code="review", trigger="action", letter=letter)
    till.account(boris)
    for _time in range(2):
        record_action(client=boris, code="review", key="17", by=VERA, now=till.now)
    assert written() == [(f"letter:action:review:{boris.pk}:17", "program:review")]
    assert Lot.objects.count() == 1
