"""Segments and discounts come back exactly as they were given, and a load tells in words what changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from clients.models import Location
from loyalty.models import Discount, DiscountStep, Segment, Service
from loyalty.money import Money
from loyalty.setup import dump, load
from tests import factories
from tests.setup.conftest import BY, Picture

Load = Callable[..., list[str]]

SEGMENTS: list[dict[str, Any]] = [
    {"code": "everyone", "name": "Everyone", "rule": {}},
    {
        "code": "faithful",
        "name": "Faithful",
        "rule": {
            "visits_min": 5,
            "spent_min": "500.00",
            "last_visit_days_max": 60,
            "last_visit_days_min": 60,
            "tier": "Silver",
            "birthday_month": 2,
            "tag": "runner",
            "location": "riverside",
        },
        "enabled": False,
    },
]
EVERY_KEY: dict[str, Any] = {
    "segment": "faithful",
    "locations": ["riverside", "main"],
    "services": ["training", "towel"],
    "exclude": ["personal"],
    "weekdays": ["sat", "sun"],
    "from_time": "22:00",
    "to_time": "02:30",
    "min_check": "50.00",
    "max_discount": "20.00",
    "combinable": True,
    "earns": False,
    "enabled": False,
    "from": "2026-03-01",
    "to": "2026-03-31",
    "priority": 7,
}
DISCOUNTS: list[dict[str, Any]] = [
    {
        "code": "all",
        "name": "With every key",
        "kind": "hours",
        "percent": "12.5",
        "tier": "Gold",
        "card": "plastic",
        **EVERY_KEY,
    },
    {"code": "friends", "name": "Friends", "kind": "permanent", "amount": "5.00", "combinable": False},
    {
        "code": "ladder",
        "name": "Ladder",
        "kind": "cumulative",
        "steps": [{"from": "0.00", "percent": "1"}, {"from": "1000.00", "percent": "3"}],
        "combinable": False,
    },
    {
        "code": "again",
        "name": "Again",
        "kind": "repeat",
        "percent": "10",
        "days": 30,
        "services": ["session"],
        "combinable": True,
    },
    {
        "code": "set",
        "name": "Set",
        "kind": "bundle",
        "percent": "15",
        "services": ["training", "extras"],
        "combinable": True,
    },
    {"code": "third", "name": "Third free", "kind": "cheapest", "percent": "100", "buy": 3, "combinable": False},
    {
        "code": "towels",
        "name": "Free towel",
        "kind": "delivery",
        "percent": "100",
        "services": ["towel"],
        "min_check": "40.00",
        "combinable": True,
    },
]


def test_everything_comes_back_as_it_was_given(load_text: Load, flexgym: str, picture: Callable[[], Picture]) -> None:
    client = factories.ClientFactory()
    document = {
        "segments": SEGMENTS,
        "discounts": [*DISCOUNTS, {**DISCOUNTS[1], "code": "he", "client": str(client.pk)}],
    }
    assert [str(change) for change in load(document, by=BY)][:2] == [
        "create segment everyone",
        "create segment faithful",
    ]
    dumped = dump()
    assert dumped["segments"] == document["segments"]
    assert dumped["discounts"][0]["code"] == "quiet-hours"
    assert dumped["discounts"][1:] == document["discounts"]
    before = picture()
    assert load(dumped, by=BY) == []
    assert picture() == before


def test_a_client_is_named_by_number_or_text(load_text: Load, flexgym: str) -> None:
    client = factories.ClientFactory()
    row = {"code": "he", "name": "He", "kind": "permanent", "percent": 5}
    load({"discounts": [{**row, "client": client.pk}]}, by=BY)
    assert Discount.objects.get(code="he").client == client
    assert load({"discounts": [{**row, "client": str(client.pk)}]}, by=BY) == []
    changes = load({"discounts": [row]}, by=BY)
    assert [str(change) for change in changes] == [f"change discount he: client {client.pk} → none"]


def test_what_is_missing_is_switched_off_and_comes_back(load_text: Load, flexgym: str) -> None:
    load({"segments": SEGMENTS, "discounts": DISCOUNTS[1:]}, by=BY)
    empty = "{segments: [], discounts: [], promo_codes: []}"
    assert load_text(empty) == [
        "switch off segment everyone",
        *(f"switch off discount {row['code']}" for row in DISCOUNTS[1:]),
    ]
    assert load_text(empty) == []
    changes = load({"segments": SEGMENTS, "discounts": DISCOUNTS[1:2]}, by=BY)
    assert [str(change) for change in changes] == ["switch on segment everyone", "switch on discount friends"]


def test_a_switched_off_segment_may_still_be_named(load_text: Load, flexgym: str) -> None:
    load({"segments": SEGMENTS, "discounts": [DISCOUNTS[0]]}, by=BY)
    segment = Discount.objects.select_related("segment").get(code="all").segment
    assert segment is not None
    assert (segment.code, segment.enabled) == ("faithful", False)
    assert segment.location == Location.objects.get(code="riverside")


def test_a_change_is_said_in_words(load_text: Load, flexgym: str) -> None:
    load({"segments": SEGMENTS, "discounts": DISCOUNTS}, by=BY)
    rule = {**SEGMENTS[1]["rule"], "visits_min": 6, "location": "main", "tag": "jumper"}
    steps = [{"from": "0", "percent": "2"}, {"from": "2000", "percent": "4"}]
    changed = {
        **DISCOUNTS[0],
        "segment": "everyone",
        "locations": ["main"],
        "services": ["extras", "training"],
        "weekdays": ["fri", "sat"],
        "to_time": "03:00",
        "card": "electronic",
    }
    document = {
        "segments": [SEGMENTS[0], {**SEGMENTS[1], "rule": rule}],
        "discounts": [changed, DISCOUNTS[1], {**DISCOUNTS[2], "steps": steps}, *DISCOUNTS[3:]],
    }
    assert [str(change) for change in load(document, by=BY)] == [
        "change segment faithful: rule visits_min 5 → 6, tag runner → jumper, location riverside → main",
        (
            "change discount all: card plastic → electronic; segment faithful → everyone; locations removed riverside; "
            "services added extras, removed towel; weekdays added fri, removed sun; to_time 02:30 → 03:00"
        ),
        "change discount ladder: steps from 0.00 percent 1 → 2, from 1000.00 switched off, from 2000.00 added",
    ]
    assert load(document, by=BY) == []
    assert DiscountStep.objects.filter(enabled=False).get().from_spent == Money(100000)


def test_the_order_of_names_and_days_is_no_change(load_text: Load, flexgym: str) -> None:
    load({"segments": SEGMENTS, "discounts": DISCOUNTS}, by=BY)
    mixed = {
        "locations": ["main", "riverside"],
        "services": ["towel", "training"],
        "weekdays": ["sun", "sat"],
    }
    assert load({"discounts": [{**DISCOUNTS[0], **mixed}, *DISCOUNTS[1:]]}, by=BY) == []


def test_a_discount_may_change_its_kind_and_back(load_text: Load, flexgym: str) -> None:
    ladder = DISCOUNTS[2]
    load({"discounts": [ladder]}, by=BY)
    permanent = {"code": "ladder", "name": "Ladder", "kind": "permanent", "percent": "5", "combinable": False}
    changes = load({"discounts": [permanent]}, by=BY)
    assert [str(change) for change in changes] == [
        "change discount ladder: kind cumulative → permanent; percent none → 5"
    ]
    assert dump()["discounts"][1] == permanent
    assert load({"discounts": [permanent]}, by=BY) == []
    load({"discounts": [ladder]}, by=BY)
    assert dump()["discounts"][1] == ladder


def test_leftovers_of_another_kind_stay_out_of_the_document(
    load_text: Load, flexgym: str, picture: Callable[[], Picture]
) -> None:
    Discount.objects.create(code="old", name="Old", kind="permanent", percent=Decimal(5), days=30, buy=3)
    assert dump()["discounts"][1] == {
        "code": "old",
        "name": "Old",
        "kind": "permanent",
        "percent": "5",
        "combinable": False,
    }
    before = picture()
    assert load(dump(), by=BY) == []
    assert picture() == before


def test_a_renamed_category_does_not_spoil_the_dump(load_text: Load, flexgym: str) -> None:
    load({"discounts": [DISCOUNTS[4]]}, by=BY)
    Service.objects.filter(category="training").update(category="gym")
    assert load(dump(), by=BY) == []
    assert dump()["discounts"][1]["services"] == ["training", "extras"]


def test_names_may_come_from_the_same_document(load_text: Load, flexgym: str) -> None:
    load_text(
        """
        locations: [{code: north, name: North}]
        services: [{code: sauna, name: Sauna, category: warmth, price: "15.00"}]
        segments: [{code: cold, name: Cold, rule: {location: north}}]
        discounts:
          - {code: hot, name: Hot, kind: bundle, segment: cold, locations: [north],
             services: [sauna, warmth], percent: 9}
        """
    )
    hot = Discount.objects.get(code="hot")
    assert (hot.services, hot.locations) == (["sauna", "warmth"], ["north"])


@pytest.mark.parametrize("written", ["09:05", '"09:05"', "' 09:05 '"])
def test_a_time_may_go_without_quotes(written: str, load_text: Load, flexgym: str) -> None:
    hours = "discounts: [{code: early, name: Early, kind: hours, percent: 10, to_time: 12:30, from_time: %s}]"
    load_text(hours % written)
    early = Discount.objects.get(code="early")
    assert (early.from_time, early.to_time) == (time(9, 5), time(12, 30))
    assert load_text(hours % '"09:05"') == []


def test_a_rule_of_nothing_is_everyone(load_text: Load, flexgym: str) -> None:
    load_text("segments: [{code: all, name: All, rule: {}}]")
    row = Segment.objects.get()
    assert (row.visits_min, row.tier, row.location, row.enabled) == (None, "", None, True)
    assert dump()["segments"] == [{"code": "all", "name": "All", "rule": {}}]
