"""Language of the reader, clock of the business, a content policy of its own, the owner's colour."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client as Browser
from django.urls import reverse

from clients.models import Business, Staff
from tests.admin.conftest import Gym, SignIn

LABELS = sorted(model._meta.label_lower.replace(".", "_") for model in admin.site._registry)


def test_the_admin_has_a_policy_of_its_own(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    office = browser.get(reverse("admin:index")).headers["Content-Security-Policy"]
    street = browser.get("/gift/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in office
    assert "unsafe" not in street
    for policy in (office, street):
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("label", LABELS)
def test_every_page_works_in_russian(gym: Gym, anna: Staff, sign_in: SignIn, label: str) -> None:
    anna.language = "ru"
    anna.save()
    browser = sign_in(anna)
    answer = browser.get(reverse(f"admin:{label}_changelist"), follow=True)
    assert answer.status_code == 200
    assert 'lang="ru"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "ru"
    assert browser.get(reverse(f"admin:{label}_add")).status_code in (200, 403)


def test_the_language_of_staff_goes_before_that_of_the_browser(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert 'lang="ru"' in browser.get("/admin/", headers={"Accept-Language": "ru"}).content.decode()
    Staff.objects.filter(pk=anna.pk).update(language="en")
    assert 'lang="en"' in browser.get("/admin/", headers={"Accept-Language": "ru"}).content.decode()


def test_an_amount_may_be_typed_with_a_comma_in_russian(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    Staff.objects.filter(pk=anna.pk).update(language="ru")
    before = gym.till.balance(gym.boris)
    data = {"_form_submitted": "True", "amount": "12,50", "reason": "ждал", "key": "k"}
    sign_in(anna).post(reverse("admin:clients_client_adjust", args=[gym.boris.pk]), data)
    assert gym.till.balance(gym.boris) == before + 1250


def test_times_are_those_of_the_business(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    local = gym.visit.at.astimezone(Business.objects.get().zone).strftime("%H:%M")
    page = sign_in(anna).get(reverse("admin:loyalty_visit_change", args=[gym.visit.pk])).content.decode()
    assert local in page


def test_the_owners_colour_is_made_readable(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    Business.objects.update(accent="#ffff00")
    page = sign_in(anna).get(reverse("admin:index")).content.decode()
    assert "--color-primary-600: color-mix(in oklab, #" in page
    assert "#ffff00 100%" not in page


def test_a_visit_is_explained(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    page = sign_in(anna).get(reverse("admin:loyalty_visit_change", args=[gym.visit.pk])).content.decode()
    assert "Whoever brought this client gets 3.00 bonuses: 5\N{NO-BREAK SPACE}% of 60.00." in page


def test_strangers_are_shown_the_sign_in(gym: Gym) -> None:
    answer = Browser().get(reverse("admin:clients_client_change", args=[gym.boris.pk]))
    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]
