"""Unsubscribing by the link of a letter, and choosing topics and channels: by that link, and on one's own page."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser

from clients.letters.unsubscribing import preferences_link, read_token, token_of, unsubscribe_link
from clients.models import Client, Consent, Silence
from clients.refusals import NotFound
from tests.portal.conftest import Opened, text_of
from tests.till import Till

pytestmark = pytest.mark.django_db


def off_path(client: Client) -> str:
    return urlsplit(unsubscribe_link(client.pk, "email", "offers")).path


def silences(client: Client) -> set[tuple[str, str]]:
    return set(Silence.objects.filter(client=client).values_list("channel", "topic"))


def agree(client: Client, *channels: str) -> None:
    for channel in channels:
        Consent.objects.create(client=client, topic=channel)


# --- the link ------------------------------------------------------------------------------------------------------


def test_a_token_says_who_and_what_and_cannot_be_altered() -> None:
    token = token_of(123, "sms", "reminders")

    assert read_token(token) == (123, "sms", "reminders")
    assert len(token) == 22
    for wrong in (
        token.replace("123", "124"),
        token.replace("sr", "er"),
        token[:-1],
        "",
        "123sr",
        "x" * 500,
        "123zz.abc",
    ):
        with pytest.raises(NotFound):
            read_token(wrong)


def test_looking_unsubscribes_nobody_and_one_press_does(till: Till, boris: Client) -> None:
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(off_path(boris))
    browser.head(off_path(boris))

    assert "FlexGym will not write to you about “offers and news” by e-mail any more." in text_of(page.content.decode())
    assert page["Cache-Control"] == "no-store, private"
    assert silences(boris) == set()
    for _time in range(2):
        done = browser.post(off_path(boris))
        assert (done.status_code, "Done" in text_of(done.content.decode())) == (200, True)
    assert silences(boris) == {("email", "offers")}


@pytest.mark.parametrize("path", ["/letters/off/{}/", "/letters/{}/"])
def test_a_link_that_is_not_ours_says_so(till: Till, boris: Client, path: str) -> None:
    browser = Browser(enforce_csrf_checks=True)
    wrong = [path.format("7eo.AAAAAAAAAAAAAAAA"), path.format("x"), path.format("é" * 30)]
    Client.objects.filter(pk=boris.pk).update(erased_at=till.now)
    wrong.append(path.format(token_of(boris.pk, "email", "offers")))
    for address in wrong:
        assert browser.get(address).status_code == 404
        assert browser.post(address).status_code == 404
    assert not Silence.objects.exists()


def test_the_page_speaks_the_clients_language(till: Till, boris: Client) -> None:
    Client.objects.filter(pk=boris.pk).update(language="ru")

    assert 'lang="ru"' in Browser().get(off_path(boris)).content.decode()


# --- choosing ------------------------------------------------------------------------------------------------------


def test_the_holder_of_a_letter_chooses_among_what_the_client_agreed_to(till: Till, boris: Client) -> None:
    agree(boris, "email")
    path = urlsplit(preferences_link(boris.pk, "email", "offers")).path
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(path).content.decode()
    assert page.count("checked") == 3
    assert 'name="sms.offers"' not in page
    assert str(boris.phone) not in page
    assert str(boris.email) not in page

    answer = browser.post(path, {"email.bonuses": "on", "sms.offers": "on"})

    assert answer.status_code == 302
    assert silences(boris) == {("email", "offers"), ("email", "reminders")}
    assert not Consent.objects.filter(client=boris, topic="sms").exists()
    assert browser.get(path).content.decode().count("checked") == 1


def test_on_their_own_page_a_client_may_also_agree(till: Till, boris: Client, opened: Opened) -> None:
    browser = opened(boris)
    page = browser.get("/me/letters/").content.decode()
    assert page.count("checked") == 0
    assert "boris@example.com" in page

    browser.post("/me/letters/", {"email.offers": "on", "email.reminders": "on"})

    assert set(boris.consents.filter(withdrawn_at=None).values_list("topic", flat=True)) == {"email"}
    assert silences(boris) == {("email", "bonuses")}
    browser.post("/me/letters/", {})
    assert silences(boris) == {("email", "offers"), ("email", "bonuses"), ("email", "reminders")}
    browser.post("/me/letters/", {"email.offers": "on", "email.bonuses": "on", "email.reminders": "on"})
    assert silences(boris) == set()
    assert Consent.objects.filter(client=boris, topic="email").count() == 1


def test_what_stands_keeps_its_date(till: Till, boris: Client, opened: Opened, now: datetime) -> None:
    agree(boris, "email", "sms")
    opened(boris).post("/me/letters/", {"sms.offers": "on"})
    before = set(Silence.objects.values_list("pk", "since"))
    opened(boris).post("/me/letters/", {"sms.offers": "on", "sms.bonuses": "on"})

    assert set(Silence.objects.values_list("pk", "since")) < before
    assert ("sms", "bonuses") not in silences(boris)


def test_without_an_address_there_is_nothing_to_choose(till: Till, boris: Client, opened: Opened) -> None:
    Client.objects.filter(pk=boris.pk).update(email=None, phone=None)

    assert "Tell them at the desk" in opened(boris).get("/me/letters/").content.decode()


def test_the_balance_page_leads_there(till: Till, boris: Client, opened: Opened) -> None:
    assert 'href="/me/letters/"' in opened(boris).get("/me/").content.decode()
