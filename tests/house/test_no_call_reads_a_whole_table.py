"""What a till, a page and the desk ask goes by an index, however many others there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser

from clients.actors import Actor
from clients.admin_base import LargePaginator
from clients.models import Client
from loyalty.api.keys import make_key
from loyalty.portal.links import balance_link
from tests import factories
from tests.api.conftest import Caller, basket
from tests.crowd import TIMES, multiply, read_whole
from tests.desk.screen import signed_in
from tests.published import load_preset
from tests.till import statements

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has another way of telling its plans"),
]


@pytest.fixture
def owner(now: datetime, db: None) -> Iterator[Caller]:
    load_preset("flexgym", by=Actor.command("test"))
    with time_machine.travel(now, tick=False):
        yield Caller(make_key("anna", scope="owner", locations=()))


@pytest.fixture
def gym(owner: Caller) -> dict[str, Any]:
    """Alice brought Boris, who has a card, five sessions shared with her, checks and refunds; and a crowd like them."""
    alice = owner.register(first_name="Alice", phone="+12125550101", email="alice@example.com")
    boris = owner.register(first_name="Boris", phone="+12125550102", referrer=alice["referral_code"])
    sale = {"location": "main", "payments": [{"method": "cash", "amount": "50"}]}
    card = owner.post("giftcards", {**sale, "type": "gift", "amount": "50"}).made()
    paid = [{"method": "cash", "amount": "90"}]
    held = owner.post("memberships", {**sale, "client": boris["id"], "plan": "five", "payments": paid}).made()
    visits = [owner.settle("personal", "towel", client=boris, memberships=[]) for _ in range(4)]
    owner.post(f"visits/{visits[0]['id']}/refund", {"reason": "did not like it", "lines": [{"line": 1}]}).made()
    owner.post(f"visits/{visits[3]['id']}/refund", {"reason": "did not like it"}).made()
    multiply()
    return {"alice": alice, "boris": boris, "card": card, "held": held, "visits": visits}


def asked_by(calls: Iterable[Callable[[], object]]) -> list[str]:
    return [sql for call in calls for sql in statements(call)]


def none_whole(asked: Iterable[str]) -> None:
    whole = read_whole(asked)
    assert whole == [], "\n".join(f"{table}: {sql}" for table, sql in whole)


def test_a_till(owner: Caller, gym: dict[str, Any]) -> None:
    boris, visits, reason = gym["boris"], gym["visits"], {"reason": "did not like it"}
    check = basket("personal", "session", client=boris, redeem="max", gift_cards=[gym["card"]["code"]])
    to_pay = owner.post("visits/quote", check).ok()["to_pay"]
    paid = {**check, "payments": [{"method": "cash", "amount": to_pay}] if float(to_pay) else []}
    changes: list[Callable[[], object]] = [
        lambda: owner.post("visits/quote", check).ok(),
        lambda: owner.post("visits/quote", basket("session", client=gym["alice"])).ok(),
        lambda: owner.post("visits", paid).made(),
        lambda: owner.post(f"visits/{visits[1]['id']}/refund", reason).made(),
        lambda: owner.post("giftcards/check", {"code": gym["card"]["code"]}).ok(),
        lambda: owner.post(f"memberships/{gym['held']['id']}/extend", {"days": 3, **reason}).ok(),
        lambda: owner.post(f"giftcards/{gym['card']['id']}/block", reason).ok(),
        lambda: owner.register(first_name="Olga", phone="+12125550103", referrer=boris["referral_code"]),
        lambda: owner.post(f"clients/{boris['id']}/adjust", {"amount": "5", **reason}).made(),
    ]
    paths = (
        f"clients/{boris['id']}",
        f"clients/{boris['id']}/balance",
        f"clients/{boris['id']}/entries",
        f"clients/{boris['id']}/referrals",
        "clients?phone=%2B12125550102",
        "clients?email=alice@example.com",
        f"clients?card={boris['card']}",
        f"visits?client={boris['id']}",
        f"visits/{visits[0]['id']}",
        f"memberships/{gym['held']['id']}",
        f"giftcards/{gym['card']['id']}",
        "clients",
        "visits",
        "memberships",
    )

    def read(path: str) -> None:
        owner.get(path).ok()

    none_whole(asked_by(changes) + asked_by(partial(read, path) for path in paths))


def opened(browser: Browser, paths: Iterable[str]) -> list[str]:
    def look(path: str) -> None:
        assert browser.get(path).status_code == 200, path

    for path in paths:
        look(path)  # what is remembered after the first time is no matter of the crowd
    return asked_by(partial(look, path) for path in paths)


def test_the_clients_page(gym: dict[str, Any]) -> None:
    asked = []
    for one in ("alice", "boris"):
        browser = Browser()
        browser.get(urlsplit(balance_link(Client.objects.get(pk=gym[one]["id"]))).path)
        asked += opened(browser, ["/me/", "/me/prizes/", "/me/letters/", "/me/friends/", "/me/memberships/"])
    none_whole(asked)


def test_the_desk(gym: dict[str, Any]) -> None:
    browser = signed_in(factories.StaffFactory(username="vera", role="front_desk")).browser
    visit, boris = gym["visits"][0]["id"], gym["boris"]["id"]
    pages = [
        "/desk/",
        f"/desk/?client={boris}",
        "/desk/visits/",
        f"/desk/visits/{visit}/",
    ]
    finds = [f"/desk/clients/?q={typed}" for typed in ("%2B12125550102", "Boris", gym["boris"]["card"])]
    held = [f"/desk/memberships/{gym['held']['id']}/", f"/desk/gift-cards/{gym['card']['id']}/"]
    none_whole(opened(browser, [*pages, *finds, *held, "/desk/goods/?add=gift"]))


def test_the_back_office(gym: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LargePaginator, "LARGE", TIMES)
    browser = Browser()
    browser.force_login(factories.StaffFactory(username="anna", role="owner"))
    boris = gym["boris"]["id"]
    lists = ["clients/client", "loyalty/visit", "giftcards/giftcard", "memberships/membership", "referrals/referral"]
    pages = [f"clients/client/{boris}/change", f"loyalty/visit/{gym['visits'][0]['id']}/change"]
    pages += [f"memberships/membership/{gym['held']['id']}/change", f"giftcards/giftcard/{gym['card']['id']}/change"]
    none_whole(opened(browser, [f"/admin/{path}/" for path in [*lists, *pages, f"referrals/referral/of/{boris}"]]))
