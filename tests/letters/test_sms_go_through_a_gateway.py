"""SMS and messengers: the client's number in the gateway's address, the short text, an address that stays secret."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry

from clients.letters.gateways import LOCKED, check_address, lock, unlock, ways_out
from clients.letters.reasons import show_reason
from clients.letters.sending import send_due
from clients.letters.unsubscribing import unsubscribe_link
from clients.letters.wording import sms_parts, with_link
from clients.models import Client, Gateway, LetterRules, LetterTemplate
from clients.refusals import Invalid
from tests.letters.conftest import Phones, fate, free_port, make_template, put

pytestmark = pytest.mark.django_db


def said(phones: Phones) -> list[tuple[str, str]]:
    return [(path, json.loads(body)["message"]) for path, body in phones.messages]


def test_an_sms_as_it_arrives(
    phones: Phones, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime, settings: Any
) -> None:
    settings.BASE_URL = "https://flexgym.example"
    Gateway.objects.create(name="Twilio", url=lock(phones.url()))
    letter = put(boris, template, now, channel="sms")

    assert send_due(now=now) == 1

    link = unsubscribe_link(boris.pk, "sms", "offers")
    assert said(phones) == [("/+12125550102", f"300.00 bonuses until 30 May 2026\n{link}")]
    assert fate(letter) == ("sent", "")
    assert letter.text.startswith("300.00 bonuses")


def test_without_a_short_text_the_first_line_of_the_letter_goes(
    phones: Phones, rules: LetterRules, boris: Client, now: datetime, settings: Any
) -> None:
    settings.MESSAGE_URLS = [phones.url()]
    put(boris, make_template(short_en="", body_en="Hello, {name}.\nMore."), now, channel="sms")
    send_due(now=now)

    assert said(phones)[0][1].splitlines()[0] == "Hello, Boris."


def test_the_gateway_with_the_lowest_priority_goes_first_and_a_retry_takes_the_next(
    phones: Phones, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime, settings: Any
) -> None:
    settings.MESSAGE_URLS = [phones.url("third/{phone}")]
    Gateway.objects.create(name="Second", url=phones.url("second/{phone}"), priority=20)
    Gateway.objects.create(name="First", url=lock(phones.url("first/{phone}")), priority=10)
    Gateway.objects.create(name="Off", url=phones.url("off/{phone}"), priority=1, enabled=False)
    phones.status = 500
    letter = put(boris, template, now, channel="sms")
    send_due(now=now)
    assert fate(letter) == ("waiting", "again:gateway:First")
    assert show_reason(letter.reason) == "to be tried again: the gateway First would not take it"
    send_due(now=now + timedelta(minutes=1))
    phones.status = 200

    assert send_due(now=now + timedelta(minutes=10)) == 1
    assert [path for path, _text in said(phones)] == [
        "/first/+12125550102",
        "/second/+12125550102",
        "/third/+12125550102",
    ]


def test_a_gateway_that_is_away_is_tried_again(
    rules: LetterRules,
    boris: Client,
    template: LetterTemplate,
    now: datetime,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.MESSAGE_URLS = [f"json://user:very-secret@127.0.0.1:{free_port()}/{{phone}}"]
    letter = put(boris, template, now, channel="sms")

    assert send_due(now=now) == 0
    assert fate(letter) == ("waiting", "again:gateway:MESSAGE_URLS 1")
    assert "very-secret" not in caplog.text


def test_no_gateway_no_sms(rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime) -> None:
    letter = put(boris, template, now, channel="sms")

    assert send_due(now=now) == 0
    assert fate(letter) == ("refused", "no_gateway")


def test_a_letter_without_a_channel_takes_the_one_that_is_allowed(
    rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    assert put(boris, template, now, channel="").channel == "email"
    boris.consents.filter(topic="email").delete()
    assert put(boris, template, now, channel="").channel == "sms"
    boris.consents.all().delete()
    assert put(boris, template, now, channel="").channel == "email"
    assert put(boris, make_template("sms", subject_en="", body_en=""), now, channel="").channel == "sms"


# --- the address is a secret ---------------------------------------------------------------------------------------


def test_an_address_is_kept_encrypted(settings: Any) -> None:
    kept = lock("twilio://key:token@from/{phone}")

    assert kept.startswith(LOCKED)
    assert "token" not in kept
    assert unlock(kept) == "twilio://key:token@from/{phone}"
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 60
    with pytest.raises(Invalid, match="type it again"):
        unlock(kept)
    Gateway.objects.create(name="Twilio", url=kept)
    assert ways_out() == []
    settings.SECRET_KEY_FALLBACKS = [old]
    assert [way.url for way in ways_out()] == ["twilio://key:token@from/{phone}"]
    assert "token" not in repr(ways_out())


def test_the_record_of_changes_does_not_hold_the_address() -> None:
    gateway = Gateway.objects.create(name="Twilio", url=lock("json://secret-host/{phone}"))
    gateway.url = lock("json://other-secret/{phone}")
    gateway.save()

    kept = [json.dumps(entry.changes) for entry in LogEntry.objects.get_for_object(gateway)]
    assert len(kept) == 2
    assert not any("locked:" in text or "secret" in text or gateway.url[-8:] in text for text in kept)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("json://example.com/", "must have {phone}"),
        ("nothing://example.com/{phone}", "no address that apprise knows"),
        ("{phone}", "no address that apprise knows"),
    ],
)
def test_an_address_that_cannot_work_is_refused(url: str, message: str) -> None:
    check_address("json://example.com/{phone}")
    with pytest.raises(Invalid, match=message):
        check_address(url)


# --- how long it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
    ],
)
def test_sms_are_counted_in_parts(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_the_link_stands_in_an_sms_if_it_fits(settings: Any) -> None:
    link = "https://flexgym.example/letters/off/123eo.ABCDEFGHIJKLMNOP/"
    assert with_link("x" * 240, link).endswith(link)
    assert with_link("x" * 250, link) == "x" * 250
    assert with_link("ж" * 70, link).endswith(link)
    assert with_link("ж" * 80, link) == "ж" * 80
