"""/gift/: what is left for whoever has the code; for every other text one answer, and soon none at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from giftcards import batches, cards
from giftcards.codes import ALPHABET, new_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.portal import ADDRESS, PREFIX
from giftcards.sealing import unseal
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
ONCE = re.compile(rb'(?:csrfmiddlewaretoken" value|nonce)="[^"]+"')
"""What is new on every page, whatever was asked."""


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(factories.NOW, tick=False):
        yield


def ask(code: str, address: str = "203.0.113.1", **more: Any) -> Any:
    return Browser().post("/gift/", {"code": code}, REMOTE_ADDR=address, **more)


def test_whoever_has_the_code_sees_what_is_left(till: Till, gift: GiftCardType) -> None:
    page = ask(Sold(till, "gift", "50").code.lower().replace(" ", "-")).content.decode()
    assert "$50.00" in page
    assert "can be used until 29 August 2026" in page


@pytest.fixture
def useless(till: Till, gift: GiftCardType) -> dict[str, str]:
    """A code for each reason why one cannot pay."""
    blocked, empty, returned = (Sold(till, "gift", "50") for _i in range(3))
    cards.block(blocked.card, reason="lost", by=VERA, now=till.now)
    till.sell("session", gift_cards=[empty.code])
    till.refund(returned.check)
    ended = Sold(till.later(days=-200), "gift", "50")
    batches.make(kind=gift, amount=cents("50"), count=1, by=VERA, now=till.now)
    unsold = unseal(GiftCard.objects.get(batch__isnull=False).sealed_code)
    good = Sold(till, "gift", "50").code.replace(" ", "")
    last = ALPHABET[(ALPHABET.index(good[-1]) + 1) % len(ALPHABET)]
    return {
        "blocked": blocked.code,
        "empty": empty.code,
        "returned": returned.code,
        "ended": ended.code,
        "not sold": unsold,
        "unknown": new_code(),
        "mistyped": good[:-1] + last,
        "a word": "please",
        "nothing": "",
        "too long": "A" * 5000,
        "not text": "\x00\ud7ff",
    }


def test_every_useless_code_gets_the_same_answer_after_the_same_queries(useless: dict[str, str]) -> None:
    ask("warm the caches", "203.0.113.99")
    answers, asked = {}, {}
    for i, (why, code) in enumerate(useless.items(), start=1):
        with CaptureQueriesContext(connection) as queries:
            page = ask(code, f"203.0.113.{i}")
        answers[why], asked[why] = (page.status_code, ONCE.sub(b"", page.content)), len(queries)
    assert len(set(answers.values())) == 1, {why: answer[0] for why, answer in answers.items()}
    assert answers["blocked"][0] == 200
    assert len(set(asked.values())) == 1, asked


def test_one_address_is_stopped(till: Till, gift: GiftCardType) -> None:
    statuses = [ask(new_code()).status_code for _i in range(100)]
    assert statuses == [200] * ADDRESS.tries + [429] * (100 - ADDRESS.tries)
    assert ask(Sold(till, "gift", "50").code).status_code == 429  # also for the right one
    assert ask(new_code(), "203.0.113.2").status_code == 200


def test_many_addresses_with_one_beginning_are_stopped(till: Till, gift: GiftCardType) -> None:
    statuses = [ask(f"7K3M {new_code()[4:]}", f"198.51.100.{i}").status_code for i in range(100)]
    assert statuses == [200] * PREFIX.tries + [429] * (100 - PREFIX.tries)
    assert ask(Sold(till, "gift", "50").code, "198.51.100.200").status_code == 200  # others are not shut out


def test_a_forged_header_makes_nobody_another(till: Till, gift: GiftCardType, settings: Any) -> None:
    forged = [{"HTTP_X_FORWARDED_FOR": f"192.0.2.{i}"} for i in range(20)]
    assert [ask(new_code(), **one).status_code for one in forged].count(200) == ADDRESS.tries
    settings.TRUSTED_PROXIES = 1
    forged = [{"HTTP_X_FORWARDED_FOR": f"192.0.2.{i}, 198.51.100.7"} for i in range(20)]
    assert [ask(new_code(), **one).status_code for one in forged].count(200) == ADDRESS.tries


def test_the_code_stands_in_no_address(till: Till, gift: GiftCardType) -> None:
    code = Sold(till, "gift", "50").code
    page = Browser().get("/gift/", {"code": code})
    assert "50.00" not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("design", ["plain", "ribbon", "flowers", "stars"])
def test_each_picture_is_there_and_light(till: Till, design: str) -> None:
    picture = Browser().get(f"/gift/picture/{design}.png")
    assert picture["Content-Type"] == "image/png"
    assert len(picture.content) < 40_000
    assert Browser().get("/gift/picture/horse.png").status_code == 404
