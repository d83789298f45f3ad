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
EVERY_VISIT = st.sampled_from(["every_visit", "first_visit"])
ON_JOINING = st.sampled_from(["registration", "first_visit"])


def rows(required: dict[str, Any], optional: dict[str, Any], codes: list[str]) -> st.SearchStrategy[list[Any]]:
    row = st.fixed_dictionaries({"code": st.sampled_from(codes), "name": NAMES, **required}, optional=optional)
    return st.lists(row, max_size=3, unique_by=lambda row: row["code"])


def bonuses() -> st.SearchStrategy[list[Any]]:
    frames = rows({"reward": REWARDS}, {"bonus": BONUS, **PROGRAM}, ["d", "e", "f"])
    return frames.map(lambda found: [{**row.pop("reward"), **row} for row in map(dict, found)])


DOCUMENTS = st.fixed_dictionaries(
    {
        "business": st.fixed_dictionaries(
            {
                "name": NAMES,
                "currency": st.sampled_from(["USD", "EUR"]),
                "timezone": st.sampled_from(["America/New_York", "Asia/Kathmandu"]),
            },
            optional={"bonus_step": POSITIVE, "bonus_limit_percent": PERCENTS, "allow_debt": st.booleans()},
        ),
        "services": st.just(
            [{"code": "x", "name": "X", "price": "20"}, {"code": "y", "name": "Y", "price": 60, "enabled": False}]
        ),
    },
    optional={
        "locations": rows({}, {"address": NAMES, "timezone": st.just("Asia/Tokyo"), "enabled": st.booleans()}, CODES),
        "cashback": rows(
            {"tiers": TIERS},
            {"window": st.just("lifetime") | st.fixed_dictionaries({"days": DAYS}), "bonus": BONUS, **PROGRAM},
            ["a", "b", "c"],
        ),
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
