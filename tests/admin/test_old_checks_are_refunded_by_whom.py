"""The refund in the admin: offered by the age of the check, refused likewise, and explained on the visit's page."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from clients.models import Staff
from loyalty.models import HouseRules, Refund, Visit
from tests.admin.conftest import Gym, SignIn

SUBMIT = {"_form_submitted": "True", "reason": "was ill", "line_1": "1"}


def page(visit: Visit) -> str:
    return reverse("admin:loyalty_visit_change", args=[visit.pk])


def dialog(visit: Visit) -> str:
    return reverse("admin:loyalty_visit_refund_visit", args=[visit.pk])


def aged(gym: Gym, days: int) -> Visit:
    Visit.objects.filter(pk=gym.visit.pk).update(at=gym.visit.at - timedelta(days=days))
    return gym.visit


def test_a_manager_sends_what_is_too_old_to_the_owner(gym: Gym, mike: Staff, anna: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(manager_refund_days=7)
    visit, browser = aged(gym, 8), sign_in(mike)
    html = browser.get(page(visit)).content.decode()
    assert "This check is so old that only the owner refunds it." in html
    assert dialog(visit) not in html
    answer = browser.post(dialog(visit), SUBMIT | {"key": "a"})
    assert "This check is too old for you to refund: ask the owner." in answer.content.decode()
    assert not Refund.objects.exists()
    owner = sign_in(anna)
    assert dialog(visit) in owner.get(page(visit)).content.decode()
    assert owner.post(dialog(visit), SUBMIT | {"key": "b"}).status_code == 302
    assert Refund.objects.count() == 1


def test_a_manager_refunds_what_is_young_enough(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(manager_refund_days=7)
    visit, browser = aged(gym, 6), sign_in(mike)
    assert dialog(visit) in browser.get(page(visit)).content.decode()
    assert browser.post(dialog(visit), SUBMIT | {"key": "a"}).status_code == 302


def test_an_auditor_is_offered_nothing_and_told_nothing(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    HouseRules.objects.update(manager_refund_days=7)
    html = sign_in(olga).get(page(aged(gym, 8))).content.decode()
    assert "so old" not in html
    assert dialog(gym.visit) not in html


def test_the_visit_tells_why_each_refund_came_to_what_it_did(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    gym.till.refund(gym.till.sell("3 x session", client=gym.alice), (1, 1))
    visit = Visit.objects.latest("pk")
    html = sign_in(anna).get(page(visit)).content.decode()
    assert "Why these figures: refund of" in html
    assert "1 x Training session, 20.00 at list price: 20.00 in money." in html
    assert "Of the 60.00 that counted, 20.00 has come back so far, so now 0.60 is due: 0.60 from these bonuses." in html
