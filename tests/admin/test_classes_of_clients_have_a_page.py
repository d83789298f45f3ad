"""The classes of clients: limits that are told in words, that fit when asked, and a segment for each class."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from clients.models import Business, Staff
from loyalty.models import RfmScale, Segment, Standing
from tests import factories
from tests.admin.conftest import Gym, SignIn

PAGE = "admin:loyalty_rfmscale_changelist"
ADD = "admin:loyalty_rfmscale_add"
MAKE = "admin:loyalty_rfmscale_make"


def limits(**said: str) -> dict[str, str]:
    usual = {"recency_days": "14 30 60 120", "visits": "15 8 4 2", "spent": "1000 500 200 50", **said}
    return {f"{kind}_{5 - index}": limit for kind, four in usual.items() for index, limit in enumerate(four.split(" "))}


def came(days: int, visits: int, spent: int) -> None:
    """So many days of the calendar ago, at noon: an hour of the night belongs to another day in summer."""
    zone = Business.objects.get().zone
    at = datetime.combine(timezone.localdate(timezone=zone) - timedelta(days=days), time(12), zone)
    Standing.objects.create(
        client=factories.ClientFactory(card=None), visits=visits, total_spent=spent, last_visit_at=at
    )


def test_a_house_that_has_said_nothing_sees_the_usual_limits_and_who_is_where(
    gym: Gym, anna: Staff, sign_in: SignIn
) -> None:
    browser = sign_in(anna)
    shown = browser.get(reverse(PAGE), follow=True)
    assert shown.status_code == 200
    assert [(row.name, row.clients) for row in shown.context["classes"]] == [
        ("Champions", "0"),
        ("Loyal", "0"),
        ("Promising", "1"),
        ("New", "1"),
        ("At risk", "0"),
        ("Sleeping", "0"),
        ("Lost", "0"),
    ]
    points = (
        "5, 4, 3 or 2 points for the last visit within 14 · 30 · 60 · 120 days; for 15 · 8 · 4 · 2 visits; "
        "for 1,000.00 · 500.00 · 200.00 · 50.00 spent."
    )
    assert shown.context["effect"].sentences == [
        points,
        "Example: last here 30 days ago, 8 visits, 200.00 spent → “Champions”.",
    ]
    assert not RfmScale.objects.exists()


def test_limits_are_saved_and_told(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert browser.post(reverse(ADD), limits(visits="9 7 5 3", spent="900 700.50 500 0")).status_code == 302
    row = RfmScale.objects.get()
    assert (row.recency_days, row.visits, row.spent) == ([14, 30, 60, 120], [9, 7, 5, 3], [90000, 70050, 50000, 0])
    page = reverse("admin:loyalty_rfmscale_change", args=[row.pk])
    assert browser.get(reverse(PAGE)).headers["Location"] == page
    assert browser.post(page, limits(recency_days="7 14 30 60")).status_code == 302
    shown = browser.get(page).content.decode()
    assert "14 · 30 · 60 · 120 → 7 · 14 · 30 · 60" in shown
    assert "900.00 · 700.50 · 500.00 · 0.00 → 1,000.00 · 500.00 · 200.00 · 50.00" in shown


def test_limits_rise_or_fall(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)

    def errors(**said: str) -> Any:
        answer = browser.post(reverse(ADD), limits(**said))
        return {name: list(found) for name, found in answer.context["adminform"].form.errors.items()}

    assert errors(recency_days="14 30 30 120") == {"recency_days_2": ["Each must be more days than the one before it."]}
    assert errors(visits="1 2 3 4") == {"visits_2": ["Each must be less than the one before it."]}
    assert errors(visits="4 3 2 0") == {"visits_2": ["Ensure this value is greater than or equal to 1."]}
    assert errors(spent="5 4 3 -1") == {"spent_2": ["It must be at least 0.00."]}
    assert errors(spent="5 4 3 x") == {"spent_2": ["Must be an amount like 12.50."]}
    assert not RfmScale.objects.exists()


def test_limits_that_fit_are_shown_before_they_are_saved(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert "Too few clients" in browser.get(reverse(ADD) + "?fit=1").content.decode()
    Standing.objects.update(visits=0)
    for n in range(1, 21):
        came(days=n * 10, visits=n, spent=n * 1000)
    RfmScale.objects.create()
    page = reverse("admin:loyalty_rfmscale_change", args=[1])
    shown = browser.get(page + "?fit=1")
    assert "Nothing is saved yet." in shown.content.decode()
    fields = shown.context["adminform"].form.fields
    found = [
        [fields[f"{kind}_{score}"].initial for score in (5, 4, 3, 2)] for kind in ("recency_days", "visits", "spent")
    ]
    assert found == [[40, 80, 120, 160], [17, 13, 9, 5], [17000, 13000, 9000, 5000]]
    assert RfmScale.objects.get().visits == [15, 8, 4, 2]


def test_a_segment_for_each_class_is_made_after_a_question(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    Segment.objects.create(code="rfm-lost", name="Gone")
    asked = browser.get(reverse(MAKE)).content.decode()
    assert "Champions, Loyal, Promising, New, At risk, Sleeping." in asked
    assert Segment.objects.count() == 1
    told = browser.post(reverse(MAKE), follow=True).content.decode()
    assert "6 segments were made." in told
    assert Segment.objects.filter(code__startswith="rfm-").count() == 7
    assert "There is a segment for each class already." in browser.get(reverse(MAKE)).content.decode()
    assert "All of them are there already." in browser.post(reverse(MAKE), follow=True).content.decode()


def test_an_auditor_sees_the_usual_limits_before_any_are_saved(
    gym: Gym, olga: Staff, mike: Staff, sign_in: SignIn
) -> None:
    browser, page = sign_in(olga), reverse("admin:loyalty_rfmscale_change", args=[1])
    assert browser.get(reverse(PAGE)).headers["Location"] == page
    shown = browser.get(page)
    assert shown.status_code == 200
    assert "14 · 30 · 60 · 120" in shown.content.decode()
    assert len(shown.context["classes"]) == 7
    assert "Fit the limits to my clients" not in shown.content.decode()
    assert browser.post(page, limits()).status_code == 403
    assert browser.get(reverse("admin:loyalty_rfmscale_change", args=[2])).status_code == 302
    assert sign_in(mike).get(page).status_code == 403
    assert not RfmScale.objects.exists()


def test_who_may_only_look(gym: Gym, olga: Staff, mike: Staff, sign_in: SignIn) -> None:
    RfmScale.objects.create(spent=[90000, 70000, 50000, 100])
    page = reverse("admin:loyalty_rfmscale_change", args=[1])
    shown = sign_in(olga).get(page).content.decode()
    assert "900.00 · 700.00 · 500.00 · 1.00" in shown
    assert "Make a segment for each class" not in shown
    assert sign_in(olga).post(reverse(MAKE)).status_code == 403
    assert sign_in(olga).post(page, limits()).status_code == 403
    assert sign_in(mike).get(page).status_code in (302, 403)
    assert RfmScale.objects.get().visits == [15, 8, 4, 2]
