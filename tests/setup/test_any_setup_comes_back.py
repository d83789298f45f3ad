"""Whatever is set up comes back from its dump, a second load changes nothing, and a dry run foretells the first.

Into an empty database the dump brings the same again.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.models import BonusProgram
from loyalty.setup import dump, load, read_yaml, write_yaml
from loyalty.setup.segments import Rule
from tests.setup.conftest import BY
from tests.setup.drawing import (
    AMOUNTS,
    BONUS,
    CLOCKS,
    CODES,
    DAYS,
    FROM_TO,
    GOODS,
    NAMES,
    PERCENTS,
    POSITIVE,
    PROGRAM,
    SEGMENTS,
    SERVICES,
    SPANS,
    WEEKDAYS,
    rows,
    sound,
)
from tests.setup.drawing_discounts import discounts, promo_codes
from tests.setup.drawing_over_time import (
    ALL_LETTERS,
    CHAINS,
    LETTER_RULES,
    REWARDS,
    RULE,
    TIERS,
    bonuses,
    gifts,
    prizes,
    scales,
    segments,
    stamps,
)

FACTORS = st.integers(1, 100_000).map(lambda thousandths: f"{thousandths // 1000}.{thousandths % 1000:03}")
MULTIPLIERS = st.lists(
    st.fixed_dictionaries({"factor": FACTORS, "from_time": CLOCKS}, optional={"weekdays": WEEKDAYS, **FROM_TO})
    | st.fixed_dictionaries({"factor": FACTORS, "weekdays": st.just(["sun"])}, optional=FROM_TO),
    max_size=3,
)
EVERY_VISIT = st.sampled_from(["every_visit", "first_visit"])
ON_JOINING = st.sampled_from(["registration", "first_visit"])
OF_PLACES = {"address": NAMES, "timezone": st.just("Asia/Tokyo"), "enabled": st.booleans()}
PLACES = st.just([{"code": "main", "name": "Main"}, {"code": "side", "name": "Side", "enabled": False}])
CARDS = (
    {"denominations": st.lists(POSITIVE, min_size=1, max_size=4, unique=True)},
    {"valid": st.none() | st.fixed_dictionaries({"days": DAYS}), "single_use": st.booleans(), "enabled": st.booleans()},
)


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its gift cards in one section: the type that gifts name comes with the gifts."""
    presents, cards = document.pop("presents", {}), document.pop("more_cards", [])
    given = {**presents, "gift_cards": [*presents.get("gift_cards", []), *cards]}
    return {**document, **given} if presents or cards else document


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
        "locations": st.tuples(PLACES, rows({}, OF_PLACES, CODES)).map(lambda two: [*two[0], *two[1]]),
        "segments": segments(),
        "letters": ALL_LETTERS,
        "bonuses": bonuses(),
    },
    optional={
        "letter_rules": LETTER_RULES,
        "rfm": scales(),
        "chains": CHAINS,
        "cashback": rows(
            {"tiers": TIERS},
            {
                "window": st.just("lifetime") | st.fixed_dictionaries({"days": DAYS}),
                "bonus": BONUS,
                "segment": SEGMENTS,
                "services": GOODS,
                "exclude": GOODS,
                "multipliers": MULTIPLIERS,
                "falls": st.sampled_from(["earned", "one_step"]),
                "max_per_check": POSITIVE,
                "max_per_day": POSITIVE,
                "max_per_month": st.none() | POSITIVE,
                **PROGRAM,
            },
            ["a", "b", "c"],
        ).map(lambda found: [sound(row) for row in found]),
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
        "trials": rows({"services": SERVICES}, {"percent": PERCENTS, "segment": SEGMENTS, **PROGRAM}, CODES),
        "discounts": discounts(),
        "promo_codes": promo_codes(),
        "stamps": stamps(),
        "prizes": prizes(),
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
        "presents": st.fixed_dictionaries(
            {"gift_cards": rows(*CARDS, ["gift"]).filter(bool)}, optional={"gifts": gifts()}
        ),
        "more_cards": rows(*CARDS, CODES),
    },
).map(whole)


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=DOCUMENTS, then=DOCUMENTS)
def test_any_setup_comes_back(db: None, first: dict[str, Any], then: dict[str, Any]) -> None:
    dumped: dict[str, Any] = {}
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
    with transaction.atomic():
        load(dumped, by=BY)
        assert dump() == dumped
        transaction.set_rollback(True)


def test_every_trigger_and_every_condition_is_drawn() -> None:
    assert set(REWARDS) == set(BonusProgram.Trigger.values)
    assert set(RULE) == {part.name for part in Rule().group.parts}
