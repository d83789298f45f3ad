"""In Chromium: a code, a hint and a discount by hand on the way to the receipt; nothing moves what is to be pressed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from clients.actors import Actor
from loyalty.models import Visit
from loyalty.money import Money
from loyalty.setup import load, presets, read_yaml
from tests import factories
from tests.chromium import in_chromium
from tests.desk.offers import discount, promo_code
from tests.desk.test_the_desk_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _noon() -> None:
    """Cookies end by the browser's own clock, so time is not moved here."""


@pytest.fixture
def offers(settings: Any, live_server: Any) -> None:
    settings.BASE_URL = live_server.url
    text = next(preset.text for preset in presets() if preset.code == "flexgym")
    load(read_yaml(text), by=Actor.command("test"))
    factories.StaffFactory(username="vera", role="manager")
    promo_code("SPRING", combinable=True)
    discount("big", "Big basket", min_check=Money(7200))


def cash_at(page: Page) -> float:
    """How far down the button stands."""
    box = page.locator("[name=pay][value=cash]").bounding_box()
    assert box is not None
    return box["y"]


def test_a_code_a_hint_and_a_discount_by_hand_lead_to_the_receipt(offers: None, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        complaints = sign_in(page, live_server)
        keys = page.keyboard
        keys.press("Escape")
        page.locator(".chip", has_text="Personal training").click()
        page.locator(".hints", has_text="12.00 more and “Big basket” applies.").wait_for()
        stands = cash_at(page)

        page.locator("#code").focus()
        keys.type("sprong")
        keys.press("Enter")
        page.locator("#code-problem", has_text="No promo code and no gift card has this code.").wait_for()
        assert page.locator("#code").input_value() == "sprong"
        assert cash_at(page) == stands
        page.fill("#code", "spring")
        keys.press("Enter")
        page.locator(".taken", has_text="SPRING").wait_for()
        page.get_by_text("$54.00").first.wait_for()

        page.locator("#by-hand > summary").click()
        page.fill("#by_hand", "10")
        keys.press("Tab")
        page.locator("#by-hand-problem").wait_for()
        page.fill("#by_hand_reason", "a scratch on the locker")
        keys.press("Enter")
        page.get_by_text("$48.60").first.wait_for()
        assert page.locator("#by-hand").get_attribute("open") is not None
        assert cash_at(page) == stands

        keys.press("Control+Enter")
        page.wait_for_url("**/desk/visits/**")
        why = page.locator("#why")
        assert why.get_by_text("SPRING: 10 % of 60.00, 6.00 off.").is_visible()
        assert why.get_by_text("Reason: a scratch on the locker").is_visible()
        late = why.get_by_text("Big basket is for checks from 72.00")
        assert not late.is_visible()
        why.get_by_text("What did not act and why").click()
        assert late.is_visible()
        assert complaints == []

    in_chromium(use)
    visit = Visit.objects.get()
    assert (visit.discount_total, visit.to_pay) == (Money(1140), Money(4860))


LONG = "Everybody who trains before noon with a friend from the same street, as agreed with the district"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_five_discounts_with_long_names_fit_a_phone(offers: None, live_server: Any, scheme: Any) -> None:
    for number in range(4):
        discount(f"long{number}", f"{LONG} {number}", percent=2)

    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        complaints = sign_in(page, live_server)
        page.locator(".chip", has_text="Personal training").click()
        page.wait_for_selector(".pinned .figure")
        page.fill("#code", "SPRING")
        page.keyboard.press("Enter")
        page.wait_for_selector(".taken")
        page.locator("#by-hand > summary").click()
        page.locator("#why > summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("[data-pay]").click()
        page.wait_for_url("**/desk/visits/**")
        page.locator("#why-idle > summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert complaints == []

    in_chromium(use)
