"""Drawn discounts and promo codes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.setup.drawing import (
    AMOUNTS,
    CLOCKS,
    CODES,
    DAYS,
    GOODS,
    HOURS,
    LOCATIONS,
    NAMES,
    PERCENTS,
    POSITIVE,
    PROGRAM,
    SEGMENTS,
    SPANS,
    TWO_GOODS,
    WEEKDAYS,
    rows,
    sound,
    unfolded,
)

STEPS = st.lists(
    st.fixed_dictionaries({"from": AMOUNTS, "percent": PERCENTS}),
    min_size=1,
    max_size=3,
    unique_by=lambda step: step["from"],
)
CONDITIONS: dict[str, Any] = {
    "segment": SEGMENTS,
    "locations": LOCATIONS,
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
