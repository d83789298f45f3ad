"""What every section of a drawn setup document is made of: codes, names, amounts, dates, conditions."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

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
GOODS = st.lists(st.sampled_from(["x", "y", "Nägel"]), unique=True)
TWO_GOODS = st.lists(st.sampled_from(["x", "y", "Nägel"]), unique=True, min_size=2)
WEEKDAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), unique=True)
CLOCKS = st.times().map(lambda time: time.isoformat("minutes"))
HOURS: dict[str, Any] = {"weekdays": WEEKDAYS, "from_time": CLOCKS, "to_time": st.none() | CLOCKS}
SEGMENTS = st.sampled_from([None, "old", "new"])
LOCATIONS = st.lists(st.sampled_from(["main", "side"]), unique=True)
LETTERS = st.sampled_from([None, "hello", "bye"])
FROM_TO = {"from": PROGRAM["from"], "to": PROGRAM["to"]}


def rows(required: dict[str, Any], optional: dict[str, Any], codes: list[str]) -> st.SearchStrategy[list[Any]]:
    row = st.fixed_dictionaries({"code": st.sampled_from(codes), "name": NAMES, **required}, optional=optional)
    return st.lists(row, max_size=3, unique_by=lambda row: row["code"])


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
