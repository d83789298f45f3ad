"""Whichever page staff sign in on, a password cannot be guessed."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Staff
from tests import factories

OFFICE, DESK = "admin:login", "desk:sign_in"
OFTEN = "That was tried too often."

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_ten_tries_the_right_password_is_not_looked_at_either(client: Browser, anna: Staff) -> None:
    for _try in range(10):
        assert OFTEN not in tried(client, OFFICE, anna, "wrong")
    assert OFTEN in tried(client, OFFICE, anna, factories.PASSWORD)
    assert "_auth_user_id" not in client.session


def test_the_desk_and_the_office_are_not_two_chances(client: Browser, anna: Staff) -> None:
    for turn in range(10):
        tried(client, (OFFICE, DESK)[turn % 2], anna, "wrong")
    assert OFTEN in tried(client, OFFICE, anna, factories.PASSWORD)
    assert OFTEN in tried(client, DESK, anna, factories.PASSWORD)


def test_a_stranger_elsewhere_does_not_keep_the_owner_out(client: Browser, anna: Staff) -> None:
    for _try in range(12):
        tried(client, OFFICE, anna, "wrong", address="192.0.2.66")
    answer = client.post(reverse(OFFICE), {"username": anna.username, "password": factories.PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(anna.pk)


def test_signing_in_on_the_way_to_another_site_ends_in_the_office(client: Browser, anna: Staff) -> None:
    said = {"username": anna.username, "password": factories.PASSWORD, "next": "https://evil.example/"}
    assert client.post(reverse(OFFICE), said)["Location"] == reverse("admin:index")


def tried(client: Browser, page: str, who: Staff, password: str, address: str = "127.0.0.1") -> str:
    said = {"username": who.username, "password": password}
    return client.post(reverse(page), said, REMOTE_ADDR=address).content.decode()
