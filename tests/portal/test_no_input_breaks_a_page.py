"""Odd requests to the public pages are answered calmly, and what people type stays text."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core import mail
from django.test import Client as Browser

from clients.models import Business, Client
from loyalty.portal.answers import answer_requests
from tests.portal.conftest import Opened
from tests.till import Till

pytestmark = pytest.mark.django_db
ODD = [
    *(
        "\x00",
        "\ud83d",
        "💩" * 300,
        "٣٤٥",
        "-1",
        "1e999",
        "9" * 40,
        "../../etc/passwd",
        "%s%n",
        "{{ 7*7 }}",
        "{% now %}",
    ),
    *("' OR 1=1 --", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\r\nBcc: x@y.z", "\u202egnp.exe"),
]
FORMS = {
    "/join/": ["first_name", "last_name", "phone", "email", "birthday", "code", "terms"],
    "/me/enter/": ["contact"],
    "/gift/": ["code"],
}


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_input_is_answered(till: Till, odd: str) -> None:
    for address, fields in FORMS.items():
        for field in fields:
            said = {"first_name": "Clara", "phone": "+12125550199"} | {field: odd}
            body = "&".join(f"{name}={encoded(value)}" for name, value in said.items())
            answer = Browser().post(address, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code in (200, 302, 422, 429), (address, field)
            assert b"<script>alert" not in answer.content
            assert b"<img src=x" not in answer.content
    answer_requests(now=till.now)
    assert not [letter for letter in mail.outbox if "x@y.z" in letter.recipients()]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_addresses_are_answered(till: Till, boris: Client, opened: Opened, odd: str) -> None:
    browser = opened(boris)
    for address in (
        f"/me/?after={encoded(odd)}",
        f"/join/{encoded(odd)}/",
        f"/me/{encoded(odd)}/",
        f"/me/once/{encoded(odd)}/",
    ):
        assert browser.get(address).status_code in (200, 404), address
    for place in ("0-0-0", "99999999999999999-2-999999999999999999", "1-3-1", "1--1", "-1-0-1"):
        assert browser.get(f"/me/?after={place}").status_code == 200


def test_names_are_text_on_every_page_and_in_letters(till: Till, boris: Client, opened: Opened) -> None:
    payload = '"><svg onload=alert(1)>'
    Client.objects.filter(pk=boris.pk).update(first_name=payload)
    Business.objects.update(name=payload, terms=payload)

    browser = opened(boris)
    for address in ("/", "/join/", f"/join/{boris.referral_code.code}/", "/me/", "/me/enter/", "/gift/"):
        html = browser.get(address).content.decode()
        assert "<svg onload" not in html, address


def test_before_the_business_is_set_up_the_pages_say_so(db: None, browser: Browser) -> None:
    assert "Nothing is set up here yet" in browser.get("/").content.decode()
    assert browser.get("/join/")["Location"] == "/"
    assert browser.get("/me/")["Location"] == "/me/enter/"
    for address in ("/me/enter/", "/gift/"):
        assert browser.get(address).status_code == 200
    assert browser.post("/gift/", {"code": "x"}).status_code == 200


def test_a_request_for_a_page_changes_nothing_without_its_token(till: Till) -> None:
    strict = Browser(enforce_csrf_checks=True)
    for address in ("/join/", "/me/enter/", "/gift/", "/me/leave/", "/me/once/x/"):
        assert strict.post(address, {"contact": "x", "code": "x"}).status_code == 403, address


@pytest.mark.parametrize("address", ["/join/", "/me/enter/", "/gift/", "/desk/sign-in/", "/admin/login/", "/nowhere/"])
def test_a_form_in_another_charset_is_refused(till: Till, address: str) -> None:
    browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
    answer = browser.post(address, "code=x", content_type="application/x-www-form-urlencoded; charset=utf-7")
    assert (answer.status_code, answer.content) == (400, b"The form must be in UTF-8.")


def test_a_form_in_another_charset_is_a_problem_to_the_api(till: Till) -> None:
    said = "application/x-www-form-urlencoded; charset=utf-7"
    answer = Browser(raise_request_exception=False).post("/api/v1/clients", "first_name=x", content_type=said)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
