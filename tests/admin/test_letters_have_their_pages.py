"""Letters in the admin: written in both languages, looked at with a client's figures, tried, and read when sent."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.letters import Letter, write
from clients.letters.gateways import LOCKED, lock, unlock
from clients.models import Consent, Gateway, LetterRules, LetterTemplate, Message, Silence, Staff
from tests.admin.conftest import Gym, SignIn

pytestmark = pytest.mark.django_db

SAID = {
    "name": "We miss you",
    "enabled": "on",
    "topic": "offers",
    "value": "70",
    "subject_en": "{name}, a gift",
    "body_en": "Hello, {name}.\r\n\r\n{amount} until {last_day}. ",
    "short_en": "",
    "subject_ru": "{name}, подарок",
    "body_ru": "Здравствуйте, {name}.",
    "short_ru": "Подарок до {last_day}",
    "code": "",
}


@pytest.fixture
def office(anna: Staff, sign_in: SignIn) -> Browser:
    """Anna's browser."""
    return sign_in(anna)


def errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def test_a_letter_is_written(office: Browser) -> None:
    answer = office.post("/admin/clients/lettertemplate/add/", SAID)

    assert answer.status_code == 302, errors(answer)
    row = LetterTemplate.objects.get()
    assert (row.code, row.value, row.body_en) == ("we-miss-you", 70, "Hello, {name}.\n\n{amount} until {last_day}.")


@pytest.mark.parametrize(
    ("said", "field", "message"),
    [
        ({"subject_en": "{nmae}"}, "subject_en", "There is no place {nmae}"),
        ({"body_ru": "{name.x}"}, "body_ru", "There is no place {name.x}"),
        ({"short_ru": "50 {"}, "short_ru", "A brace stands alone at the end"),
        ({"subject_en": ""}, "subject_en", "Give the letter a subject."),
        ({"body_ru": ""}, "body_ru", "Write the letter to this subject"),
        (
            {name: "" for name in SAID if name.startswith(("subject", "body", "short"))},
            "body_en",
            "Write the letter in one language at least.",
        ),
        ({"value": "101"}, "value", "less than or equal to 100"),
    ],
)
def test_a_mistake_is_said_where_it_is(office: Browser, said: dict[str, str], field: str, message: str) -> None:
    answer = office.post("/admin/clients/lettertemplate/add/", {**SAID, **said})

    assert answer.status_code == 200
    assert message in str(errors(answer)[field])
    assert not LetterTemplate.objects.exists()


def test_a_letter_is_shown_as_a_client_would_read_it(gym: Gym, office: Browser) -> None:
    shown = office.post("/admin/clients/lettertemplate/preview/", {**SAID, "preview_client": "Alice"}).json()["html"]

    assert "Alice, a gift" in shown
    assert "Hello, Alice." in shown
    assert "Здравствуйте, Alice." in shown
    assert "As Alice Ivanova would read it:" in shown
    broken = office.post("/admin/clients/lettertemplate/preview/", {**SAID, "body_en": "{x}"})
    assert broken.json() == {"html": ""}
    office.post("/admin/clients/lettertemplate/add/", SAID)
    row = LetterTemplate.objects.get()
    assert "Boris, a gift" in office.get(f"/admin/clients/lettertemplate/{row.pk}/change/").content.decode()


def dialog(browser: Browser, model: str, pk: int, **said: str) -> Any:
    address = reverse(f"admin:clients_{model}_try_it", args=[pk])
    return browser.post(address, {"_form_submitted": "1", **said}, headers={"HX-Request": "true"})


def test_a_letter_is_tried(gym: Gym, office: Browser) -> None:
    office.post("/admin/clients/lettertemplate/add/", SAID)
    row = LetterTemplate.objects.get()

    answer = dialog(office, "lettertemplate", row.pk, to="anna@example.com", language="ru", client="Boris")

    assert answer.headers.get("HX-Redirect"), answer.content.decode()
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["anna@example.com"], "Boris, подарок")
    assert "/letters/off/0eo." in str(sent.extra_headers["List-Unsubscribe"])
    assert not Message.objects.exists()


def test_what_cannot_be_tried_says_why(gym: Gym, office: Browser) -> None:
    office.post("/admin/clients/lettertemplate/add/", SAID)
    row = LetterTemplate.objects.get()
    for said, message in (
        ({"to": "nonsense"}, "phone"),
        ({"to": "+12125550109"}, "gateway"),
        ({"to": "a@example.com", "client": "Nobody Atall"}, "No client is found by this."),
    ):
        answer = dialog(office, "lettertemplate", row.pk, **{"language": "en", **said})
        assert "HX-Redirect" not in answer.headers
        assert message in answer.content.decode()
    assert mail.outbox == []


def test_an_address_of_a_gateway_is_never_shown_again(gym: Gym, office: Browser) -> None:
    said = {"name": "Twilio", "url": "json://key:very-secret@example.com/{phone}", "enabled": "on", "priority": "10"}
    assert office.post("/admin/clients/gateway/add/", said).status_code == 302
    row = Gateway.objects.get()
    assert row.url.startswith(LOCKED)
    page = f"/admin/clients/gateway/{row.pk}/change/"
    for address in (page, "/admin/clients/gateway/", "/admin/auditlog/logentry/"):
        shown = office.get(address).content.decode()
        assert "very-secret" not in shown
        assert row.url[10:40] not in shown

    assert office.post(page, {**said, "url": "", "priority": "20"}).status_code == 302
    row.refresh_from_db()
    assert (row.priority, unlock(row.url)) == (20, said["url"])
    office.post(page, {**said, "url": "json://other.example.com/{phone}"})
    row.refresh_from_db()
    assert unlock(row.url) == "json://other.example.com/{phone}"
    assert not any("very-secret" in str(entry.changes) for entry in LogEntry.objects.all())
    assert "••• " in office.get(page).content.decode()


@pytest.mark.parametrize("url", ["", "json://example.com/", "nonsense", "nothing://x/{phone}"])
def test_an_address_that_cannot_work_is_refused(gym: Gym, office: Browser, url: str) -> None:
    answer = office.post("/admin/clients/gateway/add/", {"name": "X", "url": url, "enabled": "on", "priority": "10"})

    assert "url" in errors(answer)
    assert not Gateway.objects.exists()


def test_an_auditor_sees_no_address(gym: Gym, sign_in: SignIn, olga: Staff) -> None:
    row = Gateway.objects.create(name="Twilio", url=lock("json://very-secret.example.com/{phone}"))

    page = sign_in(olga).get(f"/admin/clients/gateway/{row.pk}/change/").content.decode()
    assert "Twilio" in page
    assert "very-secret" not in page
    assert LOCKED not in page


def test_the_rules_say_what_they_do(gym: Gym, office: Browser) -> None:
    said = {"quiet_from": "21:00", "quiet_to": "09:00", "weekly_cap": "2", "ending_days": "7", "falling_days": "30"}
    assert office.post("/admin/clients/letterrules/add/", said).status_code == 302

    page = office.get("/admin/clients/letterrules/", follow=True).content.decode()
    assert "Letters go out from 09:00 to 21:00." in page
    assert "A client gets at most 2 letters in seven days" in page
    assert LetterRules.objects.get().weekly_cap == 2


def test_letters_are_read_and_found(gym: Gym, office: Browser) -> None:
    office.post("/admin/clients/lettertemplate/add/", SAID)
    template = LetterTemplate.objects.get()
    write([Letter("test:1", gym.boris.pk, template.pk, "test", "email")], now=timezone.now())
    Message.objects.update(state="refused", reason="no_consent")

    listed = office.get("/admin/clients/message/?q=Boris").content.decode()
    assert "no consent to this channel" in listed
    assert office.get("/admin/clients/message/?q=Alice").content.decode().count("no consent to this channel") == 0
    row = Message.objects.get()
    assert "We miss you" in office.get(f"/admin/clients/message/{row.pk}/change/").content.decode()
    assert office.post(f"/admin/clients/message/{row.pk}/change/", {}).status_code == 403


def test_a_clients_page_tells_of_their_letters(gym: Gym, office: Browser) -> None:
    office.post("/admin/clients/lettertemplate/add/", SAID)
    template = LetterTemplate.objects.get()
    write([Letter("test:1", gym.boris.pk, template.pk, "test", "email")], now=timezone.now())
    Consent.objects.create(client=gym.boris, topic="email")
    Silence.objects.create(client=gym.boris, channel="email", topic="bonuses", by=f"client:{gym.boris.pk}")

    page = office.get(f"/admin/clients/client/{gym.boris.pk}/change/").content.decode()
    assert "We miss you" in page
    assert "e-mail: bonuses that were given" in page
