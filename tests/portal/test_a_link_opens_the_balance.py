"""A client's page is opened by a signed link and by nothing else; the address then names nobody."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import signing
from django.test import Client as Browser

from clients.models import Client, Staff
from loyalty.portal.links import balance_link, one_time_link
from tests.portal.conftest import Opened, text_of
from tests.till import Till

PAGES = ["/me/", "/me/?after=1-0-1"]


def path_of(link: str) -> str:
    return urlsplit(link).path


def test_the_link_of_a_receipt_leads_to_the_balance(boris: Client, browser: Browser) -> None:
    answer = browser.get(path_of(balance_link(boris)))

    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert "Boris Petrov" in browser.get("/me/").content.decode()


def test_the_link_is_that_of_the_installation_and_stays_the_same(boris: Client) -> None:
    assert balance_link(boris).startswith("http://localhost:8000/me/")
    assert balance_link(boris) == balance_link(boris)


def test_a_link_opens_one_page_only(alice: Client, boris: Client, opened: Opened) -> None:
    assert "Alice Ivanova" not in opened(boris).get("/me/").content.decode()
    assert "Boris Petrov" not in opened(alice).get("/me/").content.decode()


def test_the_second_link_in_a_browser_takes_the_place_of_the_first(
    alice: Client, boris: Client, browser: Browser
) -> None:
    browser.get(path_of(balance_link(boris)))
    browser.get(path_of(balance_link(alice)))

    page = browser.get("/me/").content.decode()
    assert "Alice Ivanova" in page
    assert "Boris Petrov" not in page


def test_no_altered_link_opens_anything(alice: Client, boris: Client, browser: Browser) -> None:
    token = path_of(balance_link(boris)).split("/")[2]
    number, signature = token.split(".")
    altered = [
        f"{alice.pk}.{signature}",
        number,
        signature,
        f"{number}.",
        f"{token}x",
        token[:-1],
        token.swapcase(),
        signing.Signer(salt="another", sep=".").sign(number),
        signing.dumps([boris.pk]),
        "9" * 5000,
        "%00",
        "%F0%9F%92%A9",
    ]
    for wrong in altered:
        answer = browser.get(f"/me/{wrong}/")

        assert answer.status_code == 404, wrong
        assert "This link opens nothing" in answer.content.decode()
        assert "client" not in browser.session


@pytest.mark.parametrize("page", PAGES)
def test_without_a_link_one_is_told_how_to_get_in(till: Till, browser: Browser, page: str) -> None:
    answer = browser.get(page)

    assert answer["Location"] == "/me/enter/"
    assert "receipt" in text_of(browser.get("/me/enter/").content.decode())


def test_whoever_works_here_is_no_client_by_that(till: Till, anna: Staff, boris: Client, browser: Browser) -> None:
    browser.force_login(anna)

    assert browser.get("/me/")["Location"] == "/me/enter/"


def test_a_client_is_no_staff_by_their_link(boris: Client, opened: Opened) -> None:
    browser = opened(boris)

    for page in ("/desk/", "/admin/"):
        assert browser.get(page).status_code in (302, 403), page
    assert "_auth_user_id" not in browser.session


def test_leaving_closes_the_page(boris: Client, opened: Opened) -> None:
    browser = opened(boris)

    assert browser.get("/me/leave/").status_code == 405
    browser.post("/me/leave/")

    assert browser.get("/me/")["Location"] == "/me/enter/"


def test_the_link_of_an_erased_client_opens_nothing(boris: Client, opened: Opened, till: Till) -> None:
    browser = opened(boris)
    Client.objects.filter(pk=boris.pk).update(erased_at=till.now)

    assert browser.get("/me/")["Location"] == "/me/enter/"


def test_nobody_keeps_the_page_and_its_address_goes_nowhere(boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    for answer in (browser.get("/me/"), browser.get(path_of(balance_link(boris)))):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
    policy = browser.get("/me/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_link_of_a_letter_opens_once(boris: Client, till: Till) -> None:
    path = path_of(one_time_link(boris, now=till.now))
    first, second = Browser(), Browser()

    assert first.get(path).status_code == 200  # a mail scanner looks, nothing is used up
    assert first.post(path)["Location"] == "/me/"
    assert second.post(path).status_code == 404

    assert "Boris Petrov" in first.get("/me/").content.decode()
    assert second.get("/me/")["Location"] == "/me/enter/"


def test_the_link_of_a_letter_is_good_for_half_an_hour(boris: Client, till: Till, browser: Browser) -> None:
    path = path_of(one_time_link(boris, now=till.now))

    with time_machine.travel(till.now + timedelta(minutes=30), tick=False):
        assert browser.post(path).status_code == 404
    with time_machine.travel(till.now + timedelta(minutes=29), tick=False):
        assert browser.post(path).status_code == 302


def test_one_kind_of_link_is_not_taken_for_the_other(boris: Client, till: Till, browser: Browser) -> None:
    lasting = path_of(balance_link(boris)).split("/")[2]
    once = path_of(one_time_link(boris, now=till.now)).split("/")[3]

    assert browser.get(f"/me/{once}/").status_code == 404
    assert browser.post(f"/me/once/{lasting}/").status_code == 404
