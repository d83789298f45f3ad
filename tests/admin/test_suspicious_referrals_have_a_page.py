"""Suspicious referrals in the admin: what was found in words, and three dialogs that ask why."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.models import Staff
from referrals.models import Referral, ReferralProgram
from tests.admin.conftest import Gym, SignIn

LIST = "/admin/referrals/referral/suspicious/"
FOUND = [
    {"code": "same_device", "whose": "referrer", "clients": 2, "day": "2026-03-02"},
    {"code": "staff", "how": "email", "who": "vera", "day": "2026-03-02"},
]


@pytest.fixture
def pair(gym: Gym) -> Referral:
    """Alice, who brought Boris, as something was found of them."""
    Referral.objects.filter(friend=gym.boris).update(evidence=FOUND, flagged_at=timezone.now())
    row: Referral = Referral.objects.get(friend=gym.boris)
    return row


@pytest.fixture
def browser(pair: Referral, anna: Staff, sign_in: SignIn) -> Browser:
    return sign_in(anna)


def text(browser: Browser, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def dialog(pair: Referral, verb: str) -> str:
    return reverse(f"admin:referrals_referral_{verb}", args=[pair.pk])


def decide(browser: Browser, pair: Referral, verb: str, reason: str = "one person") -> Any:
    return browser.post(dialog(pair, verb), {"_form_submitted": "True", "reason": reason})


def test_the_list_says_what_was_found_and_links_both(gym: Gym, browser: Browser, pair: Referral) -> None:
    page = text(browser, LIST)
    assert "The friend joined with the same device that whoever brought them uses. 2 clients are known from it." in page
    assert "Whoever brought the friend has the e-mail of vera, who works here. Found on 2 March 2026." in page
    for client in (gym.alice, gym.boris):
        assert reverse("admin:clients_client_change", args=[client.pk]) in page
    for verb in ("approve", "hold", "cancel"):
        assert dialog(pair, verb) in page
    assert "1 referral looks suspicious" in text(browser, "/admin/")
    program = reverse("admin:referrals_referralprogram_change", args=[ReferralProgram.objects.get().pk])
    assert "Suspicious: 1" in text(browser, program)


def test_what_was_decided_goes_to_another_list(browser: Browser, pair: Referral) -> None:
    assert decide(browser, pair, "hold", "ask Alice").status_code == 302
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by, pair.decision_reason) == ("held", "staff:anna", "ask Alice")
    assert "Nothing to decide." in text(browser, LIST)
    held = text(browser, f"{LIST}?list=held")
    assert "ask Alice" in held
    assert dialog(pair, "hold") not in held
    page = text(browser, reverse("admin:referrals_referral_change", args=[pair.pk]))
    assert "Why it looks suspicious" in page
    assert "decision: — → held" in page


def test_cancelled_takes_back_and_says_how_much(gym: Gym, browser: Browser, pair: Referral) -> None:
    before = gym.till.balance(gym.alice)
    assert before > 0
    decide(browser, pair, "cancel")
    assert gym.till.balance(gym.alice) < before
    assert "Cancelled. Bonuses taken back:" in text(browser, f"{LIST}?list=cancelled")


def test_a_decision_needs_a_reason(browser: Browser, pair: Referral) -> None:
    for reason in ("", "   "):
        assert decide(browser, pair, "cancel", reason).status_code == 200
    pair.refresh_from_db()
    assert pair.decision == ""


def test_a_manager_decides_and_an_auditor_reads(
    gym: Gym, pair: Referral, mike: Staff, olga: Staff, sign_in: SignIn
) -> None:
    auditor, manager = sign_in(olga), sign_in(mike)
    assert dialog(pair, "cancel") not in text(auditor, LIST)
    assert decide(auditor, pair, "cancel").status_code == 403
    assert decide(manager, pair, "approve").status_code == 302
    pair.refresh_from_db()
    assert (pair.decision, pair.decided_by) == ("approved", "staff:mike")


@pytest.mark.parametrize("said", ["?list=x", "?page=x", "?page=999", "?list=held&page=0"])
def test_an_odd_address_shows_a_list(browser: Browser, said: str) -> None:
    assert browser.get(LIST + said).status_code == 200


def test_the_front_desk_sees_nothing_of_it(pair: Referral, vera: Staff, sign_in: SignIn) -> None:
    assert sign_in(vera).get(LIST).status_code == 302
