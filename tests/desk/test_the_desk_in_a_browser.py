"""In Chromium: the whole way of a check with the keyboard alone, and no page that a phone or the policy breaks."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from clients.actors import Actor
from clients.models import Client
from loyalty.models import Visit
from loyalty.money import Money
from loyalty.registration import register
from loyalty.setup import load, presets, read_yaml
from tests import factories
from tests.chromium import in_chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _noon() -> None:
    """Cookies end by the browser's own clock, so time is not moved here."""


@pytest.fixture
def alice(settings: Any, live_server: Any) -> Client:
    settings.BASE_URL = live_server.url
    text = next(preset.text for preset in presets() if preset.code == "flexgym")
    load(read_yaml(text), by=Actor.command("test"))
    factories.StaffFactory(username="vera", role="front_desk")
    details = {"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101"}
    return register(details=details, by=Actor.command("test"), now=timezone.now())


def sign_in(page: Page, server: Any) -> list[str]:
    """At the desk, as Vera; what the browser complains about from now on."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{server.url}/desk/")
    page.wait_for_selector("#id_username:focus")
    page.keyboard.type("vera")
    page.keyboard.press("Tab")
    page.keyboard.type(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/")
    page.wait_for_selector("#find:focus")
    return complaints


def focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_friend_is_registered_sold_to_and_paid_for_with_the_keyboard_alone(alice: Client, live_server: Any) -> None:
    code = alice.referral_code.code

    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        complaints = sign_in(page, live_server)
        keys = page.keyboard
        keys.type("Bob Petrov")
        page.wait_for_selector("#client-new")
        keys.press("Enter")
        page.wait_for_selector("#new-first_name:focus")
        for _field in ("last name", "phone", "e-mail", "birthday: month", "day", "year", "calendar", "code"):
            keys.press("Tab")
        assert focus(page) == "new-referrer"
        keys.type(code)
        keys.press("Enter")
        page.wait_for_selector("#add:focus")
        keys.type("pers")
        page.wait_for_selector("#offer-1")
        keys.press("Enter")
        page.wait_for_selector(".lines")
        page.wait_for_selector("#add:focus")
        keys.press("Escape")
        keys.press("b")
        keys.type("30")
        keys.press("Enter")
        page.get_by_text("$30.00").first.wait_for()
        keys.press("Control+Enter")
        page.wait_for_url("**/desk/visits/**")
        page.wait_for_selector("#find:focus")
        assert page.get_by_text("To Alice Ivanova, who brought this client").is_visible()
        page.goto(str(page.locator("a", has_text="Open the client's page").get_attribute("href")))
        assert page.locator(".figure").first.inner_text() == "70.90"
        assert complaints == []

    in_chromium(use)
    visit = Visit.objects.get()
    assert (visit.bonus_total, visit.to_pay, visit.earned_total) == (Money(3000), Money(3000), Money(90))


def test_the_form_on_a_page_of_its_own_registers_too(alice: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.goto(f"{live_server.url}/desk/register/?q=Bob+Petrov")
        page.fill("#new-referrer", alice.referral_code.code)
        page.keyboard.press("Enter")
        page.locator("#who", has_text="brought by A. Ivanova").wait_for()

    in_chromium(use)


def test_what_is_typed_while_the_check_is_on_its_way_stays(alice: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.locator(".chip", has_text="Towel").click()
        page.wait_for_selector(".lines")
        on_the_way: list[Route] = []
        page.route("**/desk/check/", lambda route: on_the_way.append(route))  # noqa: PLW0108  # it takes no method of a list
        page.locator(".chip", has_text="Training session").click()
        page.locator("#code").press_sequentially("ABC")
        assert len(on_the_way) == 1
        on_the_way[0].continue_()
        page.get_by_text("$23.00").first.wait_for()
        assert page.locator("#code").input_value() == "ABC"

    in_chromium(use)


def test_a_message_that_is_typed_while_the_check_is_on_its_way_stays(alice: Client, live_server: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.locator("#goods summary").click()
        page.locator(".chip", has_text="Gift card").first.click()
        page.locator("#recipient-0 summary").click()
        page.fill("#detail-0-name", "Boris")
        on_the_way: list[Route] = []
        page.route("**/desk/check/", lambda route: on_the_way.append(route))  # noqa: PLW0108  # it takes no method of a list
        page.fill("#detail-0-email", "boris@example.com")
        page.locator("#detail-0-message").press_sequentially("Enjoy")
        page.select_option("#detail-0-language", "ru")
        assert len(on_the_way) == 1
        with page.expect_response("**/desk/check/"):
            on_the_way[0].continue_()
        expect(page.locator(".htmx-request")).to_have_count(0)
        typed = [page.locator(f"#detail-0-{name}").input_value() for name in ("name", "email", "message", "language")]
        assert typed == ["Boris", "boris@example.com", "Enjoy", "ru"]

    in_chromium(use)


def test_enter_does_not_take_from_a_list_that_answers_an_older_text(alice: Client, live_server: Any) -> None:
    register(details={"first_name": "Boris"}, by=Actor.command("test"), now=timezone.now())

    def use(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.keyboard.type("Alice")
        page.wait_for_selector(f"#client-{alice.pk}")
        on_the_way: list[Route] = []
        page.route("**/desk/clients/**", lambda route: on_the_way.append(route))  # noqa: PLW0108  # it takes no method of a list
        page.fill("#find", "Boris")
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        assert page.locator("#who").inner_text().count("Alice") == 0
        on_the_way[0].continue_()
        page.locator("#who", has_text="Boris").wait_for()

    in_chromium(use)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(alice: Client, live_server: Any, scheme: Any) -> None:
    def use(browser: Browser) -> None:
        page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        complaints = sign_in(page, live_server)
        page.goto(f"{live_server.url}/desk/?client={alice.pk}")
        page.locator(".chip", has_text="Towel").click()
        page.wait_for_selector(".pinned .figure")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("[data-pay]").click()
        page.wait_for_url("**/desk/visits/**")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert complaints == []

    in_chromium(use)


CHIP = "const chip = (name) => [...document.querySelectorAll('.chip')].find((one) => one.textContent.includes(name));"


def test_clicks_faster_than_the_network_all_count_and_nothing_is_paid_before_the_new_total(
    alice: Client, live_server: Any
) -> None:
    def hurry(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.evaluate(
            CHIP + "for (const name of ['Towel', 'Personal', 'Towel', 'Personal']) chip(name).click();"
            "document.querySelector('[name=pay]')?.click();"
        )
        page.wait_for_selector(".pay .figure:has-text('126.00')")
        page.evaluate(CHIP + "chip('Towel').click(); document.querySelector('[name=pay]').click();")
        page.wait_for_selector(".pay .figure:has-text('129.00')")
        page.click("[name=pay][value=cash]")
        page.wait_for_url("**/visits/*/")

    in_chromium(hurry)
    assert [visit.to_pay for visit in Visit.objects.all()] == [Money(12900)]


def test_a_payment_that_the_server_turns_away_is_said(alice: Client, live_server: Any) -> None:
    def pay_as_a_stranger(browser: Browser) -> None:
        page = browser.new_page()
        sign_in(page, live_server)
        page.evaluate(CHIP + "chip('Towel').click();")
        page.wait_for_selector("[name=pay][value=cash]")
        page.context.add_cookies([{"name": "csrf", "value": "a" * 32, "url": live_server.url}])
        page.click("[name=pay][value=cash]")
        page.wait_for_selector("#status:not([hidden])")
        page.wait_for_timeout(300)
        assert page.inner_text("#status").startswith("That did not work. What you typed is kept")

    in_chromium(pay_as_a_stranger)
    assert not Visit.objects.exists()
