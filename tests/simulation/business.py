"""The business of the simulation: every program that acts over time is on, as a setup document.

Bonuses of different programs live differently long, more than the longest outage apart, so that no two lots of
different programs end on one day and were granted in an order that an outage could turn round.
"""

from __future__ import annotations

from typing import Any

ZONE = "America/New_York"
PRICES = {"session": 2000, "personal": 6000, "coffee": 400}
LIFE = {
    "club": 180,
    "season": 120,
    "welcome": 90,
    "first": 45,
    "fifth": 30,
    "birthday": 14,
    "joined": 21,
    "child": 52,
    "missyou": 38,
    "november": 60,
    "review": 75,
    "thousand": 200,
    "saved": 150,
    "referral": 365,
    "bigcheck": 105,
}
AMOUNTS = {
    "welcome": 1000,
    "fifth": 700,
    "birthday": 1500,
    "joined": 500,
    "child": 400,
    "missyou": 600,
    "review": 300,
    "thousand": 2500,
    "saved": 200,
    "bigcheck": 500,
}
FRIEND = 1000
BIRTHDAY_NOTICE, JOINED_NOTICE, CHILD_NOTICE = 7, 0, 3
BIRTHDAY_REGISTERED = 10
ABSENCE, ABSENCE_AGAIN = 45, 120
REVIEW_AGAIN = 90
SPENT_SUM, BALANCE_SUM, CHECK_SUM, TOTAL_SUM = 100_000, 6_000, 10_000, 80_000
STAMPS, STAMP_DAYS, FREE_DAYS = 6, 200, 60
PLAN = {"sessions": 5, "days": 90, "price": 9000}
CARD = {"amount": 5000, "days": 150}
REGULAR_VISITS = 12
RETURN_DAYS = 14

Tier = tuple[str, int, str, int, int]
"""Name, from, percent, min_days, grace_days."""
CLUB: list[Tier] = [("Start", 0, "3", 0, 0), ("Silver", 30_000, "5", 60, 30), ("Gold", 90_000, "7", 90, 0)]
SEASON: list[Tier] = [("Guest", 0, "1", 0, 0), ("Often", 12_000, "2", 0, 10), ("Always", 24_000, "3", 20, 0)]
SEASON_WINDOW = 60


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def terms(code: str, **more: Any) -> dict[str, Any]:
    return {"lifetime": {"days": LIFE[code]}, **more}


def tiers(rungs: list[Tier]) -> list[dict[str, Any]]:
    return [
        {"name": name, "from": money(low), "percent": percent, "min_days": least, "grace_days": grace}
        for name, low, percent, least, grace in rungs
    ]


def given(code: str, trigger: str, **more: Any) -> dict[str, Any]:
    amount = {"amount": money(AMOUNTS[code])} if code in AMOUNTS else {}
    return {"code": code, "name": code.title(), "trigger": trigger, **amount, "bonus": terms(code), **more}


HOUSE: dict[str, Any] = {
    "business": {"name": "Years", "currency": "USD", "timezone": ZONE, "refund_min_days": RETURN_DAYS},
    "locations": [{"code": "main", "name": "Main hall"}],
    "services": [
        {"code": "session", "name": "Session", "category": "training", "price": money(PRICES["session"])},
        {"code": "personal", "name": "Personal training", "category": "training", "price": "60.00"},
        {"code": "coffee", "name": "Coffee", "category": "bar", "price": money(PRICES["coffee"])},
    ],
    "segments": [{"code": "regulars", "name": "Regulars", "rule": {"visits_min": REGULAR_VISITS}}],
}
EARNING: dict[str, Any] = {
    "cashback": [
        {
            "code": "club",
            "name": "Club",
            "window": "lifetime",
            "tiers": tiers(CLUB),
            "bonus": terms("club", limit_percent="50", min_check="10.00"),
        },
        {
            "code": "season",
            "name": "Season",
            "window": {"days": SEASON_WINDOW},
            "falls": "one_step",
            "tiers": tiers(SEASON),
            "bonus": terms("season", limit_percent="30"),
        },
    ],
    "referral": {
        "enabled": True,
        "referrer": {"percent": "5", "when": "every_visit"},
        "friend": {"amount": money(FRIEND), "when": "registration"},
        "bonus": terms("referral", limit_percent="40"),
    },
    "stamps": [
        {
            "code": "coffees",
            "name": "Six coffees",
            "services": ["coffee"],
            "needed": STAMPS,
            "stamp_lifetime": {"days": STAMP_DAYS},
            "lifetime": {"days": FREE_DAYS},
        }
    ],
}
BONUSES = [
    given("welcome", "registration"),
    given("first", "first_check", percent="10"),
    given("fifth", "nth_visit", nth=5),
    given("birthday", "birthday", days_before=BIRTHDAY_NOTICE, registered_days=BIRTHDAY_REGISTERED),
    given("joined", "anniversary", days_before=JOINED_NOTICE),
    given("child", "personal_date", days_before=CHILD_NOTICE, date_name="child"),
    given("missyou", "inactivity", days=ABSENCE, repeat_days=ABSENCE_AGAIN),
    given("review", "action", repeat_days=REVIEW_AGAIN),
    given("thousand", "spent", reaches=money(SPENT_SUM)),
    given("saved", "balance", reaches=money(BALANCE_SUM)),
]
SOLD: dict[str, Any] = {
    "trials": [{"code": "trial", "name": "Trial", "services": ["session"], "percent": "50"}],
    "discounts": [{"code": "regular", "name": "Regulars", "kind": "permanent", "segment": "regulars", "percent": "5"}],
    "gift_cards": [
        {
            "code": "gift",
            "name": "Gift card",
            "denominations": ["50"],
            "valid": {"days": CARD["days"]},
            "single_use": False,
        }
    ],
    "memberships": [
        {
            "code": "five",
            "name": "5 sessions",
            "sessions": PLAN["sessions"],
            "valid": {"days": PLAN["days"]},
            "price": money(PLAN["price"]),
            "services": ["session"],
        }
    ],
}


def document(years: range) -> dict[str, Any]:
    """The setup, with a campaign in November of each of these years."""
    campaigns = [
        {
            "code": f"november-{year}",
            "name": f"November {year}",
            "trigger": "campaign",
            "percent": "20",
            "from": f"{year}-11-10",
            "to": f"{year}-11-23",
            "bonus": terms("november"),
        }
        for year in years
    ]
    return {**HOUSE, **EARNING, **SOLD, "bonuses": [*BONUSES, *campaigns]}
