"""The sentences above the form of a discount, with their figures. Pure: values in, sentences out."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from loyalty.admin.sentences_discounts import discount
from loyalty.admin.words import Ware, Words
from loyalty.models import Discount, DiscountStep
from loyalty.money import Currency, Money

USD = Currency("USD", 2)
JPY = Currency("JPY", 0)
NBSP = "\N{NO-BREAK SPACE}"
WARES = (
    Ware("haircut", "Haircut", "hair", Money(6000)),
    Ware("colour", "Colour", "hair", Money(9000)),
    Ware("shampoo", "Shampoo", "goods", Money(1050)),
    Ware("delivery", "Delivery", "", Money(500)),
    Ware("perm", "Perm", "hair", Money(5900), on_sale=False),
)
WORDS = Words(
    wares={ware.code: ware for ware in WARES},
    places={"main": "Main hall", "riverside": "Riverside"},
    segments={7: "Regulars"},
)
ALONE = "It does not combine: the client gets it alone, if nothing else makes the check cheaper."


def said(*steps: tuple[int, int], client: str = "", currency: Currency = USD, **values: Any) -> list[str]:
    rule = Discount(**{"kind": "permanent", "min_check": Money(0), **values})
    rungs = [DiscountStep(from_spent=Money(spent), percent=percent) for spent, percent in steps]
    return discount(rule, rungs, WORDS, currency, client)


@pytest.mark.parametrize(
    ("values", "first", "example"),
    [
        (
            {"percent": 5},
            f"Everybody gets 5{NBSP}% off everything.",
            "Example: “Haircut” of 60.00 costs 57.00.",
        ),
        (
            {"amount": Money(500), "services": ["shampoo"], "segment_id": 7},
            "Whoever is in the segment “Regulars” gets 5.00 off “Shampoo”.",
            "Example: “Shampoo” of 10.50 costs 5.50.",
        ),
        (
            {"percent": 15, "services": ["goods"], "tier": "Gold", "card_kind": "plastic"},
            f"Whoever stands on the tier “Gold” and has a plastic card gets 15{NBSP}% off everything in “goods”.",
            "Example: “Shampoo” of 10.50 costs 8.92.",
        ),
        (
            {"percent": 20, "client": "Boris Petrov"},
            f"Boris Petrov gets 20{NBSP}% off everything.",
            "Example: “Haircut” of 60.00 costs 48.00.",
        ),
        (
            {"kind": "repeat", "percent": 10, "days": 30, "services": ["haircut"]},
            f"Whoever comes for “Haircut” again within 30 days pays 10{NBSP}% less for it.",
            "Example: “Haircut” of 60.00 costs 54.00.",
        ),
        (
            {"kind": "bundle", "percent": 15, "services": ["haircut", "colour"]},
            f"On one check “Haircut” and “Colour” cost 15{NBSP}% less.",
            "Example: “Haircut” and “Colour” together cost 127.50 instead of 150.00.",
        ),
        (
            {"kind": "hours", "percent": 10, "weekdays": "mon,tue", "from_time": time(9), "to_time": time(12)},
            f"Everybody gets 10{NBSP}% off everything at these hours: Monday and Tuesday, 09:00 to 12:00.",
            "Example: “Haircut” of 60.00 costs 54.00.",
        ),
        (
            {"kind": "cheapest", "buy": 3, "percent": 100, "services": ["goods"]},
            "Of every 3 units the cheapest is free. What counts: everything in “goods”.",
            "Example: “Shampoo”, 3 times, costs 21.00 instead of 31.50.",
        ),
        (
            {"kind": "delivery", "percent": 100, "services": ["delivery"], "min_check": Money(3000)},
            "When the rest of the check comes to 30.00 or more, free: “Delivery”.",
            "Example: beside other services of 30.00 “Delivery” costs 0.00 instead of 5.00.",
        ),
    ],
    ids=lambda value: value.get("kind", "permanent") if isinstance(value, dict) else "",
)
def test_each_kind_says_what_it_does_with_an_example(values: dict[str, Any], first: str, example: str) -> None:
    values = dict(values)
    sentences = said(client=values.pop("client", ""), **values)
    assert (sentences[0], sentences[-1]) == (first, example)


def test_a_ladder_says_its_steps_and_shows_the_highest() -> None:
    assert said((100000, 3), (500000, 10), (200000, 5), kind="cumulative") == [
        (
            f"A client who has spent 1,000.00 gets 3{NBSP}% off everything. "
            f"With total spending it rises: 5{NBSP}% from 2,000.00 and 10{NBSP}% from 5,000.00."
        ),
        ALONE,
        "Example: a client who has spent 5,000.00 pays 54.00 instead of 60.00.",
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"exclude": ["goods", "colour"]}, "Not off everything in “goods” and “Colour”."),
        ({"min_check": Money(5000)}, "For checks from 50.00, by their price before any discount."),
        ({"max_discount": Money(2000)}, "At most 20.00 off a check."),
        ({"locations": ["main", "riverside"]}, "Only at “Main hall” and “Riverside”."),
        ({"weekdays": "sat,sun"}, "Only at these hours: Saturday and Sunday."),
        ({"from_time": time(22), "to_time": time(2)}, "every day, 22:00 to 02:00 of the next day."),
        ({"to_time": time(12)}, "Only at these hours: every day, until 12:00."),
        ({"from_day": date(2026, 3, 1)}, "From 1 March 2026."),
        ({"combinable": True}, "It combines with others: each takes its part of what those before it have left."),
        ({"earns": False}, "What it makes cheaper earns no bonuses."),
        ({"enabled": False}, "Switched off: nobody gets anything from it until it is switched on."),
    ],
)
def test_each_condition_is_said(values: dict[str, Any], sentence: str) -> None:
    assert sentence in " ".join(said(percent=10, **values))


def test_the_example_keeps_the_cap_and_the_least_check() -> None:
    assert said(percent=10, max_discount=Money(200))[-1] == "Example: “Haircut” of 60.00 costs 58.00."
    assert said(percent=10, min_check=Money(8000))[-1] == "Example: “Colour” of 90.00 costs 81.00."
    assert said(percent=10, min_check=Money(50000))[-1] == "Example: a check of 500.00 costs 450.00."


def test_an_amount_takes_no_more_than_there_is() -> None:
    assert said(amount=Money(99900), services=["shampoo"])[-1] == "Example: “Shampoo” of 10.50 costs 0.00."


def test_for_whom_it_is_stands_after_what_it_does() -> None:
    assert "Only for whoever is in the segment “Regulars”." in " ".join(
        said(kind="bundle", percent=15, services=["haircut", "colour"], segment_id=7)
    )


def test_what_is_missing_is_said() -> None:
    assert said(kind="cumulative") == ["No step yet: add one, for example 3 % from 1000."]
    assert said(kind="bundle", percent=15) == ["Choose the services."]


def test_what_is_no_longer_on_sale_is_no_example() -> None:
    assert said(percent=10, services=["perm"])[-1] == "Example: a check of 60.00 costs 54.00."


def test_a_currency_without_cents() -> None:
    assert said(percent=5, currency=JPY, services=["nothing"])[-1] == "Example: a check of 6,000 costs 5,700."
