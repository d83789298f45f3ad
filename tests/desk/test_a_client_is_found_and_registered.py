"""The search box and the short form."""

from __future__ import annotations

import pytest

from clients.models import Client, Consent
from loyalty.models import Visit
from loyalty.money import Money
from loyalty.wallet import wallet
from tests import factories
from tests.desk.screen import HTMX, Screen, text_of


def found(desk: Screen, text: str) -> str:
    return text_of(desk.browser.get("/desk/clients/", {"q": text, "on": "check"}).content.decode())


@pytest.mark.parametrize("text", ["boris", "PETROV", "Boris P", "+1 212 555 0102", "2125550102", "0102"])
def test_one_box_finds_by_name_and_phone(text: str, desk: Screen, boris: Client) -> None:
    assert "Boris Petrov" in found(desk, text)


def test_it_finds_by_card_and_by_code(desk: Screen, boris: Client, alice: Client) -> None:
    assert "Boris Petrov" in found(desk, str(boris.cards.get()))
    assert "Alice Ivanova" in found(desk, alice.referral_code.code.lower())


def test_nobody_found_offers_to_register_with_what_was_typed(desk: Screen) -> None:
    assert "No client matches “Zoe Quinn”." in found(desk, "Zoe Quinn")
    answer = desk.browser.get("/desk/register/", {"q": "zoe quinn"}, headers=HTMX).content.decode()
    assert 'name="first_name" value="Zoe"' in answer
    assert 'name="last_name" value="Quinn"' in answer


def test_a_client_chosen_in_the_middle_of_a_check_keeps_its_lines(desk: Screen, boris: Client) -> None:
    desk.open()
    desk.add("service:personal")
    desk.press(choose=str(boris.pk))
    assert desk.fields["line"] == ["service:personal"]
    assert "at most 30.00 (50 %)" in desk.text
    desk.press(choose="")
    assert desk.fields["client"] == [""]
    assert "No client" in desk.text


def test_a_form_sent_twice_registers_once(desk: Screen, alice: Client) -> None:
    sent = {"register_key": "q" * 32, "first_name": "Bob", "referrer": alice.referral_code.code, "consent-email": "1"}
    for _time in range(2):
        assert desk.browser.post("/desk/register/", sent).status_code == 302
    bob = Client.objects.get(first_name="Bob")
    assert wallet(bob, now=factories.NOW).balance == Money(10000)
    assert [consent.topic for consent in Consent.objects.filter(client=bob)] == ["email"]
    assert bob.home is not None
    assert bob.home.code == "main"


@pytest.mark.parametrize("way", ["{code}", "http://testserver/join/{code}/", "+12125550101", "{card}"])
def test_a_friend_is_named_by_code_link_phone_or_card(desk: Screen, alice: Client, way: str) -> None:
    said = way.format(code=alice.referral_code.code, card=alice.cards.get().number)
    sent = {"register_key": "q" * 32, "first_name": "Bob", "referrer": said}
    assert desk.browser.post("/desk/register/", sent).status_code == 302
    assert Client.objects.get(first_name="Bob").referral.referrer == alice


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"phone": "12"}, "is not a phone number"),
        ({"phone": "+12125550101"}, "A client with this phone is registered already."),
        ({"birthday": "2990-01-01"}, "ust be between 1900 and today"),
        ({"email": "nobody"}, "ust be an e-mail address"),
        ({"referrer": "NOSUCH"}, "No client has this code, phone or card."),
        ({"first_name": ""}, "Say the first name."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(
    typed: dict[str, str], message: str, desk: Screen, alice: Client
) -> None:
    before = Client.objects.count()
    sent = {"first_name": "Bob", "last_name": "Ross", "register_key": "q" * 32} | typed
    answer = desk.browser.post("/desk/register/", sent, headers=HTMX)
    assert answer.status_code == 422
    assert message.casefold() in text_of(answer.content.decode()).casefold()
    assert 'value="Ross"' in answer.content.decode()
    assert answer.headers["HX-Retarget"] == "#who"
    assert Client.objects.count() == before


def test_typing_finds_services_memberships_and_gift_cards(desk: Screen) -> None:
    def offered(text: str) -> str:
        return text_of(desk.browser.get("/desk/goods/", {"add_text": text}).content.decode())

    assert "Personal training" in offered("pers")
    assert "Gift card" in offered("gift")
    assert "choose the client first" in offered("5 sess")
    assert "Nothing on the price list matches “sauna”." in offered("sauna")


def test_checks_of_today_lead_to_one_without_a_client(desk: Screen) -> None:
    assert "No checks yet today." in desk.read("/desk/visits/")
    desk.open()
    desk.add("service:towel")
    desk.pay()
    assert "12:00 Towel 3.00" in desk.read("/desk/visits/")
    assert f'href="/desk/visits/{Visit.objects.get().pk}/"' in desk.html
