"""Before there is a business a preset is chosen; then the page says what needs attention, in few queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.models import Business, Location, Staff
from loyalty import watermarks
from loyalty.models import CashbackProgram, NightRun
from loyalty.night import run_daily
from tests.admin.conftest import Gym, SignIn, person


@pytest.fixture
def owner(db: None) -> Staff:
    return person("anna", "owner")


def start(code: str) -> str:
    return reverse("start", args=[code])


def test_an_owner_is_offered_the_presets(owner: Staff, sign_in: SignIn) -> None:
    page = sign_in(owner).get(reverse("admin:index"))
    assert [preset.code for preset in page.context["presets"]] == ["flexgym", "salon", "shop"]
    assert start("flexgym") in page.content.decode()


def test_a_preset_sets_everything_up_once(owner: Staff, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    assert browser.post(start("flexgym")).status_code == 302
    assert Business.objects.get().name == "FlexGym"
    assert CashbackProgram.objects.get().tiers.count() == 5
    browser.post(start("salon"))
    assert Business.objects.get().name == "FlexGym"


def test_looking_at_the_address_sets_nothing_up(owner: Staff, sign_in: SignIn) -> None:
    assert sign_in(owner).get(start("flexgym")).status_code == 405
    assert not Business.objects.exists()


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_only_an_owner_chooses(db: None, sign_in: SignIn, role: str) -> None:
    browser = sign_in(person("mike", role))
    assert browser.get(reverse("admin:index")).context["presets"] == []
    assert browser.post(start("flexgym")).status_code == 403
    assert not Business.objects.exists()


def test_an_unknown_preset_is_not_there(owner: Staff, sign_in: SignIn) -> None:
    assert sign_in(owner).post(start("bakery")).status_code == 404


def test_pages_with_amounts_lead_to_the_first_page_before_there_is_a_currency(owner: Staff, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    for label in ("referrals_referralprogram", "loyalty_cashbackprogram", "giftcards_giftcardtype", "loyalty_visit"):
        answer = browser.get(reverse(f"admin:{label}_changelist"), follow=True)
        assert answer.redirect_chain[-1][0] == reverse("admin:index"), label
    for label in ("loyalty_bonusprogram", "memberships_plan", "loyalty_service", "clients_client"):
        answer = browser.get(reverse(f"admin:{label}_add"))
        assert answer.headers["Location"] == reverse("admin:index"), label


def said(page: object) -> list[str]:
    return [notice.text for notice in page.context["notices"]]  # type: ignore[attr-defined]


def test_a_night_that_never_ran_is_said_first(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert said(browser.get(reverse("admin:index")))[0].startswith("The nightly work has never run")
    run_daily(now=timezone.now())
    assert not any("night" in text for text in said(browser.get(reverse("admin:index"))))


def test_a_new_business_is_not_frightened_while_the_worker_is_awake(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    watermarks.seen("loyalty.catch_up", timezone.now() - timedelta(minutes=6))
    assert not any("night" in text for text in said(sign_in(anna).get(reverse("admin:index"))))
    watermarks.seen("loyalty.catch_up", timezone.now() - timedelta(hours=1))
    assert said(sign_in(anna).get(reverse("admin:index")))[0].startswith("The nightly work has never run")


def test_a_night_that_stopped_is_said(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    run_daily(now=timezone.now())
    NightRun.objects.update(started_at=timezone.now() - timedelta(days=2))
    assert said(sign_in(anna).get(reverse("admin:index")))[0].startswith("The nightly work last ran on")


def test_what_is_switched_off_or_missing_is_said(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    CashbackProgram.objects.update(enabled=False)
    Location.objects.update(enabled=False)
    found = said(sign_in(anna).get(reverse("admin:index")))
    assert "“Cumulative cashback” is switched off." in found
    assert "There is no open location: nothing can be sold." in found


def test_what_ends_soon_is_said(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    gym.till.give(gym.alice, "12.34", last_day=gym.till.today + timedelta(days=3))
    found = said(sign_in(anna).get(reverse("admin:index")))
    assert "Bonuses of 12.34 end within two weeks, of 1 client." in found


def test_the_figures_are_those_of_the_till(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    """60.00, 10.00 (a trial), 50.00 for the card and 90.00 for the plan."""
    figures = sign_in(anna).get(reverse("admin:index")).context["figures"]
    shown = {figure.label: figure.value for figure in figures}
    assert (shown["checks today"], shown["paid this month"]) == ("4", "210.00")
    assert (shown["on gift cards"], shown["sessions not used yet"]) == ("50.00", "5")


def test_what_came_back_is_not_counted(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    """210.00 before; then 3.00 and two times 60.00, of which 60.00 comes back; then 60.00 that comes back whole."""
    some = gym.till.sell("towel", {"service": "personal", "quantity": 2}, client=gym.boris)
    gym.till.refund(some, (2, 1))
    gym.till.refund(gym.till.sell("personal", client=gym.boris))

    figures = sign_in(anna).get(reverse("admin:index")).context["figures"]

    shown = {figure.label: figure for figure in figures}
    assert (shown["checks today"].value, shown["checks today"].note) == ("5", "273.00 paid")
    assert (shown["paid this month"].value, shown["paid this month"].note) == ("273.00", "5 checks")


def test_the_first_page_asks_little(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse("admin:index"))
    for _time in range(5):
        gym.till.sell("session", client=gym.boris)
    with CaptureQueriesContext(connection) as more:
        browser.get(reverse("admin:index"))
    assert len(more) == len(few) <= 40
