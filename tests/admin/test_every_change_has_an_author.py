"""Who changed which setting, when, from what to what: on the page of the thing, and in the list of all changes."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from clients.actors import Actor
from clients.models import Staff
from loyalty.models import CashbackTier
from loyalty.setup import load
from referrals.models import ReferralProgram
from tests.admin.conftest import Gym, SignIn
from tests.admin.test_a_program_says_what_it_does import form_of


def test_a_change_on_a_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program, browser = ReferralProgram.objects.get(), sign_in(anna)
    page = reverse("admin:referrals_referralprogram_change", args=[program.pk])
    same = {"lifetime_days": str(program.lifetime_days)}
    browser.post(page, form_of(program, referrer_percent="7.5", friend_amount="120", **same))
    newest, oldest = browser.get(page).context["changes"]
    assert (newest.by, newest.thing) == (str(anna), "")
    assert sorted((step.before, step.after) for step in newest.steps) == [
        ("100.00", "120.00"),
        ("5\N{NO-BREAK SPACE}%", "7.5\N{NO-BREAK SPACE}%"),
    ]
    assert (oldest.by, oldest.verb) == ("load_setup", "added")


def test_saving_without_a_change_leaves_no_record(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program, browser = ReferralProgram.objects.get(), sign_in(anna)
    page = reverse("admin:referrals_referralprogram_change", args=[program.pk])
    browser.post(page, form_of(program, lifetime_days=str(program.lifetime_days)))
    assert [change.verb for change in browser.get(page).context["changes"]] == ["added"]


def test_a_change_by_a_setup_document_names_who_loaded_it(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    load({"services": [{"code": "session", "name": "Training", "price": "25.00"}]}, by=Actor.key("head office"))
    page = sign_in(anna).get(reverse("admin:auditlog_logentry_changelist")).content.decode()
    assert ">head office<" in page
    assert "list price: 20.00 → 25.00" in page


def test_a_tier_is_told_on_its_programs_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    tier = CashbackTier.objects.get(name="Silver")
    tier.percent = 6
    tier.save()
    page = sign_in(anna).get(reverse("admin:loyalty_cashbackprogram_change", args=[tier.program_id]))
    newest = page.context["changes"][0]
    assert (newest.thing, newest.told) == (
        "tier “Silver”",
        ["cashback, %: 5\N{NO-BREAK SPACE}% → 6\N{NO-BREAK SPACE}%"],
    )


def test_a_password_is_in_no_record(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    url = reverse("admin:auth_user_password_change", args=[anna.pk])
    browser.post(url, {"password1": "a new long one 77", "password2": "a new long one 77", "usable_password": "true"})
    anna.refresh_from_db()
    assert anna.check_password("a new long one 77")
    page = browser.get(reverse("admin:auditlog_logentry_changelist")).content.decode()
    assert anna.password not in page
    assert settings.SECRET_KEY not in page
