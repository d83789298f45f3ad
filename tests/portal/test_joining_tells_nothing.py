"""Joining on the page, and asking for a link: one answer to everybody, and the right thing done behind it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext, override_settings

from clients.models import Business, Client, Consent, PublicRequest
from loyalty.models import Entry
from loyalty.portal.answers import answer_requests
from loyalty.wallet import wallet
from referrals.models import Partner
from tests.portal.conftest import text_of
from tests.till import Till

KNOWN = "+12125550102"  # Boris
UNKNOWN = "+12125550199"
CLARA = {"first_name": "Clara", "last_name": "Smith", "email": "clara@example.com"}


def join(browser: Browser, address: str = "/join/", **said: Any) -> Any:
    return browser.post(address, {**CLARA, "phone": UNKNOWN, **said}, follow=True)


def seen(answer: Any) -> tuple[Any, ...]:
    """All that a stranger sees: addresses, status, headers, bytes; but for what is random in every answer."""
    headers = {name: value for name, value in answer.items() if name != "Content-Security-Policy"}
    body = re.sub(rb'nonce="[^"]+"', b"", answer.content)
    return answer.redirect_chain, answer.status_code, headers, body, sorted(answer.cookies)


def test_a_known_phone_and_an_unknown_one_get_the_same_answer(till: Till, boris: Client) -> None:
    assert seen(join(Browser(), phone=KNOWN)) == seen(join(Browser(), phone=UNKNOWN))


def asked_by(address: str, **said: Any) -> list[str]:
    """What the database is asked by a form, without the values."""
    with CaptureQueriesContext(connection) as queries:
        Browser().post(address, {**CLARA, **said})
    return [re.sub(r"'.*?'|[0-9a-f-]{8,}|s[0-9]+_x[0-9]+", "?", query["sql"]) for query in queries]


def test_the_database_is_asked_the_same_for_both(till: Till, boris: Client) -> None:
    known, unknown = (asked_by("/join/", phone=phone) for phone in (KNOWN, UNKNOWN))

    assert known == unknown
    assert not [sql for sql in known if "clients_client" in sql]


def test_whoever_is_named_the_answer_and_the_questions_are_the_same(till: Till, boris: Client) -> None:
    card, code = boris.cards.get().number, boris.referral_code.code
    link = f"https://flexgym.example/join/{code}/"
    named = [KNOWN, "+12125550198", card, "79927398713", code, "NOBODYXX", link, link.replace(code, "NOBODYXX")]
    phones = iter(range(2000, 2100))

    answers = [seen(join(Browser(), phone=f"+1212555{next(phones)}", code=said)) for said in named]
    asked = [asked_by("/join/", phone=f"+1212555{next(phones)}", code=said) for said in named]
    by_address = [asked_by(f"/join/{said}/", phone=f"+1212555{next(phones)}") for said in named[:4]]

    assert answers == [answers[0]] * len(named)
    assert [*asked, *by_address] == [asked[0]] * (len(named) + 4)
    assert not [sql for sql in asked[0] for table in ("clients_c", "referrals_") if table in sql]


@pytest.mark.parametrize(
    ("known", "unknown"), [(KNOWN, UNKNOWN), ("boris@example.com", "nobody@example.com"), ("boris", "\U0001f4a9")]
)
def test_asking_for_a_link_gets_the_same_answer(till: Till, boris: Client, known: str, unknown: str) -> None:
    first = Browser().post("/me/enter/", {"contact": known}, follow=True)
    second = Browser().post("/me/enter/", {"contact": unknown}, follow=True)

    assert seen(first) == seen(second)
    assert "If we know you" in text_of(first.content.decode())


def test_a_newcomer_is_registered_and_gets_a_letter_with_the_link(till: Till, browser: Browser) -> None:
    page = join(browser, birthday="1990-03-04")
    answer_requests(now=till.now)

    client = Client.objects.get(phone=UNKNOWN)
    assert "Your card is ready at the desk" in text_of(page.content.decode())
    assert (client.full_name, client.email, str(client.birthday)) == ("Clara Smith", "clara@example.com", "1990-03-04")
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["clara@example.com"], "Welcome to FlexGym")
    link = re.search(r"http://localhost:8000(/me/\S+)", str(letter.body))
    assert link is not None
    assert "Clara Smith" in browser.get(link[1], follow=True).content.decode()
    assert not PublicRequest.objects.exists()


def test_joining_does_not_open_a_page(till: Till, boris: Client, browser: Browser) -> None:
    join(browser, phone=KNOWN)
    answer_requests(now=till.now)

    assert browser.get("/me/")["Location"] == "/me/enter/"


def test_a_friend_who_comes_by_a_link_starts_with_100(till: Till, alice: Client, browser: Browser) -> None:
    address = f"/join/{alice.referral_code.code.lower()}/"

    page = text_of(browser.get(address).content.decode())
    join(browser, address, code=alice.referral_code.code)
    answer_requests(now=till.now)

    assert "Alice invites you. You start with 100.00 bonuses." in page
    assert "Ivanova" not in page
    clara = Client.objects.get(phone=UNKNOWN)
    assert clara.referral.referrer == alice
    assert wallet(clara, now=till.now).spendable == 10000


def test_an_unknown_invitation_is_said_calmly_and_one_can_join(till: Till, browser: Browser) -> None:
    page = browser.get("/join/NOBODYAA/")
    join(browser, "/join/NOBODYAA/", code="NOBODYAA")
    answer_requests(now=till.now)

    assert page.status_code == 200
    assert "We do not know this invitation, or nobody can be invited just now." in text_of(page.content.decode())
    clara = Client.objects.get(phone=UNKNOWN)
    assert not Entry.objects.filter(account__client=clara).exists()


WAYS = {
    "code": "{code}",
    "link": "http://testserver/join/{code}/",
    "link of another host, with a query": "https://www.flexgym.example/join/{code}?from=alice#top",
    "link without a scheme": "flexgym.example/join/{code}",
    "the message that was shared": "Come with me to FlexGym: http://localhost:8000/join/{code}/",
    "phone": "+12125550101",
    "phone as one writes it": "(212) 555-0101",
    "card": "{card}",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_friend_is_named_by_code_link_phone_or_card(till: Till, alice: Client, browser: Browser, way: str) -> None:
    join(browser, code=way.format(code=alice.referral_code.code, card=alice.cards.get().number))
    answer_requests(now=till.now)

    clara = Client.objects.get(phone=UNKNOWN)
    assert clara.referral.referrer == alice
    assert wallet(clara, now=till.now).spendable == 10000


@pytest.mark.parametrize("way", ["{code}", "{card}", "+12125550101"])
def test_a_form_that_does_not_ask_goes_by_its_address(till: Till, alice: Client, browser: Browser, way: str) -> None:
    join(browser, f"/join/{way.format(code=alice.referral_code.code, card=alice.cards.get().number)}/")
    answer_requests(now=till.now)

    assert Client.objects.get(phone=UNKNOWN).referral.referrer == alice


def test_a_field_that_was_emptied_names_nobody(till: Till, alice: Client, browser: Browser) -> None:
    join(browser, f"/join/{alice.referral_code.code}/", code="")
    answer_requests(now=till.now)

    assert Client.objects.filter(phone=UNKNOWN).count() == 1
    assert alice.brought.count() == 0


@pytest.mark.parametrize("odd", ["%00", "A" * 301, "%F0%9F%92%A9", "%20"])
def test_an_odd_address_keeps_nobody_from_joining(till: Till, browser: Browser, odd: str) -> None:
    answer = browser.post(f"/join/{odd}/", {**CLARA, "phone": UNKNOWN})
    answer_requests(now=till.now)

    assert (answer.status_code, Client.objects.filter(phone=UNKNOWN).count()) == (302, 1)


def test_a_phone_or_a_card_in_the_address_is_greeted_as_an_unknown_code(
    till: Till, boris: Client, browser: Browser
) -> None:
    for said in (KNOWN, boris.cards.get().number, "+12125550198"):
        assert "We do not know" in text_of(browser.get(f"/join/{said}/").content.decode())


@pytest.mark.parametrize("said", [UNKNOWN, "+12125550198", "NOBODYXX", "http://testserver/join/", "/join/%00/"])
def test_oneself_or_somebody_unknown_is_left_out(till: Till, alice: Client, browser: Browser, said: str) -> None:
    join(browser, code=said)
    answer_requests(now=till.now)

    clara = Client.objects.get(phone=UNKNOWN)
    assert not hasattr(clara, "referral")
    assert wallet(clara, now=till.now).spendable == 0


def test_a_partners_link_is_one_too(till: Till, browser: Browser) -> None:
    yoga = Partner.objects.create(code="City-Yoga", name="City Yoga", percent=10)
    join(browser, code="https://flexgym.example/join/city-yoga/")
    answer_requests(now=till.now)

    assert yoga.clients.get().client.phone == UNKNOWN


def test_who_cannot_be_invited_by_this_friend_joins_all_the_same(till: Till, alice: Client, browser: Browser) -> None:
    join(browser, code=alice.referral_code.code, email=alice.email)
    answer_requests(now=till.now)

    assert Client.objects.filter(phone=UNKNOWN).count() == 1
    assert alice.brought.count() == 0


def test_whoever_is_a_client_already_gets_a_link_to_the_address_on_record(
    till: Till, boris: Client, browser: Browser
) -> None:
    join(browser, phone=KNOWN)
    answer_requests(now=till.now)

    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["boris@example.com"], "Your balance at FlexGym")
    assert not Client.objects.filter(first_name="Clara").exists()
    boris.refresh_from_db()
    assert (boris.full_name, boris.email) == ("Boris Petrov", "boris@example.com")


def test_the_link_that_was_asked_for_opens_the_page_once(till: Till, boris: Client, browser: Browser) -> None:
    browser.post("/me/enter/", {"contact": " Boris@Example.com "})
    answer_requests(now=till.now)

    path = re.search(r"http://localhost:8000(/me/once/\S+)", str(mail.outbox[0].body))
    assert path is not None
    assert browser.post(path[1])["Location"] == "/me/"
    assert Browser().post(path[1]).status_code == 404


def test_nobody_unknown_gets_mail(till: Till, browser: Browser) -> None:
    for contact in ("nobody@example.com", UNKNOWN, "x"):
        browser.post("/me/enter/", {"contact": contact})
    answer_requests(now=till.now)

    assert mail.outbox == []
    assert not PublicRequest.objects.exists()


def test_a_form_is_answered_once(till: Till, browser: Browser) -> None:
    for _time in range(2):
        join(browser)
    for _time in range(3):
        answer_requests(now=till.now)

    assert Client.objects.filter(phone=UNKNOWN).count() == 1
    assert [letter.subject for letter in mail.outbox] == ["Welcome to FlexGym", "Your balance at FlexGym"]


def test_a_mail_server_that_is_away_loses_nothing(till: Till, browser: Browser) -> None:
    join(browser)
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="", EMAIL_PORT=1):
        answer_requests(now=till.now)

    assert Client.objects.filter(phone=UNKNOWN).count() == 1
    assert mail.outbox == []
    answer_requests(now=till.now + timedelta(minutes=5))
    assert [letter.to for letter in mail.outbox] == [["clara@example.com"]]
    assert Client.objects.filter(phone=UNKNOWN).count() == 1


def test_what_is_wrong_with_the_form_is_said_and_nothing_is_kept(till: Till, boris: Client, browser: Browser) -> None:
    cases = {
        "phone": ("12", "is not a phone number"),
        "first_name": ("", "This field is required."),
        "email": ("clara", "Must be an e-mail address"),
        "birthday": ("2999-01-01", "Must be between 1900 and today"),
    }
    for name, (value, said) in cases.items():
        answer = join(browser, **{name: value})

        assert answer.status_code == 422, name
        assert said.lower() in text_of(answer.content.decode()).lower(), name
    assert not PublicRequest.objects.exists()


def test_terms_must_be_agreed_to_where_there_are_some(till: Till, browser: Browser) -> None:
    Business.objects.update(terms="Bonuses are not money.")

    refused = join(browser)
    join(browser, terms="on")
    answer_requests(now=till.now)

    assert "Please agree to the terms to join." in text_of(refused.content.decode())
    consent = Consent.objects.get(client__phone=UNKNOWN)
    assert (consent.topic, consent.given_at) == ("terms", till.now)


def test_one_address_joins_twenty_times_an_hour(till: Till, browser: Browser) -> None:
    answers = [join(browser, phone=f"+1212555{1000 + number}").status_code for number in range(21)]

    assert answers == [200] * 20 + [429]
    assert PublicRequest.objects.count() == 20
    with time_machine.travel(till.now + timedelta(hours=1), tick=False):
        assert join(browser).status_code == 200


def test_a_phone_is_counted_however_it_is_written_and_wherever_it_comes_from(till: Till) -> None:
    spellings = ["+12125550199", "(212) 555-0199", "212.555.0199", "+1 212 555 0199"]
    answers = [
        Browser(REMOTE_ADDR=f"198.51.100.{number}").post("/join/", {**CLARA, "phone": phone}).status_code
        for number, phone in enumerate(spellings)
    ]

    assert answers == [302, 302, 302, 429]
