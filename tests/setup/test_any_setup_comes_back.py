"""Whatever is set up comes back from its dump, a second load changes nothing, and a dry run foretells the first."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.setup import dump, load, read_yaml, write_yaml
from tests.setup.conftest import BY

CODES = ["a", "b", "c", "no", "1"]
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
AMOUNTS = st.integers(0, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
POSITIVE = st.integers(1, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
PERCENTS = st.integers(0, 100_000).map(lambda thousandths: f"{thousandths // 1000}.{thousandths % 1000:03}")
DAYS = st.integers(1, 30_000)
SPANS = st.none() | st.fixed_dictionaries({"days": DAYS}) | st.fixed_dictionaries({"months": st.integers(1, 900)})
SERVICES = st.lists(st.sampled_from(["x", "y"]), unique=True)
BONUS = st.none() | st.fixed_dictionaries(
    {}, optional={"lifetime": SPANS, "pending_days": DAYS, "limit_percent": PERCENTS, "min_check": AMOUNTS}
)
PROGRAM = {
    "enabled": st.booleans(),
    "priority": st.integers(0, 32_000),
    "from": st.none() | st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(date.isoformat),
    "to": st.none() | st.dates(date(2050, 1, 1), date(2100, 12, 31)).map(date.isoformat),
}
REWARDS = st.one_of(
    st.fixed_dictionaries({"trigger": st.just("registration"), "amount": POSITIVE}),
    st.fixed_dictionaries({"trigger": st.just("birthday"), "amount": POSITIVE, "days_before": st.integers(0, 364)}),
    st.fixed_dictionaries({"trigger": st.just("nth_visit"), "percent": PERCENTS, "nth": DAYS}),
    st.fixed_dictionaries({"trigger": st.just("inactivity"), "amount": POSITIVE, "days": DAYS, "repeat_days": DAYS}),
    st.fixed_dictionaries({"trigger": st.just("campaign"), "percent": PERCENTS}),
)
TIERS = st.lists(
    st.fixed_dictionaries({"name": NAMES, "from": AMOUNTS, "percent": PERCENTS}),
    max_size=4,
    unique_by=lambda tier: tier["from"],
)
STEPS = st.lists(
    st.fixed_dictionaries({"from": AMOUNTS, "percent": PERCENTS}),
    min_size=1,
    max_size=3,
    unique_by=lambda step: step["from"],
)
GOODS = st.lists(st.sampled_from(["x", "y", "Nägel"]), unique=True)
TWO_GOODS = st.lists(st.sampled_from(["x", "y", "Nägel"]), unique=True, min_size=2)
WEEKDAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), unique=True)
CLOCKS = st.times().map(lambda time: time.isoformat("minutes"))
HOURS: dict[str, Any] = {"weekdays": WEEKDAYS, "from_time": CLOCKS, "to_time": st.none() | CLOCKS}
SEGMENTS = st.sampled_from([None, "old", "new"])
FACTORS = st.integers(1, 100_000).map(lambda thousandths: f"{thousandths // 1000}.{thousandths % 1000:03}")
FROM_TO = {"from": PROGRAM["from"], "to": PROGRAM["to"]}
MULTIPLIERS = st.lists(
    st.fixed_dictionaries({"factor": FACTORS, "from_time": CLOCKS}, optional={"weekdays": WEEKDAYS, **FROM_TO})
    | st.fixed_dictionaries({"factor": FACTORS, "weekdays": st.just(["sun"])}, optional=FROM_TO),
    max_size=3,
)
CONDITIONS: dict[str, Any] = {
    "segment": SEGMENTS,
    "exclude": GOODS,
    "min_check": AMOUNTS,
    "max_discount": POSITIVE,
    "combinable": st.booleans(),
    "earns": st.booleans(),
    **PROGRAM,
}
PERCENT_OR_AMOUNT = st.fixed_dictionaries({"percent": PERCENTS}) | st.fixed_dictionaries({"amount": POSITIVE})
KINDS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("permanent"), "less": PERCENT_OR_AMOUNT}, optional={"services": GOODS}),
    st.fixed_dictionaries({"kind": st.just("cumulative"), "steps": STEPS, "less": st.just({})}),
    st.fixed_dictionaries(
        {"kind": st.just("repeat"), "services": st.just(["x"]), "days": DAYS, "less": PERCENT_OR_AMOUNT}
    ),
    st.fixed_dictionaries({"kind": st.just("bundle"), "services": TWO_GOODS, "less": PERCENT_OR_AMOUNT}),
    st.fixed_dictionaries(
        {"kind": st.just("hours"), "from_time": CLOCKS, "less": PERCENT_OR_AMOUNT},
        optional={"weekdays": WEEKDAYS, "to_time": CLOCKS},
    ),
    st.fixed_dictionaries({"kind": st.just("cheapest"), "buy": st.integers(2, 100), "less": st.just({})}),
    st.fixed_dictionaries({"kind": st.just("delivery"), "services": st.just(["y"]), "less": st.just({})}),
)
GIVEN = PERCENT_OR_AMOUNT | st.fixed_dictionaries(
    {
        "bonus": st.fixed_dictionaries(
            {"amount": POSITIVE},
            optional={"lifetime": SPANS, "pending_days": DAYS, "limit_percent": PERCENTS, "min_check": AMOUNTS},
        )
    }
)
UNIQUE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"unique": st.just(True)}, optional={"valid_hours": st.integers(1, 900)}
)
EVERY_VISIT = st.sampled_from(["every_visit", "first_visit"])
ON_JOINING = st.sampled_from(["registration", "first_visit"])


def rows(required: dict[str, Any], optional: dict[str, Any], codes: list[str]) -> st.SearchStrategy[list[Any]]:
    row = st.fixed_dictionaries({"code": st.sampled_from(codes), "name": NAMES, **required}, optional=optional)
    return st.lists(row, max_size=3, unique_by=lambda row: row["code"])


def bonuses() -> st.SearchStrategy[list[Any]]:
    frames = rows({"reward": REWARDS}, {"bonus": BONUS, **PROGRAM}, ["d", "e", "f"])
    return frames.map(lambda found: [{**row.pop("reward"), **row} for row in map(dict, found)])


def discounts() -> st.SearchStrategy[list[Any]]:
    optional = {"tier": NAMES, "card": st.sampled_from(["electronic", "plastic"]), **CONDITIONS}
    frames = rows({"what": KINDS}, optional, CODES)
    return frames.map(lambda found: [sound(unfolded(row, "what", "less")) for row in found])


def promo_codes() -> st.SearchStrategy[list[Any]]:
    optional = {
        **CONDITIONS,
        **HOURS,
        "services": GOODS,
        "max_uses": st.integers(1, 9),
        "max_uses_per_client": st.none() | st.integers(1, 9),
        "new_clients_only": st.booleans(),
        "staff_only": st.booleans(),
        "name": NAMES,
    }
    row: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {"code": st.sampled_from(["SPRING", "spring"]), "given": GIVEN, "made": st.just({})}, optional=optional
    ) | st.fixed_dictionaries(
        {"code": st.sampled_from(["Five", "FIVE"]), "given": GIVEN, "made": UNIQUE}, optional=optional
    )
    frames = st.lists(row, max_size=3, unique_by=lambda row: row["code"].upper())
    return frames.map(lambda found: [sound(unfolded(row, "given", "made")) for row in found])


def unfolded(row: dict[str, Any], *inner: str) -> dict[str, Any]:
    """The row with the mappings under these keys in their place; an inner one may hold the next."""
    for key in inner:
        row = {**{name: value for name, value in row.items() if name != key}, **row[key]}
    return row


def sound(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what contradicts itself: the same time twice, a thing both in and out."""
    if row.get("from_time") is not None and row["from_time"] == row.get("to_time"):
        row = {**row, "to_time": None}
    kept = [name for name in row.get("exclude", []) if name not in row.get("services", [])]
    return {**row, "exclude": kept} if "exclude" in row else row


def segments() -> st.SearchStrategy[list[Any]]:
    """Always both that others name."""
    rule = st.fixed_dictionaries(
        {},
        optional={
            "visits_min": st.integers(0, 10**9),
            "spent_min": AMOUNTS,
            "last_visit_days_max": st.none() | st.integers(100, 30_000),
            "last_visit_days_min": st.integers(0, 100),
            "tier": NAMES,
            "birthday_month": st.integers(1, 12),
            "tag": NAMES,
        },
    )
    return st.tuples(rule, rule, NAMES, st.booleans()).map(
        lambda drawn: [
            {"code": "old", "name": drawn[2], "rule": drawn[0]},
            {"code": "new", "name": "New", "rule": drawn[1], "enabled": drawn[3]},
        ]
    )


DOCUMENTS = st.fixed_dictionaries(
    {
        "business": st.fixed_dictionaries(
            {
                "name": NAMES,
                "currency": st.sampled_from(["USD", "EUR"]),
                "timezone": st.sampled_from(["America/New_York", "Asia/Kathmandu"]),
            },
            optional={
                "bonus_step": POSITIVE,
                "bonus_limit_percent": PERCENTS,
                "allow_debt": st.booleans(),
                "earns_before_discounts": st.booleans(),
                "gift_cards_earn": st.booleans(),
                "memberships_earn": st.booleans(),
                "desk_refund_hours": st.integers(0, 720_000),
                "manager_refund_days": st.none() | DAYS,
            },
        ),
        "services": st.just(
            [
                {"code": "x", "name": "X", "price": "20", "category": "Nägel"},
                {"code": "y", "name": "Y", "price": 60, "enabled": False},
            ]
        ),
        "segments": segments(),
    },
    optional={
        "locations": rows({}, {"address": NAMES, "timezone": st.just("Asia/Tokyo"), "enabled": st.booleans()}, CODES),
        "cashback": rows(
            {"tiers": TIERS},
            {
                "window": st.just("lifetime") | st.fixed_dictionaries({"days": DAYS}),
                "bonus": BONUS,
                "segment": SEGMENTS,
                "services": GOODS,
                "exclude": GOODS,
                "multipliers": MULTIPLIERS,
                "max_per_check": POSITIVE,
                "max_per_day": POSITIVE,
                "max_per_month": st.none() | POSITIVE,
                **PROGRAM,
            },
            ["a", "b", "c"],
        ).map(lambda found: [sound(row) for row in found]),
        "bonuses": bonuses(),
        "referral": st.fixed_dictionaries(
            {},
            optional={
                **PROGRAM,
                "referrer": st.none()
                | st.fixed_dictionaries(
                    {"percent": PERCENTS}, optional={"when": EVERY_VISIT, "months": st.integers(1, 99)}
                )
                | st.fixed_dictionaries(
                    {"amount": POSITIVE}, optional={"when": EVERY_VISIT, "max_per_month": POSITIVE}
                ),
                "friend": st.none()
                | st.fixed_dictionaries({"amount": POSITIVE}, optional={"when": ON_JOINING})
                | st.fixed_dictionaries({"discount_percent": PERCENTS}, optional={"when": ON_JOINING}),
                "bonus": BONUS,
            },
        ),
        "trials": rows({"services": SERVICES}, {"percent": PERCENTS, **PROGRAM}, CODES),
        "discounts": discounts(),
        "promo_codes": promo_codes(),
        "gift_cards": rows(
            {"denominations": st.lists(POSITIVE, max_size=4, unique=True)},
            {"valid": st.none() | st.fixed_dictionaries({"days": DAYS}), "single_use": st.booleans()},
            CODES,
        ),
        "memberships": rows(
            {"sessions": st.integers(1, 10_000), "price": AMOUNTS, "services": SERVICES},
            {
                "valid": SPANS,
                "starts": st.just("purchase"),
                "freeze_days": st.integers(0, 365),
                "refund": st.sampled_from(["proportional", "used", "none"]),
                "enabled": st.booleans(),
            },
            CODES,
        ),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=DOCUMENTS, then=DOCUMENTS)
def test_any_setup_comes_back(db: None, first: dict[str, Any], then: dict[str, Any]) -> None:
    with transaction.atomic():
        for document in (first, then):
            foretold = load(document, by=BY, dry_run=True)
            assert load(document, by=BY) == foretold
            assert load(document, by=BY) == []
            dumped = dump()
            assert load(read_yaml(write_yaml(dumped)), by=BY) == []
            assert dump() == dumped
        transaction.set_rollback(True)
    assert dump() == {}
