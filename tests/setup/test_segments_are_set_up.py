"""Segments in the setup document: rules, lists without their members, and the scale of the classes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from clients.actors import Actor
from loyalty import lists
from loyalty.models import RfmScale, Segment, SegmentMember, Service
from loyalty.rulebook import rulebook
from loyalty.setup import SetupRefused, dump, load
from tests import factories
from tests.setup.conftest import BY

Load = Callable[..., list[str]]
RULE = "segments: [{code: some, name: Some, rule: {%s}}]"


def errors_of(load_text: Load, text: str) -> list[str]:
    with pytest.raises(SetupRefused) as refused:
        load_text(text)
    return str(refused.value).splitlines()


def test_every_condition_is_loaded_and_dumped(load_text: Load, flexgym: str) -> None:
    said = (
        'visits_min: 1, visits_max: 9, spent_min: "1.00", spent_max: "900.00", balance_min: "5.50", service: training,'
        " rfm: at_risk, membership: five, referrals_min: 2"
    )
    assert load_text(RULE % said)[0] == "create segment some"
    row = Segment.objects.get(code="some")
    assert (row.visits_max, row.spent_max, row.balance_min) == (9, 90000, 550)
    assert (row.service, row.rfm, row.further) == ("training", "at_risk", {"membership": "five", "referrals_min": 2})
    assert load_text(RULE % said) == []
    (written,) = [one for one in dump()["segments"] if one["code"] == "some"]
    assert written["rule"] == {
        "visits_min": 1,
        "visits_max": 9,
        "spent_min": "1.00",
        "spent_max": "900.00",
        "balance_min": "5.50",
        "service": "training",
        "rfm": "at_risk",
        "membership": "five",
        "referrals_min": 2,
    }


def test_a_change_says_what_it_means(load_text: Load, flexgym: str) -> None:
    load_text(RULE % "membership: five, referrals_min: 2, rfm: new")
    told = load_text(RULE % "membership: ten, rfm: lost, visits_max: 3")
    assert told == [
        "change segment some: rule visits_max none → 3, rfm new → lost, membership five → ten, referrals_min 2 → none"
    ]
    assert Segment.objects.get(code="some").further == {"membership": "ten"}


def test_a_list_has_no_rule_and_its_members_are_left_alone(load_text: Load, flexgym: str) -> None:
    text = "segments: [{code: guests, name: Guests, static: true}]"
    assert "create segment guests" in load_text(text)
    guests, boris = Segment.objects.get(code="guests"), factories.ClientFactory()
    lists.put_on(segment=guests, clients=[boris.pk], by=Actor.staff("anna"), now=timezone.now())
    assert load_text(text) == []
    assert [one for one in dump()["segments"] if one["code"] == "guests"] == [
        {"code": "guests", "name": "Guests", "static": True}
    ]
    load_text("segments: []")
    load_text(text)
    assert SegmentMember.objects.get().client == boris


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (RULE % "visits_min: 5, visits_max: 4", ["segments[0].rule.visits_min: must not be more than visits_max"]),
        (
            RULE % 'spent_min: "5.01", spent_max: "5"',
            ["segments[0].rule.spent_min: must not be more than spent_max"],
        ),
        (RULE % "rfm: heroes", None),
        (RULE % "service: sauna", ['segments[0].rule.service: there is no service or category "sauna"']),
        (RULE % "referrals_min: 0", ["segments[0].rule.referrals_min: must be between 1 and 1000000000"]),
        (RULE % "referrals_min: two", None),
        (RULE % "membership: ''", ["segments[0].rule.membership: must not be empty"]),
        (RULE % "stars: 5", ["segments[0].rule.stars: unknown key"]),
        (RULE % 'balance_min: "-1"', ["segments[0].rule.balance_min: must not be negative"]),
        ("segments: [{code: a, name: A}]", ["segments[0].rule: is missing"]),
        ("segments: [{code: a, name: A, static: false}]", ["segments[0].rule: is missing"]),
        (
            "segments: [{code: a, name: A, static: true, rule: {}}]",
            ["segments[0].rule: a list has no rule: leave out one of the two"],
        ),
        ("segments: [{code: a, name: A, static: yes, rule: {}}]", ["segments[0].static: must be true or false"]),
        ("segments: [{code: a, name: A, static: true, clients: [1]}]", ["segments[0].clients: unknown key"]),
        ("rfm: {recency_days: [1, 2, 3]}", ["rfm.recency_days: must be a list of four"]),
        ("rfm: {recency_days: [1, 2, 2, 3]}", ["rfm.recency_days: must rise from one to the next"]),
        ("rfm: {visits: [1, 2, 3, 4]}", ["rfm.visits: must fall from one to the next"]),
        ("rfm: {visits: [4, 3, 2, 0]}", ["rfm.visits[3]: must be between 1 and 1000000000"]),
        ('rfm: {spent: ["4", "3", "2", "2"]}', ["rfm.spent: must fall from one to the next"]),
        ('rfm: {spent: ["4", "3", "2.005", "x"]}', None),
        ("rfm: {limits: []}", ["rfm.limits: unknown key"]),
        ("rfm: 5", ["rfm: must be a mapping (key: value)"]),
    ],
    ids=str,
)
def test_a_mistake_is_named_by_its_path(load_text: Load, flexgym: str, text: str, errors: list[str] | None) -> None:
    found = errors_of(load_text, text)
    assert errors is None or found == errors
    assert all(one.startswith(("segments[0].", "rfm")) for one in found)


def test_the_scale_is_loaded_and_dumped(load_text: Load, flexgym: str) -> None:
    assert "rfm" not in dump()
    assert load_text('rfm: {visits: [9, 7, 5, 3], spent: ["900", "700", "500.50", "0"]}') == ["create scale rfm"]
    assert RfmScale.objects.get().spent == [90000, 70000, 50050, 0]
    assert dump()["rfm"] == {
        "recency_days": [14, 30, 60, 120],
        "visits": [9, 7, 5, 3],
        "spent": ["900.00", "700.00", "500.50", "0.00"],
    }
    assert rulebook().house.scale.visits == (9, 7, 5, 3)
    told = load_text("rfm: {recency_days: [7, 14, 30, 60], visits: [9, 7, 5, 3]}")
    days = "recency_days 14, 30, 60, 120 → 7, 14, 30, 60"
    spent = "spent 900.00, 700.00, 500.50, 0.00 → 1000.00, 500.00, 200.00, 50.00"
    assert told == [f"change scale rfm: {days}; {spent}"]
    assert RfmScale.objects.count() == 1


def test_the_setup_comes_back_when_the_service_has_another_category_since(load_text: Load, flexgym: str) -> None:
    load_text(RULE % "service: training")
    Service.objects.update(category="sport")
    assert load(dump(), by=BY) == []
