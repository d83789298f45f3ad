"""A referrer's link, from the phone to the referrer's page: joined, came twice, one visit came back; every figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client as Browser

from clients.actors import Actor
from clients.models import Client
from loyalty.portal.answers import answer_requests
from loyalty.portal.links import balance_link
from loyalty.proof import check_ledger
from loyalty.registration import register
from tests.portal.conftest import text_of
from tests.published import load_preset
from tests.till import VERA, Till, cents

PAGE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"


@pytest.fixture
def till(now: datetime, db: None) -> Iterator[Till]:
    """FlexGym as published: the referrer gets 5 % at every visit, the friend starts with 100."""
    load_preset(by=Actor.command("test"))
    with time_machine.travel(now, tick=False):
        yield Till(now=now)


@pytest.fixture
def alice(till: Till) -> Client:
    details = {"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101", "email": "alice@example.com"}
    return register(details=details, by=VERA, now=till.now)


def page_of(client: Client) -> str:
    browser = Browser(headers={"user-agent": PAGE})
    answer = browser.get(urlsplit(balance_link(client)).path, follow=True)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def test_a_friend_joins_comes_twice_and_returns_once(till: Till, alice: Client) -> None:
    link = f"/join/{alice.referral_code.code}/"
    friend = Browser(headers={"user-agent": PAGE})
    invited = text_of(friend.get(link).content.decode())
    assert "Alice" in invited
    assert "Ivanova" not in invited
    assert "You start with 100.00 bonuses." in invited

    said = {"first_name": "Boris", "last_name": "Petrov", "phone": "+12125550102"}
    friend.post(link, {**said, "code": alice.referral_code.code})
    answer_requests(now=till.now)
    boris = Client.objects.get(phone="+12125550102")
    assert till.balance(boris) == cents("100")
    assert till.balance(alice) == 0
    assert "Boris P." in page_of(alice)

    # The first visit: 60.00, half of it with bonuses. 5 % of 30.00 in money.
    first = till.sell("personal", client=boris, redeem="max")
    assert (first.visit.bonus_total, first.visit.to_pay) == (cents("30"), cents("30"))
    assert till.balance(alice) == cents("1.50")

    # The second, a week later: 40.00 in money, below the 50.00 from which bonuses pay. 5 % of 40.00.
    with time_machine.travel(till.now + timedelta(days=7), tick=False):
        later = till.later(days=7)
        second = later.sell("2 x session", client=boris)
        assert second.visit.to_pay == cents("40")
        assert later.balance(alice) == cents("3.50")

        # It comes back: what it had brought goes with it.
        later.refund(second)
        assert later.balance(alice) == cents("1.50")
        assert later.balance(boris) == cents("70.90")
        shown = page_of(alice)
    assert "Boris P." in shown
    assert "Petrov" not in shown
    assert "+12125550102" not in shown
    assert "+1.50" in shown
    assert "2.00" in shown
    assert not list(check_ledger(now=till.now + timedelta(days=7)))
