"""What is left on a gift card, for whoever has its code; one answer for every code that cannot be used."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from giftcards.cards import block
from giftcards.models import GiftCard
from tests.portal.conftest import text_of
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


def sold(till: Till, amount: str = "50") -> tuple[str, GiftCard]:
    told = till.sell({"gift_card_type": "gift", "amount": amount}).revealed[1][0]
    return told["code"], GiftCard.objects.get(pk=told["id"])


def shown(code: str) -> str:
    answer = Browser().post("/gift/", {"code": code})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    html = answer.content.decode().replace(f'value="{code}"', "")
    return re.sub(r'(nonce|value)="[^"]*"', "", html)


def test_a_card_tells_its_rest_and_its_last_day(till: Till) -> None:
    code, _card = sold(till)

    page = text_of(shown(f" {code.lower().replace(' ', '-')} "))

    assert "$50.00 can be used until 29 August 2026 For one check: what is left after it is lost." in page


def test_every_code_that_cannot_be_used_gets_one_answer(till: Till) -> None:
    unknown = "234567 89ABCD EFGHJK"
    empty, _card = sold(till)
    till.sell("personal", gift_cards=[empty])
    blocked, card = sold(till)
    block(card, reason="stolen", by=VERA, now=till.now)
    voided, _card = sold(till)
    GiftCard.objects.filter(last_four=voided[-4:]).update(voided_at=till.now)
    good, _card = sold(till)
    mistyped = good[:-1] + ("A" if good[-1] != "A" else "B")

    answers = {shown(code) for code in (unknown, empty, blocked)}
    with time_machine.travel(till.now + timedelta(minutes=30), tick=False):
        answers |= {shown(code) for code in (voided, mistyped, "x")}
    with time_machine.travel(till.now + timedelta(days=181), tick=False):
        answers.add(shown(good))

    assert len(answers) == 1
    assert "No card that can be used has this code." in answers.pop()


def test_nothing_is_asked_nothing_is_told(till: Till, browser: Browser) -> None:
    assert "Type the code of the card" in text_of(browser.get("/gift/").content.decode())
    assert browser.get("/gift/?code=ABC").content.decode().count("ABC") == 0
