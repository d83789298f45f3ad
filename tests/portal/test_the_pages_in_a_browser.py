"""In Chromium, without script: nothing is cut off at 360 px, the policy refuses nothing of ours, a newcomer gets in."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page

from clients.actors import Actor
from clients.models import Client
from loyalty.portal.answers import answer_requests
from loyalty.portal.links import balance_link
from loyalty.registration import register
from loyalty.setup import load, presets, read_yaml
from tests.chromium import in_chromium
from tests.till import Till

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def boris() -> Client:
    """A client with something of everything: bonuses, a membership, a gift card, a visit."""
    preset = next(preset for preset in presets() if preset.code == "flexgym")
    load(read_yaml(preset.path.read_text()), by=Actor.command("test"))
    till = Till(now=timezone.now())
    said = {"first_name": "Boris", "last_name": "Petrov", "phone": "+12125550102", "email": "boris@example.com"}
    client = register(details=said, by=Actor.staff("vera"), now=till.now)
    till.give(client, "100.00", program="gift", limit_percent=50, min_check="50.00")
    till.sell("personal", client=client, redeem="max")
    till.sell({"membership_plan": "five"}, {"gift_card_type": "gift", "amount": "50"}, client=client)
    return client


def here(link: str, server: Any) -> str:
    """A link of ours on the test's own server."""
    return link.replace("http://localhost:8000", server.url)


def listen(page: Page) -> list[str]:
    """What the browser complains about: the policy that refused something, a file that is missing."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: complaints.append(request.url))
    return complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_nothing_is_refused(boris: Client, live_server: Any, scheme: Any) -> None:
    link = here(balance_link(boris), live_server)
    code = boris.referral_code.code

    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        complaints = listen(page)
        for address in ("/", "/join/", f"/join/{code}/", "/join/done/", "/me/enter/", "/gift/", link):
            page.goto(address if address.startswith("http") else live_server.url + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
            assert page.locator("h1").count() == 1, address
        assert complaints == []

    in_chromium(use)


def test_the_balance_page_is_read_without_script(boris: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(here(balance_link(boris), live_server))
        assert page.url == live_server.url + "/me/"
        assert page.locator(".figure").inner_text() == "73.60"
        page.get_by_text("why").last.click()
        assert page.get_by_text("of 30.00, 0.90 bonuses").is_visible()

    in_chromium(use)


def test_a_newcomer_joins_and_opens_the_page_from_the_letter(boris: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.goto(f"{live_server.url}/join/{boris.referral_code.code}/")
        assert page.get_by_text("Boris invites you. You start with 100.00 bonuses.").is_visible()
        page.get_by_label("First name").fill("Clara")
        page.get_by_label("Phone").fill("(212) 555-0199")
        page.get_by_label("E-mail").fill("clara@example.com")
        page.get_by_role("button", name="Join").click()
        page.get_by_text("Your card is ready at the desk").wait_for()

    in_chromium(use)
    answer_requests(now=timezone.now())
    link = next(word for word in str(mail.outbox[0].body).split() if "/me/" in word)

    def open_letter(browser: Browser) -> None:
        page = browser.new_page()
        page.goto(here(link, live_server))
        assert page.locator(".figure").inner_text() == "100.00"

    in_chromium(open_letter)
