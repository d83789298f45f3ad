"""Each preset loads, comes back from `dump_setup` unchanged, and has the figures that its owner published."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.setup import Preset, dump, load, presets, read_yaml, write_yaml
from tests.setup.conftest import BY

EVERY = pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.code)


@EVERY
def test_a_preset_comes_back_from_its_dump(preset: Preset, db: None) -> None:
    assert load(read_yaml(preset.text), by=BY)
    dumped = dump()
    assert load(read_yaml(write_yaml(dumped)), by=BY) == []
    assert dump() == dumped


@EVERY
def test_a_preset_has_a_name_and_a_description(preset: Preset) -> None:
    assert str(preset.name)
    assert str(preset.description)


def test_there_are_three() -> None:
    assert [preset.code for preset in presets()] == ["flexgym", "salon", "shop"]
    assert {preset.path for preset in presets()} == set(presets()[0].path.parent.glob("*"))


@pytest.mark.parametrize("first", ["flexgym", "salon", "shop"])
@pytest.mark.parametrize("then", ["flexgym", "salon", "shop"])
def test_a_preset_loads_over_another(first: str, then: str, db: None) -> None:
    texts = {preset.code: preset.text for preset in presets()}
    load(read_yaml(texts[first]), by=BY)
    load(read_yaml(texts[then]), by=BY)
    assert load(read_yaml(texts[then]), by=BY) == []


def loaded(code: str) -> dict[str, Any]:
    load(read_yaml(next(preset.text for preset in presets() if preset.code == code)), by=BY)
    return dump()


def test_flexgym_is_as_published(db: None) -> None:
    setup = loaded("flexgym")
    [cashback] = setup["cashback"]
    assert [(tier["from"], tier["percent"]) for tier in cashback["tiers"]] == [
        ("0.00", "3"),
        ("500.00", "5"),
        ("1500.00", "7"),
        ("3000.00", "10"),
        ("6000.00", "15"),
    ]
    assert (cashback["bonus"]["limit_percent"], cashback["bonus"]["min_check"]) == ("50", "50.00")
    assert setup["referral"]["referrer"] == {"percent": "5", "when": "every_visit"}
    assert setup["referral"]["friend"] == {"amount": "100.00", "when": "registration"}
    assert [(plan["sessions"], plan["valid"], plan["price"]) for plan in setup["memberships"]] == [
        (5, {"days": 90}, "90.00"),
        (10, {"days": 180}, "160.00"),
    ]
    assert setup["gift_cards"] == [
        {
            "code": "gift",
            "name": "Gift card",
            "denominations": ["20.00", "50.00", "100.00"],
            "valid": {"days": 180},
            "single_use": True,
        }
    ]
    assert setup["trials"] == [{"code": "trial", "name": "Trial session", "services": ["session"], "percent": "50"}]
    assert [(row["name"], row["price"], row["earns"], row["accepts_bonus"]) for row in setup["services"]] == [
        ("Training session", "20.00", True, True),
        ("Personal training", "60.00", True, True),
        ("Towel", "3.00", True, False),
    ]
    assert [(row["code"], row["name"]) for row in setup["locations"]] == [
        ("main", "Main hall"),
        ("riverside", "Riverside"),
    ]


def test_the_salon_is_as_published(db: None) -> None:
    setup = loaded("salon")
    assert {key: setup["business"][key] for key in ("currency", "timezone", "language")} == {
        "currency": "RUB",
        "timezone": "Europe/Moscow",
        "language": "ru",
    }
    [cashback] = setup["cashback"]
    assert [(tier["from"], tier["percent"]) for tier in cashback["tiers"]] == [("40000.00", "10"), ("100000.00", "15")]
    terms = {"pending_days": 0, "min_check": "0.00"}
    assert cashback["bonus"] == {"lifetime": {"months": 6}, "limit_percent": "10", **terms}
    birthday, second = setup["bonuses"]
    assert (birthday["trigger"], birthday["amount"], birthday["days_before"]) == ("birthday", "1000.00", 7)
    assert birthday["bonus"] == {"lifetime": {"days": 14}, "limit_percent": "15", **terms}
    assert (second["trigger"], second["nth"], second["percent"]) == ("nth_visit", 1, "5")
    assert second["bonus"] == {"lifetime": {"months": 1}, "limit_percent": "15", **terms}


@pytest.mark.parametrize(
    ("code", "example"),
    [
        ("flexgym", ("quiet-hours", "hours")),
        ("salon", ("cut-and-colour", "bundle")),
        ("shop", ("free-delivery", "delivery")),
    ],
)
def test_each_shows_a_discount(code: str, example: tuple[str, str], db: None) -> None:
    """Switched off where the owner published no discount."""
    [discount] = loaded(code)["discounts"]
    assert (discount["code"], discount["kind"]) == example
    assert discount.get("enabled", True) is (code == "shop")
