"""Tiers have their terms and privileges on the page of cashback; it asks when changed thresholds count. And by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.models import Staff
from loyalty.models import CashbackProgram, CashbackTier, TierChange, TierStanding
from loyalty.review import review_tiers
from tests.admin.conftest import Gym, SignIn
from tests.admin.test_a_program_is_changed_on_its_page import cashback_page, ladder, rows


@pytest.fixture
def tiers(gym: Gym) -> list[CashbackTier]:
    """Start from 0, Silver from 500, ...; a night has seen them. Boris has spent enough for Silver."""
    gym.till.sell("10 x personal", client=gym.boris)
    review_tiers(day=timezone.localdate(), now=timezone.now())
    return list(CashbackTier.objects.filter(enabled=True).order_by("from_spent"))


def silver_from(tiers: list[CashbackTier], start: str) -> dict[str, str]:
    changed = rows(tiers)
    changed[1] = (tiers[1], "Silver", start, "5")
    return ladder(*changed)


def boris_has(gym: Gym) -> str:
    tier = gym.till.quote("session", client=gym.boris).bill.tier
    return tier.name if tier is not None else ""


def test_it_says_how_many_move_and_asks_when(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    answer = browser.post(cashback_page(), silver_from(tiers, "900"))
    assert answer.status_code == 200
    assert "By this 1 client moves down. Say below when that counts." in answer.content.decode()
    assert CashbackTier.objects.get(pk=tiers[1].pk).from_spent == 50000
    page = reverse("admin:loyalty_cashbackprogram_effect", args=[CashbackProgram.objects.get().pk])
    said = browser.post(page, silver_from(tiers, "900")).json()["sentences"]
    assert said[0] == "By this 1 client moves down."


def test_at_once(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post(cashback_page(), silver_from(tiers, "900") | {"counted": "now"}, follow=True)
    assert "1 client has another tier now." in answer.content.decode()
    assert boris_has(gym) == "Start"
    assert TierChange.objects.filter(by="staff:anna", moved=1).exclude(done_at=None).exists()


def test_with_the_next_night(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    assert sign_in(anna).post(cashback_page(), silver_from(tiers, "900") | {"counted": "night"}).status_code == 302
    assert boris_has(gym) == "Silver"
    review_tiers(day=timezone.localdate(), now=timezone.now())
    assert boris_has(gym) == "Start"


def test_where_nobody_moves_nothing_is_asked(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    assert sign_in(anna).post(cashback_page(), silver_from(tiers, "550")).status_code == 302
    assert boris_has(gym) == "Silver"


def test_terms_and_privileges_are_typed(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    more = {"tiers-1-min_days": "60", "tiers-1-grace_days": "30", "tiers-1-priority_booking": "on"}
    more |= {"tiers-1-privileges": "A towel \r\nA locker\r\n", "falls": "one_step"}
    browser = sign_in(anna)
    assert browser.post(cashback_page(), ladder(*rows(tiers)) | more).status_code == 302
    silver = CashbackTier.objects.get(pk=tiers[1].pk)
    assert (silver.min_days, silver.grace_days, silver.privileges) == (60, 30, "A towel\nA locker")
    assert (silver.priority_booking, silver.early_access) == (True, False)
    words = browser.get(cashback_page()).content.decode()
    assert "Silver is kept for at least 60 days, and for 30 days after the spending no longer reaches it." in words
    assert "Who does not reach their tier any more falls one step at a time." in words


# --- by hand ---------------------------------------------------------------------------------------------------------


def dialog(gym: Gym, verb: str = "set_tier") -> str:
    return reverse(f"admin:clients_client_{verb}", args=[gym.boris.pk])


def said(tier: CashbackTier, **more: Any) -> dict[str, Any]:
    return {"_form_submitted": "True", "tier": tier.pk, "reason": "a friend of the house", **more}


def test_a_tier_is_set_and_let_go_of(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, page = sign_in(anna), reverse("admin:clients_client_change", args=[gym.boris.pk])
    assert dialog(gym, "release_tier") not in browser.get(page).content.decode()
    browser.post(dialog(gym), said(tiers[2], until="2099-12-31"))
    assert boris_has(gym) == "Gold"
    words = browser.get(page).content.decode()
    assert "Set by hand until 31 December 2099." in words
    assert "a friend of the house" in words
    assert dialog(gym, "release_tier") in words
    browser.post(dialog(gym, "release_tier"), {"_form_submitted": "True"})
    assert boris_has(gym) == "Silver"


@pytest.mark.parametrize(("more", "words"), [({"until": "2001-01-01"}, "This day is over."), ({"tier": "0"}, "valid")])
def test_what_makes_no_sense_is_said(
    tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn, more: dict[str, str], words: str
) -> None:
    answer = sign_in(anna).post(dialog(gym), said(tiers[2]) | more)
    assert words in answer.content.decode()
    assert not TierStanding.objects.filter(by_hand=True).exists()


def test_looking_at_the_dialog_writes_nothing_and_needs_the_right(
    tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn
) -> None:
    assert sign_in(anna).get(dialog(gym), said(tiers[2])).status_code == 200
    anna.groups.clear()
    assert sign_in(anna).post(dialog(gym), said(tiers[2])).status_code in (302, 403)
    assert not TierStanding.objects.filter(by_hand=True).exists()
