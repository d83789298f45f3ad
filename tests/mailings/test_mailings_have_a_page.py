"""The page of a mailing: what it does in words, the letter as a client reads it, dialogs that ask, how far it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, LetterTemplate, Message, Staff
from loyalty import mailings
from loyalty.models import Mailing
from tests.admin.conftest import Gym, SignIn, anna, gym, mike, olga, sign_in, vera
from tests.mailings.conftest import Template, agreed
from tests.till import statements

__all__ = ["anna", "gym", "mike", "olga", "sign_in", "vera"]

ADD = "/admin/loyalty/mailing/add/"
LIST = "/admin/loyalty/mailing/"
SUBMIT = {"_form_submitted": "True"}


@pytest.fixture
def letter(gym: Gym, template: Template) -> LetterTemplate:
    agreed(Client.objects.get(pk=gym.boris.pk), "email")
    Client.objects.filter(pk=gym.boris.pk).update(email="boris@example.com")
    return template("spring", subject_en="Spring", body_en="Dear {name}, you have {balance}.", short_en="")


def said(letter: LetterTemplate, **more: Any) -> dict[str, Any]:
    return {"name": "Spring", "template": letter.pk, "channel": "email", "begins_at_0": "", "begins_at_1": "", **more}


@pytest.fixture
def draft(letter: LetterTemplate) -> Mailing:
    one: Mailing = Mailing.objects.create(name="Spring", template=letter, by="staff:anna")
    return one


def page(mailing: Mailing) -> str:
    return reverse("admin:loyalty_mailing_change", args=[mailing.pk])


def verb(mailing: Mailing, name: str) -> str:
    return reverse(f"admin:loyalty_mailing_{name}", args=[mailing.pk])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


@pytest.fixture
def browser(gym: Gym, anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


def test_a_mailing_is_made_and_says_what_it_will_do(browser: Browser, letter: LetterTemplate) -> None:
    assert browser.post(ADD, said(letter)).status_code == 302
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.by) == ("draft", "staff:anna")

    seen = text(browser.get(page(mailing)))
    assert "The letter “Spring” goes by e-mail to everybody: 2 clients now." in seen
    assert "1 of them has an address, agreed to this channel and did not unsubscribe." in seen
    assert "It begins when it is started." in seen


def test_a_letter_without_a_text_for_the_channel_is_refused(browser: Browser, template: Template) -> None:
    dumb = template("dumb", body_en="", short_en="", subject_en="", body_ru="", subject_ru="", short_ru="Привет")
    answer: Any = browser.post(ADD, said(dumb))

    assert dict(answer.context["adminform"].form.errors) == {"template": ["This letter has no text for this channel."]}
    assert not Mailing.objects.exists()


def test_the_letter_is_shown_as_a_client_reads_it(gym: Gym, browser: Browser, draft: Mailing) -> None:
    phone = gym.alice.phone
    seen = text(browser.get(page(draft), {"client": phone or ""}))

    balance = f"{gym.till.balance(gym.alice) / 100:.2f}"
    assert "As Alice Ivanova reads it" in seen
    assert f"Dear Alice, you have {balance}." in seen
    assert "No client has this phone or card." in text(browser.get(page(draft), {"client": "nobody"}))


def test_what_cannot_be_said_is_told(browser: Browser, draft: Mailing) -> None:
    LetterTemplate.objects.update(body_en="You get {amount}")

    assert "There is nothing to put into {amount}." in text(browser.get(page(draft)))


def test_a_test_goes_to_an_address(browser: Browser, draft: Mailing) -> None:
    answer = browser.post(verb(draft, "test"), SUBMIT | {"to": "anna@example.com", "language": "en", "client": ""})
    assert answer.status_code == 302
    assert [one.to for one in mail.outbox] == [["anna@example.com"]]
    assert Message.objects.count() == 0


def test_starting_asks_first_and_says_to_how_many(browser: Browser, draft: Mailing) -> None:
    asked = text(browser.get(verb(draft, "start")))
    assert "“Spring” goes by e-mail to 2 clients." in asked
    assert "1 of them can be reached." in asked
    draft.refresh_from_db()
    assert draft.state == "draft"

    assert browser.post(verb(draft, "start"), SUBMIT).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.wanted) == ("running", 2)


def test_it_is_watched_paused_gone_on_with_and_called_off(browser: Browser, draft: Mailing) -> None:
    browser.post(verb(draft, "start"), SUBMIT)
    mailings.write_due(now=timezone.now())
    seen = text(browser.get(page(draft)))
    assert "How far it is: running" in seen
    assert "2 of 2" in seen
    assert "every 3s" in seen
    assert 'name="template"' not in seen  # what has begun is not changed any more

    for name, state in (("pause", "paused"), ("go_on", "running"), ("cancel", "cancelled")):
        assert browser.post(verb(draft, name), SUBMIT).status_code == 302
        draft.refresh_from_db()
        assert draft.state == state
    seen = text(browser.get(verb(draft, "progress")))
    assert "not sent: the mailing was called off 2" in seen.replace("</dt><dd>", " ")
    assert "every 3s" not in seen


def test_the_report_tells_who_came_back(gym: Gym, browser: Browser, draft: Mailing) -> None:
    browser.post(verb(draft, "start"), SUBMIT)
    mailings.write_due(now=timezone.now())
    Message.objects.filter(client=gym.boris).update(state="sent", sent_at=timezone.now())
    gym.till.later(minutes=30).sell("personal", client=gym.boris)

    assert "1 client came within 14 days after the letter and paid 60.00." in text(browser.get(page(draft)))


def test_only_who_has_the_right_sends(draft: Mailing, mike: Staff, olga: Staff, sign_in: SignIn) -> None:
    for person in (mike, olga):
        browser = sign_in(person)
        assert browser.post(verb(draft, "start"), SUBMIT).status_code == 403
    assert "Start" not in text(sign_in(olga).get(page(draft)))
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_refusal_is_said_in_the_dialog(browser: Browser, draft: Mailing) -> None:
    LetterTemplate.objects.update(enabled=False)

    assert "The letter “Spring” is switched off." in text(browser.post(verb(draft, "start"), SUBMIT))


def test_lists_ask_little(browser: Browser, letter: LetterTemplate) -> None:
    def ask() -> int:
        return len(statements(lambda: browser.get(LIST)))

    Mailing.objects.create(name="One", template=letter, by="staff:anna")
    ask()
    few = ask()
    for number in range(10):
        Mailing.objects.create(name=f"Number {number}", template=letter, by="staff:anna")
    assert ask() == few
