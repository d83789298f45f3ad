"""The client's own memberships: what is left, and freezing them by themselves."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from clients.models import Client
from memberships.models import Change, Membership, Plan
from tests.desk.screen import text_of
from tests.memberships.conftest import buy, left
from tests.portal.conftest import Opened, alice, boris, opened, till
from tests.till import Till

__all__ = ["alice", "boris", "opened", "till"]
pytestmark = pytest.mark.django_db
PAGE = "/me/memberships/"


@pytest.fixture
def held(till: Till, boris: Client) -> Membership:
    return buy(till, boris, Plan.objects.get(code="five"))[1]


def key_in(html: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def test_a_client_freezes_and_ends_it(opened: Opened, boris: Client, held: Membership) -> None:
    browser = opened(boris)
    assert "14 freeze days of 14 left" in text_of(browser.get(PAGE).content.decode())
    said = {"membership": str(held.pk), "do": "freeze", "from": "2026-03-03", "days": "10"}
    asked = browser.post(PAGE, said).content.decode()
    assert "The end moves from 31 May 2026 to 10 June 2026." in text_of(asked)
    assert not Change.objects.exists()
    for _turn in range(2):
        browser.post(PAGE, {**said, "sure": "yes", "key": key_in(asked)})
    assert str(held.account.lots.get().last_day) == "2026-06-10"
    assert Change.objects.get().by == f"client:{boris.pk}"
    assert "4 freeze days of 14 left" in text_of(browser.get(PAGE).content.decode())
    asked = browser.post(PAGE, {"membership": str(held.pk), "do": "unfreeze"}).content.decode()
    browser.post(PAGE, {"membership": str(held.pk), "do": "unfreeze", "sure": "yes", "key": key_in(asked)})
    assert str(held.account.lots.get().last_day) == "2026-05-31"


def test_a_refusal_is_said(opened: Opened, boris: Client, held: Membership) -> None:
    answer = opened(boris).post(PAGE, {"membership": str(held.pk), "do": "freeze", "days": "99"})
    assert answer.status_code == 422
    assert "14 freeze days are left." in text_of(answer.content.decode())


def test_nobody_touches_another_ones(opened: Opened, alice: Client, held: Membership) -> None:
    browser = opened(alice)
    assert "You have no membership." in text_of(browser.get(PAGE).content.decode())
    for pk in (str(held.pk), "0", "x", "9" * 30, ""):
        answer = browser.post(PAGE, {"membership": pk, "do": "freeze", "days": "3", "sure": "yes", "key": "k" * 20})
        assert answer.status_code == 302
    assert not Change.objects.exists()


def test_without_a_session_the_page_asks_who_it_is(held: Membership) -> None:
    answer = Browser().get(PAGE)
    assert (answer.status_code, answer["Location"]) == (302, "/me/enter/")


def test_uses_are_told_and_the_balance_page_leads_here(
    till: Till, opened: Opened, boris: Client, held: Membership
) -> None:
    till.sell("session", client=boris)
    browser = opened(boris)
    assert PAGE in browser.get("/me/").content.decode()
    text = text_of(browser.get(PAGE).content.decode())
    assert "1 use 2 March 2026 · Training session" in text


def test_a_subscription_is_ended_before_its_first_visit(opened: Opened, till: Till, boris: Client) -> None:
    plan = Plan.objects.get(code="five")
    plan.renews, plan.valid_days, plan.valid_months, plan.starts = True, None, 1, "first_visit"
    plan.save()
    _sold, held = buy(till, boris, plan)
    browser, address = opened(boris), f"/me/subscriptions/?of={held.pk}"
    assert "It begins at the first visit." in text_of(browser.get("/me/").content.decode())
    asked = browser.get(address).content.decode()
    assert "It begins at the first visit. What is paid stays for its time; after that it ends." in text_of(asked)
    browser.post(address, {"key": key_in(asked), "what": "end", "reason": ""})
    held.refresh_from_db()
    assert (held.renews, held.waits, left(held)) == (False, True, 5)
    assert browser.get(address).status_code == 404
