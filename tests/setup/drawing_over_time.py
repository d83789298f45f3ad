"""Drawn programs over time: letters, chains, stamps, gifts, prizes, bonuses of every trigger, tiers, segments."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from loyalty.dates import LONGEST_NOTICE
from tests.setup.drawing import (
    AMOUNTS,
    BONUS,
    CLOCKS,
    CODES,
    DAYS,
    GOODS,
    LETTERS,
    LOCATIONS,
    NAMES,
    PERCENTS,
    POSITIVE,
    PROGRAM,
    SEGMENTS,
    rows,
    sound,
    unfolded,
)

COUNTS = st.integers(0, 10**9)
LIFE = st.none() | st.fixed_dictionaries({"days": DAYS})
LINE = st.text(st.characters(exclude_categories=["C"]), max_size=20)
TEXTS = st.lists(LINE, max_size=4).map("\n".join)

# --- letters ---------------------------------------------------------------------------------------------------------

WITH_PLACES = st.lists(
    st.sampled_from(["{name}", "{last_day}", "\n", " "]) | LINE.map(lambda s: s.replace("{", "{{").replace("}", "}}")),
    max_size=4,
).map("".join)
PLACES_IN_A_LINE = WITH_PLACES.map(lambda text: text.replace("\n", " "))


@st.composite
def letter(draw: st.DrawFn, code: str) -> dict[str, Any]:
    """It says something in one language at least: a subject with its text, a short text, or both."""
    said: dict[str, Any] = {"code": code, "name": draw(NAMES), "subject": {}, "body": {}, "short": {}}
    languages = draw(st.lists(st.sampled_from(["en", "ru"]), min_size=1, unique=True))
    for language in languages:
        if draw(st.booleans()):
            said["subject"][language] = f"S{draw(PLACES_IN_A_LINE)}"
            said["body"][language] = f"B{draw(WITH_PLACES)}"
        else:
            said["short"][language] = f"T{draw(PLACES_IN_A_LINE)}"
    more = {"topic": st.sampled_from(["offers", "bonuses", "reminders"]), "value": st.integers(0, 100)}
    return {**said, **draw(st.fixed_dictionaries({}, optional={**more, "enabled": st.booleans()}))}


ALL_LETTERS = st.tuples(letter("hello"), letter("bye")).map(list)
LETTER_RULES = st.fixed_dictionaries(
    {},
    optional={
        "quiet_from": CLOCKS,
        "quiet_to": CLOCKS,
        "weekly_cap": st.none() | st.integers(0, 1000),
        "ending_days": st.integers(0, 365),
        "ending": LETTERS,
        "falling_days": st.integers(0, 365),
        "falling": LETTERS,
        "rewarded": LETTERS,
        "sender_name": NAMES,
        "reply_to": st.sampled_from(["", "anna@example.com"]),
    },
)

# --- chains ----------------------------------------------------------------------------------------------------------

OF_LOTS = ["spent", "not_spent"]
CONDITIONS = ["visited", "not_visited", "has_email", "in_segment"]
OCCASIONS: dict[str, dict[str, Any]] = {
    "lot_ends": {"days": st.integers(0, 365), "min_amount": POSITIVE, "stop_when_spent": st.booleans()},
    "registered": {},
    "visited": {},
    "absent": {"days": st.integers(1, 365)},
    "birthday": {"days": st.integers(0, 365)},
    "tier_falls": {"days": st.integers(0, 365)},
}
DOES: dict[str, dict[str, Any]] = {
    "letter": {"letter": st.sampled_from(["hello", "bye"])},
    "bonus": {"program": st.just("review")},
    "wait": {},
    "stop": {},
}
AFTER = st.fixed_dictionaries({}, optional={"days": st.integers(0, 365), "hours": st.integers(0, 1000)})
CHANNELS = st.sampled_from(["email", "sms"])


@st.composite
def steps(draw: st.DrawFn, begins: str) -> list[dict[str, Any]]:
    """Only ever forward, and what is asked of bonuses only where bonuses end."""
    gaps = draw(st.lists(st.integers(1, 2), max_size=4))
    numbers = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    return [_step(draw, number, [one for one in numbers if one > number], begins) for number in numbers]


def _step(draw: st.DrawFn, number: int, later: list[int], begins: str) -> dict[str, Any]:
    does = draw(st.sampled_from(sorted(DOES)))
    step = {"number": number, "do": does, **draw(st.fixed_dictionaries(DOES[does], optional={"after": AFTER}))}
    if does == "letter" and draw(st.booleans()):
        step["channel"] = draw(CHANNELS)
    asked = draw(st.sampled_from([None, *CONDITIONS, *(OF_LOTS if begins == "lot_ends" else [])]))
    ways = ["then"]
    if asked is not None:
        step["if"] = asked
        ways.append("otherwise")
    if asked == "in_segment":
        step["segment"] = draw(st.sampled_from(["old", "new"]))
    if later:
        step |= {way: draw(st.none() | st.sampled_from(later)) for way in ways}
    return step


@st.composite
def chain(draw: st.DrawFn, code: str) -> dict[str, Any]:
    begins = draw(st.sampled_from(sorted(OCCASIONS)))
    own = dict(OCCASIONS[begins])
    needed = {"days": own.pop("days")} if begins == "absent" else {}
    common = {"segment": SEGMENTS, "stop_when_visited": st.booleans(), "enabled": st.booleans()}
    row = {"code": code, "name": draw(NAMES), "begins": begins, "steps": draw(steps(begins))}
    return {**row, **draw(st.fixed_dictionaries(needed, optional={**own, **common}))}


CHAINS = st.lists(st.sampled_from(["a", "b"]), unique=True).flatmap(
    lambda codes: st.tuples(*(chain(code) for code in codes)).map(list)
)

# --- what clients are given besides bonuses --------------------------------------------------------------------------

COLLECTED = st.fixed_dictionaries({}, optional={"kind": st.just("stamps")}) | st.fixed_dictionaries(
    {"kind": st.just("miles"), "per_amount": POSITIVE}
)
PRESENT = st.one_of(
    st.fixed_dictionaries({"service": st.sampled_from(["x", "y"])}),
    st.fixed_dictionaries({"amount": POSITIVE}),
    st.fixed_dictionaries({"gift_card": st.fixed_dictionaries({"type": st.just("gift"), "amount": POSITIVE})}),
)


def stamps() -> st.SearchStrategy[list[Any]]:
    optional = {
        "services": GOODS,
        "exclude": GOODS,
        "free": GOODS,
        "stamp_lifetime": LIFE,
        "lifetime": LIFE,
        "segment": SEGMENTS,
        "locations": LOCATIONS,
        **PROGRAM,
    }
    found = rows({"needed": st.integers(1, 10**9), "collected": COLLECTED}, optional, CODES)
    return found.map(lambda frames: [sound(unfolded(row, "collected")) for row in frames])


def gifts() -> st.SearchStrategy[list[Any]]:
    required = {"when": st.sampled_from(["check", "total"]), "from_sum": POSITIVE, "given": PRESENT}
    optional = {"bonus": BONUS, "once": st.booleans(), "segment": SEGMENTS, "locations": LOCATIONS, **PROGRAM}
    found = rows(required, optional, ["g", "h", "i"])
    return found.map(lambda frames: [unfolded(row, "given") for row in frames])


def prizes() -> st.SearchStrategy[list[Any]]:
    optional = {
        "description": TEXTS,
        "service": st.sampled_from([None, "x", "y"]),
        "stock": st.none() | COUNTS,
        "per_client": st.none() | st.integers(1, 10**9),
        "valid": LIFE,
        "segment": SEGMENTS,
        "by_client": st.booleans(),
        "enabled": st.booleans(),
        "priority": PROGRAM["priority"],
    }
    return rows({"price": POSITIVE}, optional, CODES)


# --- bonuses ---------------------------------------------------------------------------------------------------------

BEFORE = {"days_before": st.integers(0, LONGEST_NOTICE), "registered_days": DAYS}
AMOUNT: dict[str, Any] = {"amount": POSITIVE}
SHARE = st.fixed_dictionaries({"percent": PERCENTS}) | st.fixed_dictionaries(AMOUNT)
AGAIN: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({"repeat_days": st.none() | DAYS})
REWARDS: dict[str, list[st.SearchStrategy[dict[str, Any]]]] = {
    "registration": [st.fixed_dictionaries(AMOUNT)],
    "first_check": [SHARE],
    "nth_visit": [SHARE, st.fixed_dictionaries({"nth": DAYS})],
    "birthday": [st.fixed_dictionaries(AMOUNT, optional=BEFORE)],
    "anniversary": [st.fixed_dictionaries(AMOUNT, optional=BEFORE)],
    "personal_date": [st.fixed_dictionaries({**AMOUNT, "date_name": NAMES}, optional=BEFORE)],
    "inactivity": [st.fixed_dictionaries({**AMOUNT, "days": DAYS}), AGAIN],
    "campaign": [SHARE],
    "action": [st.fixed_dictionaries(AMOUNT), AGAIN | st.fixed_dictionaries({"once": st.booleans()})],
    "spent": [st.fixed_dictionaries({**AMOUNT, "reaches": POSITIVE})],
    "balance": [st.fixed_dictionaries({**AMOUNT, "reaches": POSITIVE})],
}


def _reward(trigger: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*REWARDS[trigger]).map(
        lambda said: {"trigger": trigger, **{key: value for one in said for key, value in one.items()}}
    )


OF_BONUSES = {
    "bonus": BONUS,
    "segment": SEGMENTS,
    "locations": LOCATIONS,
    "budget": st.none() | POSITIVE,
    "letter": LETTERS,
    **PROGRAM,
}


def bonuses() -> st.SearchStrategy[list[Any]]:
    """Always the one that chains give."""
    reward = st.sampled_from(sorted(REWARDS)).flatmap(_reward)
    review = rows({"reward": _reward("action")}, OF_BONUSES, ["review"]).filter(bool)
    found = st.tuples(review, rows({"reward": reward}, OF_BONUSES, ["d", "e", "f"]))
    return found.map(lambda two: [unfolded(row, "reward") for frames in two for row in frames])


# --- tiers -----------------------------------------------------------------------------------------------------------

PRIVILEGE = st.sampled_from(["A towel", " one\u2028two "]) | LINE.filter(str.strip)
WORDED = st.one_of(TEXTS, st.lists(PRIVILEGE, max_size=3))
PRIVILEGES = (
    st.none()
    | WORDED
    | st.fixed_dictionaries(
        {}, optional={"text": WORDED, "priority_booking": st.booleans(), "early_access": st.booleans()}
    )
)
TERMS: dict[str, Any] = {
    "min_days": st.integers(0, 30_000),
    "grace_days": st.integers(0, 30_000),
    "privileges": PRIVILEGES,
}
TIERS = st.lists(
    st.fixed_dictionaries({"name": NAMES, "from": AMOUNTS, "percent": PERCENTS}, optional=TERMS),
    max_size=4,
    unique_by=lambda tier: tier["from"],
)

# --- segments --------------------------------------------------------------------------------------------------------

RULE: dict[str, st.SearchStrategy[Any]] = {
    "visits_min": st.integers(0, 10**6),
    "visits_max": st.none() | st.integers(10**6, 10**9),
    "spent_min": AMOUNTS,
    "spent_max": st.just("10000000.00"),
    "balance_min": AMOUNTS,
    "last_visit_days_max": st.none() | st.integers(100, 30_000),
    "last_visit_days_min": st.integers(0, 100),
    "tier": NAMES,
    "birthday_month": st.integers(1, 12),
    "tag": NAMES,
    "location": st.sampled_from([None, "main", "side"]),
    "service": st.sampled_from(["x", "y", "Nägel"]),
    "rfm": st.sampled_from(["champions", "loyal", "promising", "new", "at_risk", "sleeping", "lost"]),
    "membership": st.just("*"),  # a plan that is named must be there: that is another test
    "referrals_min": st.none() | COUNTS.filter(bool),
}


def segments() -> st.SearchStrategy[list[Any]]:
    """Always both that others name, by a rule or as a list."""
    by_rule: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {"rule": st.fixed_dictionaries({}, optional=RULE)}, optional={"static": st.just(False)}
    )
    which = by_rule | st.just({"static": True})
    named = [
        st.fixed_dictionaries(
            {"code": st.just(code), "name": NAMES, "which": which}, optional={"enabled": st.booleans()}
        )
        for code in ("old", "new")
    ]
    return st.tuples(*named).map(lambda found: [unfolded(row, "which") for row in found])


def scales() -> st.SearchStrategy[dict[str, Any]]:
    def four(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
        return st.lists(numbers, min_size=4, max_size=4, unique=True).map(sorted)

    money = four(st.integers(0, 10**6)).map(lambda found: [f"{amount}.50" for amount in found[::-1]])
    visits = four(st.integers(1, 10**9)).map(lambda found: found[::-1])
    return st.fixed_dictionaries(
        {}, optional={"recency_days": four(st.integers(0, 30_000)), "visits": visits, "spent": money}
    )
