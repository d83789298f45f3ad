"""The mark of a browser: set when somebody joins or opens their page, nowhere else, and kept hidden."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client as Browser
from django.test.utils import override_settings

from clients import devices
from clients.models import Client, Device, PublicRequest
from loyalty.portal.answers import answer_requests
from loyalty.portal.links import balance_link
from tests.till import Till

NEWCOMER = {"first_name": "Clara", "phone": "+12125550199"}


def mark(browser: Browser) -> str:
    return str(browser.cookies["device"].value)


def test_whoever_joins_is_remembered_with_the_device(till: Till) -> None:
    browser = Browser()
    answer: Any = browser.post("/join/", NEWCOMER)
    cookie = answer.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["path"]) == (True, "Lax", 34560000, "/")
    assert devices.is_mark(cookie.value)
    assert cookie.value not in str(PublicRequest.objects.get().said)
    answer_requests(now=till.now)
    clara = Client.objects.get(first_name="Clara")
    row = Device.objects.get()
    assert (row.client, row.mark, row.seen_at) == (clara, devices.hidden(cookie.value), clara.created_at)


def test_whoever_opens_their_page_is_remembered_once(till: Till, boris: Client, alice: Client) -> None:
    browser = Browser()
    for client in (boris, alice):
        till.account(client)
        browser.get(re.sub("^https?://[^/]+", "", balance_link(client)))
        for _time in range(2):
            assert browser.get("/me/").status_code == 200
    assert [row.client for row in Device.objects.order_by("pk")] == [boris, alice]
    assert {row.mark for row in Device.objects.all()} == {devices.hidden(mark(browser))}


def test_no_other_page_sets_it(till: Till, boris: Client) -> None:
    browser = Browser()
    for address in ("/", "/join/", "/join/done/", "/me/", "/me/enter/", "/gift/", "/desk/", "/admin/login/"):
        browser.get(address)
    browser.post("/join/", {"first_name": ""})
    assert "device" not in browser.cookies
    assert not Device.objects.exists()


@pytest.mark.parametrize("brought", ["", "x", "a" * 33, "é" * 32, "'; DROP TABLE--aaaaaaaaaaaaaaaaaa"])
def test_a_mark_that_is_not_ours_is_replaced(till: Till, brought: str) -> None:
    browser = Browser(headers={"Cookie": f"device={brought}"})
    answer: Any = browser.post("/join/", NEWCOMER)
    assert answer.status_code == 302
    assert devices.is_mark(answer.cookies["device"].value)
    assert answer.cookies["device"].value != brought


@override_settings(SESSION_COOKIE_SECURE=True)
def test_over_https_it_is_sent_over_https_only(till: Till) -> None:
    answer: Any = Browser().post("/join/", NEWCOMER)
    assert answer.cookies["__Host-device"]["secure"]
