"""The day of Bob and Alice in Chromium: joined, sold to, seen, refunded; and the owner changes the percent."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from clients.actors import Actor
from clients.models import Client
from loyalty.registration import register
from loyalty.setup import load, presets, read_yaml
from tests import factories
from tests.chromium import in_chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def alice(settings: Any, live_server: Any) -> Client:
    settings.BASE_URL = live_server.url
    text = next(preset.text for preset in presets() if preset.code == "flexgym")
    load(read_yaml(text), by=Actor.command("test"))
    factories.StaffFactory(username="vera", role="front_desk")
    factories.StaffFactory(username="anna", first_name="Anna", role="owner")
    return register(details={"first_name": "Alice"}, by=Actor.command("test"), now=timezone.now())


def sign_in(browser: Browser, address: str, name: str) -> Page:
    """A browser of their own, at this address."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.fill("#id_username", name)
    page.fill("#id_password", factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    return page


def training_for(page: Page, bonuses: str) -> None:
    page.locator(".chip", has_text="Personal training").click()
    page.locator(".help", has_text=f"at most {bonuses}").wait_for()


def test_a_day_at_flexgym(alice: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        desk = sign_in(browser, f"{live_server.url}/desk/", "vera")
        desk.goto(f"{live_server.url}/desk/register/?q=Bob")
        desk.fill("#new-referrer", alice.referral_code.code)
        desk.keyboard.press("Enter")
        desk.locator("#who", has_text="100.00").wait_for()
        bobs_check = desk.url
        training_for(desk, "30.00")
        desk.get_by_text("Use 30.00").click()
        desk.locator(".sums", has_text="−30.00").first.wait_for()
        desk.keyboard.press("Escape")
        desk.keyboard.press("Control+Enter")
        desk.wait_for_url("**/desk/visits/**")
        receipt = desk.locator("article").inner_text()
        assert all(figure in receipt for figure in ("60.00", "−30.00", "$30.00", "0.90", "1.50"))
        assert "5\N{NO-BREAK SPACE}% of 30.00" in receipt  # why the referrer gets what they get
        bobs_page = str(desk.locator("a", has_text="Open the client's page").get_attribute("href"))
        receipt_url = desk.url
        desk.goto(bobs_page)
        assert desk.locator(".figure").first.inner_text() == "70.90"

        office = sign_in(browser, f"{live_server.url}/admin/", "anna")
        office.goto(receipt_url)
        office.locator("summary", has_text="Refund").click()
        office.fill("#reason", "the trainer was ill")
        office.get_by_role("button", name="All that is left").click()
        assert "−1.50" in office.locator("dl", has_text="Taken back from whoever brought").inner_text()
        office.get_by_role("button", name="Refund $30.00").click()
        office.get_by_text("the trainer was ill").wait_for()
        desk.goto(bobs_page)
        assert desk.locator(".figure").first.inner_text() == "100.00"

        office.goto(f"{live_server.url}/admin/referrals/referralprogram/")
        office.fill("#id_referrer_percent", "10")
        office.get_by_role("button", name="Save", exact=True).click()
        office.get_by_text("10\N{NO-BREAK SPACE}% of what the friend pays").first.wait_for()
        desk.goto(bobs_check)
        training_for(desk, "30.00")
        assert "Referrer\n6.00" in desk.locator(".sums").first.inner_text()

    in_chromium(use)
    assert not alice.accounts.get().lots.exclude(remaining=0).exists()
