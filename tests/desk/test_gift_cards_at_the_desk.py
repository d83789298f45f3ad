"""Gift cards at the desk: sold for somebody, found by code or by the buyer, blocked, replaced, printed."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from clients.models import Client, Staff
from giftcards.models import GiftCard, GiftCardDelivery, GiftCardType

CODE = re.compile(r'class="code">([0-9A-Z ]{20})<')
pytestmark = pytest.mark.django_db


def signed_in(staff: Staff) -> Browser:
    browser = Browser()
    browser.force_login(staff)
    return browser


def sell(browser: Browser, client: Client, **details: str) -> str:
    """Sell a card of 50 at the desk; its code, from the receipt."""
    sent = {"line": "gift_card_type:gift:50.00", "client": str(client.pk)}
    sent |= {f"detail-0-{name}": text for name, text in details.items()}
    page = browser.post("/desk/check/", sent).content.decode()
    token, seen, key = (re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("token", "seen", "key"))
    assert token is not None
    assert seen is not None
    assert key is not None
    sent |= {"token": token[1], "seen": seen[1], "key": key[1], "pay": "cash"}
    receipt = browser.post("/desk/pay/", sent, follow=True).content.decode()
    found = CODE.search(receipt)
    assert found is not None, receipt
    return found[1]


def test_it_is_sold_for_somebody_and_printed_from_the_receipt(vera: Staff, alice: Client) -> None:
    browser = signed_in(vera)
    code = sell(browser, alice, name="Boris", email="boris@example.com", message="Enjoy")
    row = GiftCardDelivery.objects.get()
    assert (row.name, row.email, row.giver, row.message) == ("Boris", "boris@example.com", "Alice", "Enjoy")
    page = browser.post("/desk/gift-cards/paper/", {"code": code}).content.decode()
    assert all(group in page for group in (*code.split(), "For Boris, from Alice", "Enjoy", "$50.00"))
    file = browser.post("/desk/gift-cards/paper/", {"code": code, "as": "pdf"})
    assert file.content.startswith(b"%PDF")


def test_a_wrong_address_is_said_at_the_line(vera: Staff, alice: Client) -> None:
    sent = {"line": "gift_card_type:gift:50.00", "detail-0-email": "boris", "detail-0-name": "Boris"}
    page = signed_in(vera).post("/desk/check/", sent).content.decode()
    assert "The gift card needs the e-mail address of whoever it is for" in page
    assert 'value="boris"' in page


def test_it_is_found_by_code_or_by_its_end_and_the_buyer(vera: Staff, alice: Client) -> None:
    browser = signed_in(vera)
    code = sell(browser, alice)
    card = GiftCard.objects.get()
    there = f"/desk/gift-cards/{card.pk}/"
    for typed in ({"code": code}, {"last_four": code[-4:].lower(), "phone": "+1 212 555 0101"}):
        assert browser.post("/desk/gift-cards/find/", typed)["Location"] == there
    assert "$50.00" in browser.get(there).content.decode()
    for typed, why in (
        ({"code": "7K3M"}, "There is no gift card with this code"),
        ({"last_four": code[-4:], "phone": "+12125550199"}, "No client with this phone"),
        ({}, "Type the code, or its last four symbols"),
    ):
        page = browser.post("/desk/gift-cards/find/", typed)
        assert page.status_code == 422
        assert why in page.content.decode()


def test_a_card_for_something_else_says_what_it_is_for(vera: Staff, alice: Client) -> None:
    GiftCardType.objects.filter(code="gift").update(services=["session"])
    browser = signed_in(vera)
    code = sell(browser, alice)
    page = browser.post("/desk/check/", {"line": "service:towel", "code": code}).content.decode()
    assert "This gift card can be used for Training session only, and there is none on this check." in page
    assert code[-4:] in page


def test_a_manager_blocks_and_replaces_it_and_the_front_desk_does_not(vera: Staff, mara: Staff, alice: Client) -> None:
    code = sell(signed_in(vera), alice)
    card = GiftCard.objects.get()
    there, boss = f"/desk/gift-cards/{card.pk}/", signed_in(mara)
    for verb in ("block", "replace"):
        assert signed_in(vera).post(f"{there}{verb}/", {"reason": "lost"}).status_code == 404
    assert boss.post(f"{there}block/", {"reason": ""}).status_code == 422
    assert boss.post(f"{there}block/", {"reason": "lost"}).status_code == 302
    page = boss.post(f"{there}replace/", {"reason": "lost"}).content.decode()
    fresh = CODE.search(page)
    assert fresh is not None
    card.refresh_from_db()
    assert (card.void_reason, GiftCard.objects.count()) == ("replaced", 2)
    assert fresh[1] != code
    old = boss.get(there).content.decode()
    assert "Replaced by" in old
    assert f"…{fresh[1][-4:]}" in old
    assert "Went to another card" in old
    assert boss.post("/desk/gift-cards/paper/", {"code": fresh[1]}).status_code == 200
    assert boss.post("/desk/gift-cards/paper/", {"code": code}).status_code == 404  # the old one is void


def test_a_manager_stops_a_letter_and_sends_it_again(vera: Staff, mara: Staff, alice: Client) -> None:
    sell(signed_in(vera), alice, email="boris@example.com", on="2026-03-20")
    there, browser = f"/desk/gift-cards/{GiftCard.objects.get().pk}/", signed_in(mara)
    assert "Do not send it" in browser.get(there).content.decode()
    assert "Do not send it" not in signed_in(vera).get(there).content.decode()
    assert signed_in(vera).post(f"{there}stop/").status_code == 404
    assert GiftCardDelivery.objects.get().cancelled_at is None
    browser.post(f"{there}stop/")
    assert GiftCardDelivery.objects.get().cancelled_at is not None
    assert browser.post(f"{there}send/", {"email": "nobody"}).status_code == 422
    browser.post(f"{there}send/", {"email": "b@example.com"})
    row = GiftCardDelivery.objects.get()
    assert (row.email, row.cancelled_at) == ("b@example.com", None)


def test_odd_addresses_are_not_there(vera: Staff) -> None:
    browser = signed_in(vera)
    for odd in ("0", "x", "9" * 30, "٣"):
        assert browser.get(f"/desk/gift-cards/{odd}/").status_code == 404
    assert browser.post("/desk/gift-cards/paper/", {"code": "x"}).status_code == 404
    assert Browser().get("/desk/gift-cards/").status_code == 302
