"""The sentences above the form of a promo code, with their figures."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.admin.sentences_promo_codes import promo_code
from loyalty.models import PromoCode
from loyalty.money import Money
from tests.admin.test_a_discount_says_what_it_does import ALONE, NBSP, USD, WORDS


def said(*, client: str = "", **values: Any) -> list[str]:
    return promo_code(PromoCode(**{"code": "SPRING", "min_check": Money(0), **values}), WORDS, USD, client)


def test_a_code_for_everybody() -> None:
    assert said(percent=10, max_uses=500, max_uses_per_client=1, min_check=Money(3000)) == [
        f"Whoever says SPRING gets 10{NBSP}% off everything.",
        "It is used up to 500 times in all. Once by each client.",
        "For checks from 30.00, by their price before any discount.",
        ALONE,
        "Example: with a code “Haircut” of 60.00 costs 54.00.",
    ]


def test_unique_codes() -> None:
    assert said(amount=Money(500), is_batch=True, valid_hours=48)[:2] == [
        "Each of the unique codes of SPRING gives 5.00 off the check.",
        "Each code is used once. A code is valid for 48 hours after it was handed out.",
    ]


def test_bonuses_say_how_they_may_be_used() -> None:
    assert said(bonus_amount=Money(5000), bonus_lifetime_days=30, bonus_limit_percent=50) == [
        "Whoever says SPRING gets 50.00 bonuses when the check is paid.",
        f"These bonuses live 30 days. They pay up to 50{NBSP}% of any check.",
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"new_clients_only": True}, "Only for clients who have not been here before."),
        ({"staff_only": True}, "Only staff may enter it."),
        ({"client": "Boris Petrov"}, "Only for Boris Petrov."),
        ({"segment_id": 7}, "Only for whoever is in the segment “Regulars”."),
        ({"max_uses": 1}, "It is used once in all."),
        ({"is_batch": True, "max_uses": 3}, "Each code is used up to 3 times."),
        ({"enabled": False}, "Switched off: nobody gets anything from it until it is switched on."),
    ],
)
def test_each_condition_is_said(values: dict[str, Any], sentence: str) -> None:
    values = dict(values)
    assert sentence in " ".join(said(client=values.pop("client", ""), percent=10, **values))
