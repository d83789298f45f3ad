"""Thirty programs of every kind, five codes and a check of fifty lines: as much as a till is asked at once."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from clients.models import Client, ClientTag, Location
from loyalty.models import Discount, DiscountStep, PromoCode, Segment, Service
from loyalty.money import Money
from tests.till import Till

LINES, SERVICES = 50, 25
CODES = ("SPRING", "SUMMER", "AUTUMN", "WINTER", "BONUS")


def price_list() -> None:
    """Twenty-five services of five categories, and a delivery."""
    for n in range(SERVICES):
        facts = {"name": f"Service {n}", "category": f"category {n % 5}", "price": Money(1000 + 337 * n)}
        Service.objects.create(code=f"s{n}", **facts)
    Service.objects.create(code="delivery", name="Delivery", category="delivery", price=Money(500))


def audiences(client: Client) -> list[dict[str, Any]]:
    """A segment of every condition, a tier, a kind of card, a person, everybody."""
    ClientTag.objects.create(client=client, name="vip")
    rules: list[dict[str, Any]] = [
        {"visits_min": 1},
        {"spent_min": Money(1)},
        {"last_visit_days_max": 400},
        {"tag": "vip"},
        {"location": Location.objects.get(code="main")},
    ]
    segments = [Segment.objects.create(code=f"in{n}", name=f"In {n}", **rule) for n, rule in enumerate(rules)]
    return [
        *[{"segment": segment} for segment in segments],
        {"tier": "Start"},
        {"card_kind": "electronic"},
        {"client": client},
        *[{}, {}],
    ]


def thirty_programs(client: Client) -> None:
    """Ten for certain clients, and two to four of each other kind; combinable and exclusive, capped and not."""
    kinds: list[dict[str, Any]] = [{"kind": "permanent", **audience} for audience in audiences(client)]
    kinds += [{"kind": "cumulative"}] * 2
    kinds += [{"kind": "repeat", "days": days} for days in (7, 30, 365)]
    kinds += [{"kind": "bundle", "services": parts} for parts in (["s0", "s1"], ["s2", "category 3"], ["s4", "s5"])]
    kinds += [{"kind": "hours", "weekdays": "mon", "from_time": time(9)}, {"kind": "hours", "to_time": time(13)}] * 2
    kinds += [{"kind": "cheapest", "buy": buy} for buy in (2, 3, 5)]
    kinds += [{"kind": "delivery", "services": ["delivery"], "min_check": Money(5000)}] * 2
    kinds += [{"kind": "permanent", "services": [f"category {n}"], "exclude": [f"s{n}"]} for n in range(3)]
    for n, facts in enumerate(kinds):
        worth: dict[str, Any] = {"percent": Decimal(5 + n % 7)}
        if n % 5 == 4 and facts["kind"] not in ("cheapest", "cumulative"):
            worth = {"amount": Money(700 + n)}
        if facts["kind"] == "cumulative":
            worth = {}
        cap = Money(2500 + n) if n % 6 == 3 else None
        flags = {"combinable": n % 3 != 0, "priority": 10 * (n % 4), "max_discount": cap, "earns": n % 9 != 0}
        row = Discount.objects.create(code=f"d{n}", name=f"Discount {n}", **worth, **facts, **flags)
        if facts["kind"] == "cumulative":
            for spent in (0, 100_000):
                DiscountStep.objects.create(discount=row, from_spent=Money(spent), percent=3 + spent // 50_000)
    assert Discount.objects.filter(enabled=True).count() == 30


def five_codes() -> None:
    """Three of a percentage or an amount that combine, one that is used alone, one that gives bonuses."""
    values: list[dict[str, Any]] = [
        {"percent": Decimal(10)},
        {"amount": Money(900)},
        {"percent": Decimal("7.5")},
        {"percent": Decimal(12)},
        {"bonus_amount": Money(500)},
    ]
    for code, worth in zip(CODES, values, strict=True):
        limits: dict[str, Any] = {"max_uses": 1000, "max_uses_per_client": 10, "combinable": code != "WINTER"}
        PromoCode.objects.create(code=code, name=code, **worth, **limits)


def fifty_lines() -> list[dict[str, Any]]:
    """Every service twice, one of the lines a delivery."""
    lines = [{"service": f"s{n % SERVICES}", "quantity": 1 + n % 3} for n in range(LINES - 1)]
    return [*lines, {"service": "delivery"}]


def came_before(till: Till, client: Client) -> None:
    """Some of it he has had before, and some of that has come back."""
    earlier = till.later(days=-5)
    sold = earlier.sell("s0", "3 x s1", "s2", client=client)
    earlier.refund(sold, (3, 1))
    for days in range(1, 6):
        till.give(client, "10", program="cumulative", last_day=till.today + timedelta(days=days))
