"""On their page clients see what they collected and what is free, and take prizes for their bonuses."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from clients.models import Client
from loyalty.models import PrizeClaim, Service
from tests.portal.conftest import Opened, text_of
from tests.presents import factories as presents
from tests.presents.conftest import give_free
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def prizes(till: Till, boris: Client) -> None:
    """Boris has 100.00 on joining."""
    presents.PrizeFactory(description="Half a litre.", stock=3, free_days=30)
    presents.PrizeFactory(code="dear", name="Racket", price=cents("150"), priority=200)
    presents.PrizeFactory(code="desk", name="At the desk only", by_client=False)


def form_key(html: str) -> str:
    match = re.search(r'name="key" value="([^"]+)"', html)
    assert match is not None
    return match[1]


def test_the_catalogue_says_what_they_can_have(prizes: None, boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    assert "What there is for your bonuses" in text_of(browser.get("/me/").content.decode())
    page = text_of(browser.get("/me/prizes/").content.decode())
    assert "You have 100.00 bonuses." in page
    assert "Bottle 50.00 Half a litre. 3 left Take Bottle" in page
    assert "Racket 150.00 50.00 more bonuses are needed." in page
    assert "At the desk only" not in page


def test_one_is_taken_after_a_question_and_once(prizes: None, till: Till, boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    asked = browser.get("/me/prizes/?prize=bottle").content.decode()
    assert "It costs 50.00 bonuses; 50.00 are left then. You get it at the desk." in text_of(asked)
    assert not PrizeClaim.objects.exists()
    said = {"prize": "bottle", "key": form_key(asked)}
    for _time in range(2):
        assert browser.post("/me/prizes/", said).status_code == 302
    claim = PrizeClaim.objects.get()
    assert (claim.by, claim.client, till.balance(boris)) == (f"client:{boris.pk}", boris, 5000)
    page = text_of(browser.get("/me/prizes/").content.decode())
    assert f"Waits for you at the desk Bottle kept until 1 April 2026 P{claim.pk:05d}" in page
    page = text_of(browser.get("/me/").content.decode())
    assert f"Prize: Bottle −50.00 P{claim.pk:05d}" in page
    assert f"Bottle waits for you at the desk , until 1 April 2026 P{claim.pk:05d}" in page.replace("desk,", "desk ,")


@pytest.mark.parametrize("said", [{"prize": "dear"}, {"prize": "desk"}, {"prize": "none"}, {}, {"prize": "bottle"}])
def test_what_cannot_be_had_is_not(
    prizes: None, till: Till, boris: Client, opened: Opened, said: dict[str, str]
) -> None:
    key = {} if said == {"prize": "bottle"} else {"key": "k" * 32}
    answer = opened(boris).post("/me/prizes/", {**said, **key})
    assert answer.status_code == (422 if said == {"prize": "dear"} else 302)
    assert not PrizeClaim.objects.exists()
    assert till.balance(boris) == 10000


def test_a_refusal_is_said(prizes: None, boris: Client, opened: Opened) -> None:
    answer = opened(boris).post("/me/prizes/", {"prize": "dear", "key": "k" * 32})
    assert "“Racket” costs 150.00 bonuses; there are 100.00." in text_of(answer.content.decode())


def test_without_a_client_there_is_nothing(prizes: None) -> None:
    assert Browser().get("/me/prizes/").headers["Location"] == "/me/enter/"
    assert Browser().post("/me/prizes/", {"prize": "bottle", "key": "k" * 32}).headers["Location"] == "/me/enter/"
    assert not PrizeClaim.objects.exists()


def test_a_house_without_prizes_says_so(till: Till, boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    assert "There are no prizes to take just now." in text_of(browser.get("/me/prizes/").content.decode())
    assert "for your bonuses" not in text_of(browser.get("/me/").content.decode())


def test_what_is_collected_and_what_is_free_stand_on_the_page(till: Till, boris: Client, opened: Opened) -> None:
    presents.StampProgramFactory(services=["session"], stamp_days=30)
    till.sell("session", client=boris)
    give_free(till, boris, Service.objects.get(code="towel").code, name="Ten towels")
    page = text_of(opened(boris).get("/me/").content.decode())
    assert "Collecting Three sessions the first end on 1 April 2026 ● ○○ 1 of 3" in page
    assert "Free for you Ten towels for ever 1 free It is taken off your next check by itself." in page


def test_the_welcome_page_tells_of_them(till: Till) -> None:
    presents.StampProgramFactory()
    presents.StampProgramFactory(code="miles", name="Miles", kind="miles", per_amount=cents("10"))
    presents.GiftProgramFactory(service=Service.objects.get(code="session"))
    page = text_of(Browser().get("/").content.decode())
    assert "Three sessions: a stamp for each; 3 stamps give a free one." in page
    assert "Miles: one for each 10.00 that you pay; for 3 you get a free service." in page
    assert "Big check: Training session with a check from 100.00." in page
