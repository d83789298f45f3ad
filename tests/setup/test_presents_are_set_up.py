"""Stamps, gifts and prizes come back exactly as they were given; mistakes are named by their path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients.refusals import Refusal
from loyalty.models import GiftProgram, Prize, StampProgram
from loyalty.money import Money
from loyalty.setup import dump, load
from tests.setup.conftest import BY

Load = Callable[..., list[str]]

STAMPS: list[dict[str, Any]] = [
    {
        "code": "ten",
        "name": "Ten sessions",
        "kind": "stamps",
        "services": ["training"],
        "exclude": ["personal"],
        "needed": 10,
        "free": ["session"],
        "stamp_lifetime": {"days": 365},
        "lifetime": {"days": 90},
        "segment": "regulars",
        "locations": ["main"],
        "enabled": False,
        "from": "2026-03-01",
        "to": "2026-12-31",
        "priority": 7,
    },
    {"code": "miles", "name": "Miles", "kind": "miles", "per_amount": "10.00", "needed": 50},
]
GIFTS: list[dict[str, Any]] = [
    {
        "code": "hundred",
        "name": "Big check",
        "when": "check",
        "from_sum": "100.00",
        "service": "session",
        "bonus": {"lifetime": {"days": 30}, "pending_days": 0, "limit_percent": "100", "min_check": "0.00"},
        "once": True,
        "segment": "regulars",
        "locations": ["main"],
        "from": "2026-03-01",
        "to": "2026-03-31",
    },
    {"code": "thousand", "name": "Thousand", "when": "total", "from_sum": "1000.00", "amount": "50.00"},
    {
        "code": "card",
        "name": "A card",
        "when": "total",
        "from_sum": "500.00",
        "gift_card": {"type": "gift", "amount": "15.00"},
    },
]
PRIZES: list[dict[str, Any]] = [
    {
        "code": "bottle",
        "name": "Bottle",
        "description": "Half a litre.\nBlue or green.",
        "price": "50.00",
        "stock": 20,
        "per_client": 2,
        "valid": {"days": 30},
        "segment": "regulars",
        "by_client": False,
        "priority": 3,
    },
    {"code": "training", "name": "A training", "price": "200.00", "service": "personal"},
]
DOCUMENT: dict[str, Any] = {
    "segments": [{"code": "regulars", "name": "Regulars", "rule": {"visits_min": 5}}],
    "stamps": STAMPS,
    "gifts": GIFTS,
    "prizes": PRIZES,
}


@pytest.fixture
def loaded(flexgym: str) -> dict[str, Any]:
    load(DOCUMENT, by=BY)
    return DOCUMENT


def test_they_come_back_as_they_were_given(loaded: dict[str, Any]) -> None:
    written = dump()
    assert {key: written[key] for key in ("stamps", "gifts", "prizes")} == {
        "stamps": STAMPS,
        "gifts": GIFTS,
        "prizes": PRIZES,
    }
    assert load(written, by=BY) == []


def test_the_rows_hold_what_was_said(loaded: dict[str, Any]) -> None:
    ten, miles = StampProgram.objects.order_by("-needed")[1], StampProgram.objects.get(code="miles")
    assert (ten.services, ten.exclude, ten.free, ten.stamp_days, ten.free_days) == (
        ["training"],
        ["personal"],
        ["session"],
        365,
        90,
    )
    assert (miles.kind, miles.per_amount, miles.needed) == ("miles", 1000, 50)
    card = GiftProgram.objects.get(code="card")
    assert (card.service, card.good, card.amount) == (None, "gift", Money(1500))
    assert GiftProgram.objects.get(code="hundred").lifetime_days == 30
    assert Prize.objects.get(code="training").service.code == "personal"  # type: ignore[union-attr]


def test_what_is_missing_is_switched_off_and_what_changed_is_told(loaded: dict[str, Any]) -> None:
    gifts = [{**GIFTS[2], "gift_card": {"type": "gift", "amount": "20.00"}}, {**GIFTS[1], "amount": "60.00"}]
    changes = [str(change) for change in load({"gifts": gifts, "prizes": [PRIZES[0]], "stamps": STAMPS}, by=BY)]
    assert changes == [
        "change gift card: gift_card gift 15.00 → gift 20.00",
        "change gift thousand: amount 50.00 → 60.00",
        "switch off gift hundred",
        "switch off prize training",
    ]


def test_a_gift_may_become_another(loaded: dict[str, Any]) -> None:
    gifts = [{**GIFTS[1]}, {key: value for key, value in GIFTS[2].items() if key != "gift_card"} | {"amount": "5"}]
    load({"gifts": gifts}, by=BY)
    card = GiftProgram.objects.get(code="card")
    assert (card.good, card.amount) == ("", Money(500))


def test_a_type_of_the_same_document_may_be_named(flexgym: str) -> None:
    types = [{"code": "red", "name": "Red card", "denominations": ["10"]}]
    gift = {**GIFTS[2], "gift_card": {"type": "red", "amount": "7"}}
    load({"gift_cards": types, "gifts": [gift]}, by=BY)
    assert GiftProgram.objects.get().good == "red"


def mistakes(document: dict[str, Any]) -> list[str]:
    with pytest.raises(Refusal) as refused:
        load(document, by=BY)
    assert not StampProgram.objects.exists()
    assert not GiftProgram.objects.exists()
    assert not Prize.objects.exists()
    return str(refused.value).splitlines()


BASE_STAMPS = {"code": "ten", "name": "Ten", "needed": 10}
BASE_GIFT = {"code": "g", "name": "G", "when": "check", "from_sum": "100"}
BASE_PRIZE = {"code": "p", "name": "P", "price": "5"}


@pytest.mark.parametrize(
    ("section", "row", "said"),
    [
        ("stamps", {**BASE_STAMPS, "kind": "points"}, "stamps[0].kind: must be stamps or miles"),
        ("stamps", {**BASE_STAMPS, "kind": "miles"}, "stamps[0].per_amount: is missing"),
        ("stamps", {**BASE_STAMPS, "per_amount": "5"}, "stamps[0].per_amount: goes with kind miles only"),
        ("stamps", {**BASE_STAMPS, "needed": 0}, "stamps[0].needed: must be between 1 and 1000000000"),
        ("stamps", {"code": "ten", "name": "Ten"}, "stamps[0].needed: is missing"),
        ("stamps", {**BASE_STAMPS, "free": ["yoga"]}, 'stamps[0].free[0]: there is no service or category "yoga"'),
        (
            "stamps",
            {**BASE_STAMPS, "services": ["session"], "exclude": ["session"]},
            "stamps[0].exclude[0]: is among the services too",
        ),
        ("stamps", {**BASE_STAMPS, "lifetime": {"months": 1}}, "stamps[0].lifetime.months: unknown key"),
        ("gifts", BASE_GIFT, "gifts[0]: must have a service, a gift_card or an amount, one of them"),
        (
            "gifts",
            {**BASE_GIFT, "service": "session", "amount": "5"},
            "gifts[0]: must have a service, a gift_card or an amount, one of them",
        ),
        ("gifts", {**BASE_GIFT, "service": "yoga"}, 'gifts[0].service: there is no service "yoga"'),
        (
            "gifts",
            {**BASE_GIFT, "gift_card": {"type": "blue", "amount": "5"}},
            'gifts[0].gift_card.type: there is no gift card type "blue"',
        ),
        ("gifts", {**BASE_GIFT, "gift_card": {"type": "gift"}}, "gifts[0].gift_card.amount: is missing"),
        ("gifts", {**BASE_GIFT, "gift_card": "gift"}, "gifts[0].gift_card: must be a mapping (key: value)"),
        ("gifts", {**BASE_GIFT, "amount": "5", "sum": "100"}, "gifts[0].sum: unknown key"),
        (
            "gifts",
            {**BASE_GIFT, "amount": "5", "from": "2026-03-02", "to": "2026-03-01"},
            "gifts[0].to: must not be before from",
        ),
        ("prizes", {"code": "p", "name": "P"}, "prizes[0].price: is missing"),
        ("prizes", {**BASE_PRIZE, "price": "0"}, "prizes[0].price: must be more than 0"),
        ("prizes", {**BASE_PRIZE, "stock": -1}, "prizes[0].stock: must be between 0 and 1000000000"),
        ("prizes", {**BASE_PRIZE, "service": "yoga"}, 'prizes[0].service: there is no service "yoga"'),
        ("prizes", {**BASE_PRIZE, "segment": "vip"}, 'prizes[0].segment: there is no segment "vip"'),
    ],
)
def test_mistakes_are_named(flexgym: str, section: str, row: dict[str, Any], said: str) -> None:
    assert mistakes({section: [row]}) == [said]


def test_programs_that_give_bonuses_share_their_codes(flexgym: str) -> None:
    assert mistakes({"gifts": [{**BASE_GIFT, "code": "cumulative", "amount": "5"}]}) == [
        "gifts[0].code: the code cumulative is already used by cashback"
    ]
