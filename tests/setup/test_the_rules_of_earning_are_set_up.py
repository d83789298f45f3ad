"""What cashback counts and how far it goes, what earns at all, and who may refund: as keys of the setup document."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from loyalty.models import CashbackMultiplier, CashbackProgram, HouseRules
from loyalty.money import Money
from loyalty.setup import dump, load, read_yaml
from memberships.models import Plan
from tests.setup.conftest import BY

Load = Callable[..., list[str]]

EVERYONE: dict[str, Any] = {"code": "all", "name": "All", "rule": {}}
CASHBACK: dict[str, Any] = {
    "code": "cumulative",
    "name": "Cumulative cashback",
    "tiers": [{"name": "Start", "from": "0.00", "percent": "3"}],
    "window": "lifetime",
    "segment": "all",
    "services": ["training"],
    "exclude": ["personal"],
    "max_per_check": "10.00",
    "max_per_day": "15.00",
    "max_per_month": "100.00",
    "multipliers": [
        {"factor": "1.5", "from": "2026-12-01", "to": "2026-12-31"},
        {"factor": "2", "from_time": "09:00"},
    ],
}


def test_cashback_has_conditions_caps_and_multipliers(load_text: Load, flexgym: str) -> None:
    document = {"segments": [EVERYONE], "cashback": [CASHBACK]}
    load(document, by=BY)
    assert load(document, by=BY) == []
    assert load(dump(), by=BY) == []
    assert dump()["cashback"] == [CASHBACK]
    row = CashbackProgram.objects.get()
    assert (row.max_per_check, row.max_per_day, row.max_per_month) == (Money(1000), Money(1500), Money(10000))
    assert [found.factor for found in row.multipliers.all()] == [Decimal("1.5"), Decimal(2)]


def test_multipliers_are_made_and_removed(load_text: Load, flexgym: str) -> None:
    load({"segments": [EVERYONE], "cashback": [CASHBACK]}, by=BY)
    kept = CashbackMultiplier.objects.get(factor="1.5").pk
    others = [{"factor": "3", "weekdays": ["sun"]}, CASHBACK["multipliers"][0]]
    changes = load({"cashback": [{**CASHBACK, "multipliers": others}]}, by=BY)
    assert [str(change) for change in changes] == [
        "change cashback cumulative: multipliers added (factor 3, weekdays sun), removed (factor 2, from_time 09:00)"
    ]
    assert list(CashbackMultiplier.objects.order_by("pk").values_list("factor", "weekdays")) == [
        (Decimal("1.5"), ""),
        (Decimal(3), "sun"),
    ]
    assert CashbackMultiplier.objects.order_by("pk")[0].pk == kept
    assert load({"cashback": [{**CASHBACK, "multipliers": others[::-1]}]}, by=BY) == []
    without = {key: value for key, value in CASHBACK.items() if key != "multipliers"}
    load({"cashback": [without]}, by=BY)
    assert not CashbackMultiplier.objects.exists()


def test_a_multiplier_may_have_every_condition(load_text: Load, flexgym: str) -> None:
    moment = {
        "factor": "0.001",
        "weekdays": ["mon", "tue"],
        "from_time": "22:00",
        "to_time": "02:00",
        "from": "2026-12-01",
        "to": "2026-12-31",
    }
    load({"cashback": [{"code": "cumulative", "name": "C", "tiers": [], "multipliers": [moment]}]}, by=BY)
    assert dump()["cashback"][0]["multipliers"] == [moment]


def test_the_house_says_what_earns_and_who_refunds(load_text: Load, flexgym: str) -> None:
    text = (
        "business: {earns_before_discounts: true, gift_cards_earn: false, memberships_earn: false, "
        "desk_refund_hours: 24, manager_refund_days: 30}"
    )
    assert load_text(text) == [
        (
            "change house rules: earns_before_discounts no → yes; gift_cards_earn yes → no; memberships_earn yes → no; "
            "desk_refund_hours 0 → 24; manager_refund_days none → 30"
        )
    ]
    rules = HouseRules.objects.get()
    assert (rules.earns_before_discounts, rules.gift_cards_earn, rules.memberships_earn) == (True, False, False)
    assert (rules.desk_refund_hours, rules.manager_refund_days) == (24, 30)
    assert load(dump(), by=BY) == []
    load_text("business: {manager_refund_days: null}")
    assert HouseRules.objects.get().manager_refund_days is None
    assert dump()["business"]["manager_refund_days"] is None


def test_a_plan_says_how_it_is_refunded(load_text: Load, flexgym: str) -> None:
    plan = read_yaml(flexgym)["memberships"][0]
    load({"memberships": [{**plan, "refund": "used"}]}, by=BY)
    assert Plan.objects.get(code="five").refund == "used"
    assert dump()["memberships"][0]["refund"] == "used"
    load({"memberships": [plan]}, by=BY)
    assert Plan.objects.get(code="five").refund == "proportional"
    assert "refund" not in dump()["memberships"][0]
