"""The page of a segment: its rule in words and who belongs, rewritten as one types."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clients.models import Location, Staff
from clients.tags import set_tags
from loyalty.admin.sentences_segments import told
from loyalty.models import CashbackTier, Discount, Segment
from loyalty.money import Currency, Money
from loyalty.registration import register
from tests.admin.conftest import ANNA, Gym, SignIn

USD = Currency("USD", 2)
ADD = "admin:loyalty_segment_add"
NEW = "admin:loyalty_segment_effect_of_new"


def form(**said: str) -> dict[str, str]:
    return {"name": "Regulars", "enabled": "on", **said}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "No condition: every client belongs."),
        ({"enabled": False, "visits_min": 5}, "Switched off: nobody belongs to it."),
        ({"visits_min": 1}, "A client belongs who has at least 1 visit."),
        ({"spent_min": Money(50000)}, "A client belongs who has spent at least 500.00."),
        ({"last_visit_days_max": 30}, "A client belongs who has come within the last 30 days."),
        ({"last_visit_days_max": 0}, "A client belongs who has been here today."),
        ({"last_visit_days_min": 60}, "A client belongs who has been away for at least 60 days."),
        (
            {"last_visit_days_min": 30, "last_visit_days_max": 60},
            "A client belongs who has last come between 30 days and 60 days ago.",
        ),
        (
            {"last_visit_days_min": 30, "last_visit_days_max": 30},
            "A client belongs who has last come 30 days ago, to the day.",
        ),
        ({"tier": "Gold"}, "A client belongs who has the tier “Gold”."),
        ({"tag": "VIP"}, "A client belongs who has the tag “VIP”."),
        ({"birthday_month": 5}, "A client belongs who has a birthday in May."),
        (
            {"location": Location(name="Riverside")},
            "A client belongs who has registered at “Riverside” or been there.",
        ),
        (
            {"visits_min": 5, "spent_min": Money(0), "tag": "VIP"},
            "A client belongs who has at least 5 visits, spent at least 0.00 and the tag “VIP”.",
        ),
    ],
)
def test_each_condition_is_said(values: dict[str, Any], sentence: str) -> None:
    assert told(Segment(**values), USD) == [sentence]


def test_a_segment_is_made_on_the_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    said = form(
        visits_min="5", spent_min="500", tier="Silver", tag=" VIP ", birthday_month="5", location=str(gym.main.pk)
    )
    assert sign_in(anna).post(reverse(ADD), said).status_code == 302
    made = Segment.objects.get()
    assert (made.code, made.visits_min, made.spent_min, made.tier) == ("regulars", 5, 50000, "Silver")
    assert (made.tag, made.birthday_month, made.location, made.last_visit_days_max) == ("VIP", 5, gym.main, None)


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        (
            {"last_visit_days_min": "60", "last_visit_days_max": "30"},
            "last_visit_days_min",
            "Nobody came last at least 60 days and at most 30 days ago.",
        ),
        (
            {"last_visit_days_min": "1", "last_visit_days_max": "0"},
            "last_visit_days_min",
            "Nobody came last at least 1 day and at most 0 days ago.",
        ),
        ({"tag": "a, b"}, "tag", "Must not have a comma."),
        ({"spent_min": "1_000"}, "spent_min", "Must be an amount like 12.50."),
        ({"birthday_month": "13"}, "birthday_month", "Select a valid choice. 13 is not one of the available choices."),
        ({"tier": "Gold!"}, "tier", "Select a valid choice. Gold! is not one of the available choices."),
    ],
)
def test_what_makes_no_sense_is_said_where_it_stands(
    gym: Gym, anna: Staff, sign_in: SignIn, said: dict[str, str], field: str, words: str
) -> None:
    answer = sign_in(anna).post(reverse(ADD), form(**said))
    errors = answer.context["adminform"].form.errors
    assert {name: list(found) for name, found in errors.items()} == {field: [words]}
    assert not Segment.objects.exists()


def test_the_sentence_counts_who_belongs_as_one_types(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    for one in (gym.alice, gym.boris):
        set_tags(one, ["VIP"], by=ANNA)
    assert browser.post(reverse(NEW), form(tag="VIP")).json()["sentences"] == [
        "A client belongs who has the tag “VIP”.",
        "Now 2 clients belong: Boris Petrov and Alice Ivanova.",
    ]
    assert browser.post(reverse(NEW), form(tag="vip")).json()["sentences"][-1] == "Nobody belongs now."
    assert not Segment.objects.exists()


def test_of_many_only_some_are_named(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    for n in range(4):
        register(details={"first_name": f"Client {n}"}, by=ANNA, now=gym.till.now)
    said = sign_in(anna).post(reverse(NEW), form()).json()["sentences"][-1]
    assert said == ("Now 6 clients belong, for example Client 3, Client 2, Client 1, Client 0 and Boris Petrov.")


def test_the_page_names_the_programs_that_are_for_it(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    segment = Segment.objects.create(code="regulars", name="Regulars", visits_min=5)
    page, browser = reverse("admin:loyalty_segment_change", args=[segment.pk]), sign_in(anna)
    assert browser.get(page).context["effect"].now == "No program is for this segment yet."
    Discount.objects.create(code="five", name="Five off", kind="permanent", percent=5, segment=segment)
    effect = browser.get(page).context["effect"]
    assert effect.now == "Programs for this segment: “Five off”."
    assert effect.sentences == ["A client belongs who has at least 5 visits.", "Nobody belongs now."]


def test_a_tier_that_is_gone_stays_chosen_until_another_is(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    segment = Segment.objects.create(code="gold", name="Gold", tier="Old Gold")
    page = reverse("admin:loyalty_segment_change", args=[segment.pk])
    browser = sign_in(anna)
    assert browser.post(page, form(name="Golden", tier="Old Gold")).status_code == 302
    segment.refresh_from_db()
    assert (segment.name, segment.tier) == ("Golden", "Old Gold")
    CashbackTier.objects.filter(name="Silver").update(enabled=False)
    offered = dict(browser.get(page).context["adminform"].form.fields["tier"].choices)
    assert "Old Gold" in offered
    assert "Silver" not in offered


def test_an_auditor_reads_it(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    segment = Segment.objects.create(code="regulars", name="Regulars", spent_min=50000)
    answer = sign_in(olga).get(reverse("admin:loyalty_segment_change", args=[segment.pk]))
    assert "500.00" in answer.content.decode()
    assert sign_in(olga).post(reverse(NEW), form()).status_code == 403
