"""What no rule should ever see: broken JSON, odd bytes, wrong addresses. Always a problem document, never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from clients.models import Client
from tests.api.conftest import Caller


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"5",
        b'{"first_name": NaN}',
        b'{"first_name": Infinity}',
        b'{"first_name": "B", "x": 1' + b"0" * 5000 + b"}",
        b'\xff\xfe{"first_name": "B"}',
        b'{"first_name": "\xff"}',
        b'{"first_name": "\\ud800"}',
        b'{"first_name": "B\\u0000"}',
        b'{"first\\u0000name": "B"}',
        b'{"first_name": "B", "first_name": "C"}',
        b'{"consents": [{"a": 1, "a": 2}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused(till: Caller, body: bytes) -> None:
    till.post("clients", body).refused(400, "invalid")

    assert not Client.objects.exists()


def test_a_key_written_twice_is_named(till: Caller) -> None:
    till.post("clients", '{"first_name": "B", "first_name": "C"}').refused(400, "invalid", "first_name")


def test_a_body_of_a_megabyte_is_enough(till: Caller) -> None:
    body = '{"first_name": "' + "B" * 1024 * 1024 + '"}'
    till.post("clients", body).refused(413, "too_large")

    assert not Client.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_only_json_is_read(till: Caller, kind: str) -> None:
    till.post("clients", "first_name=Boris", content_type=kind).refused(415, "unsupported_media_type")


def test_only_json_is_spoken(till: Caller) -> None:
    till.send("GET", "clients", Accept="text/html").refused(406, "not_acceptable")
    till.send("GET", "clients", Accept="application/json, text/plain, */*").ok()


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(till: Caller, method: str) -> None:
    till.send(method, "clients").refused(405, "method_not_allowed")


@pytest.mark.parametrize(
    "path", ["", "nowhere", "clients/1/2/3", "clients//", "visits/quote/x", "giftcards/1/2", "%00", "%ff"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_is_not_there_says_so(till: Caller, method: str, path: str) -> None:
    assert till.send(method, path, {} if method == "POST" else None).refused(404, "not_found")["status"] == 404


def test_an_address_outside_of_the_version_says_so_too(db: None) -> None:
    answer = Browser().get("/api/v2/clients")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_pages_of_people_keep_their_own_kind_of_not_found(db: None) -> None:
    assert "html" in Browser().get("/nowhere-at-all/").headers["Content-Type"]


def test_a_slash_at_the_end_changes_nothing(till: Caller) -> None:
    boris = till.post("clients/", {"first_name": "Boris"}).made()

    assert till.get(f"clients/{boris['id']}/").ok() == till.get(f"clients/{boris['id']}").ok()
    till.post("clients?x=1", {"first_name": "Boris"}).refused(400, "invalid", "x")


def test_what_is_personal_is_kept_by_nobody(till: Caller) -> None:
    for path in ("clients", "visits", "clients/999"):
        assert till.get(path).headers["Cache-Control"] == "no-store"


def test_before_the_business_is_set_up_it_says_what_to_do(db: None) -> None:
    from loyalty.api.keys import make_key

    caller = Caller(make_key("early", scope="owner"))

    caller.get("clients").refused(400, "invalid")
    assert caller.get("setup").ok() == {}


def test_what_goes_wrong_inside_is_told_without_details(
    till: Caller, monkeypatch: pytest.MonkeyPatch, make_caller: Callable[..., Caller]
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("secret details")

    monkeypatch.setattr("loyalty.api.people.client_shapes", broken)
    answer = till.browser.get("/api/v1/clients", headers={"Authorization": f"Bearer {till.key}"})

    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert b"secret" not in answer.content
