"""Segments, discounts and promo codes through `PUT setup`: stored, given back, and named where they are wrong."""

from __future__ import annotations

from typing import Any

from loyalty.models import Discount, PromoCode
from tests.api.conftest import Caller

RULES: dict[str, Any] = {
    "segments": [{"code": "regulars", "name": "Regulars", "rule": {"visits_min": 5}}],
    "discounts": [
        {
            "code": "morning",
            "name": "Morning",
            "kind": "hours",
            "percent": "10",
            "segment": "regulars",
            "weekdays": ["mon", "tue"],
            "from_time": "09:00",
            "to_time": "12:00",
            "combinable": True,
        }
    ],
    "promo_codes": [{"code": "SPRING", "percent": "10", "max_uses": 500, "combinable": False}],
}


def test_they_come_back_as_they_were_put(owner: Caller) -> None:
    setup = owner.send("PUT", "setup", RULES).ok()
    # The example of the preset is missing from the section, so it is switched off: it was already.
    example, *discounts = setup["discounts"]
    assert (example["enabled"], discounts) == (False, RULES["discounts"])
    assert (setup["segments"], setup["promo_codes"]) == (RULES["segments"], RULES["promo_codes"])

    assert owner.send("PUT", "setup", setup).ok() == setup
    assert owner.get("setup").ok() == setup


def test_every_mistake_is_named_and_nothing_stored(owner: Caller) -> None:
    owner.send("PUT", "setup", RULES).ok()
    wrong = {
        "discounts": [{**RULES["discounts"][0], "segment": "vip", "to_time": "25:00"}],
        "promo_codes": [RULES["promo_codes"][0], {"code": "spring", "amount": "5.00"}],
    }
    problem = owner.send("PUT", "setup", wrong).refused(400, "invalid")

    assert problem["errors"] == {
        "discounts[0].segment": ['there is no segment "vip"'],
        "discounts[0].to_time": ['must be a time like "09:30"'],
        "promo_codes[1].code": ["the code spring is already used by promo_codes[0]"],
    }
    assert Discount.objects.get(code="morning").segment is not None
    assert PromoCode.objects.get().percent is not None
