"""The client sees until when a subscription is paid and what comes next, ends it, and takes it up again."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from clients.models import Client
from memberships.models import Membership, Plan
from tests.portal.conftest import Opened
from tests.till import Till, cents


@pytest.fixture
def held(till: Till, boris: Client) -> Membership:
    plan = Plan.objects.get(code="five")
    plan.renews, plan.valid_days, plan.valid_months, plan.price = True, None, 1, cents("30")
    plan.cashback_percent = 5
    plan.save()
    sold = till.sell({"membership_plan": "five"}, client=boris)
    return Membership.objects.get(sold_on__visit=sold.visit)


def page(browser: Browser, address: str) -> str:
    html = browser.get(address).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def test_what_is_paid_and_what_comes_next(till: Till, boris: Client, held: Membership, opened: Opened) -> None:
    told = page(opened(boris), "/me/")
    assert "Paid until 2 April 2026. Then 30.00 for the next period." in told
    assert "more of each check comes back as bonuses" in told


def test_it_is_ended_and_taken_up_again(till: Till, boris: Client, held: Membership, opened: Opened) -> None:
    browser, address = opened(boris), f"/me/subscriptions/?of={held.pk}"
    for what, renews in (("end", False), ("take_up", True)):
        html = browser.get(address).content.decode()
        key = re.search(r'name="key" value="([^"]+)"', html)
        assert key is not None
        answer = browser.post(address, {"key": key[1], "what": what, "reason": ""})
        assert answer.headers["Location"] == "/me/"
        assert Membership.objects.get().renews is renews
    assert [str(change) for change in held.changes.all()] == ["renewed", "not renewed any more"]
    assert {change.by for change in held.changes.all()} == {f"client:{boris.pk}"}


def test_nobody_ends_another_s(
    till: Till, boris: Client, alice: Client, held: Membership, opened: Opened, browser: Browser
) -> None:
    address = f"/me/subscriptions/?of={held.pk}"
    assert opened(alice).get(address).status_code == 404
    assert browser.get(address).headers["Location"] == "/me/enter/"
    for odd in ("", "abc", "9" * 30, "0"):
        assert opened(boris).get(f"/me/subscriptions/?of={odd}").status_code == 404
    assert Membership.objects.get().renews
