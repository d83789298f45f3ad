"""Terms and privileges of tiers as keys of the setup document; changed thresholds wait for the night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loyalty.models import CashbackProgram, CashbackTier, Standing, TierChange, TierStanding
from loyalty.money import Money
from loyalty.review import review_tiers
from loyalty.setup import SetupRefused, dump, load
from tests import factories
from tests.setup.conftest import BY

Load = Callable[..., list[str]]


def cashback(*tiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    rungs = [{"name": f"T{n}", "from": f"{n * 500}.00", "percent": "3", **tier} for n, tier in enumerate(tiers)]
    return {"cashback": [{"code": "cumulative", "name": "Cashback", "tiers": rungs, "window": "lifetime", **more}]}


def test_every_key_of_a_tier_comes_back_in_its_shortest_form(load_text: Load, flexgym: str) -> None:
    document = cashback(
        {},
        {"min_days": 90, "grace_days": 30, "privileges": "A towel"},
        {"privileges": ["A towel", "A locker"]},
        {"privileges": {"priority_booking": True}},
        {"privileges": {"text": ["A towel", "A locker"], "priority_booking": True, "early_access": True}},
        falls="one_step",
    )
    load(document, by=BY)
    assert dump()["cashback"] == document["cashback"]
    assert load(dump(), by=BY) == []
    assert CashbackProgram.objects.get(code="cumulative").falls == "one_step"
    tier = CashbackTier.objects.get(name="T4", enabled=True)
    assert (tier.privileges, tier.priority_booking, tier.early_access) == ("A towel\nA locker", True, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["A towel"], "A towel"),
        ({"text": "A towel"}, "A towel"),
        ({"text": "A towel", "early_access": False}, "A towel"),
        ("A towel\nA locker\n", ["A towel", "A locker"]),
        ("A towel\n\nA locker", "A towel\n\nA locker"),
        (["A towel\u2028A locker"], ["A towel", "A locker"]),
        ([], None),
        (None, None),
        ("", None),
    ],
)
def test_a_longer_form_says_the_same(given: Any, kept: Any, flexgym: str, load_text: Load) -> None:
    load(cashback({"privileges": given}), by=BY)
    (tier,) = dump()["cashback"][0]["tiers"]
    assert tier.get("privileges") == kept
    assert load(dump(), by=BY) == []


def test_a_change_is_told_in_words(flexgym: str, load_text: Load) -> None:
    load(cashback({}, {"privileges": "A towel"}), by=BY)
    changed = cashback({"min_days": 10}, {"privileges": {"text": ["A towel", "A locker"], "priority_booking": True}})
    (said,) = map(str, load(changed, by=BY))
    assert said == (
        "change cashback cumulative: tiers T0 min_days 0 → 10, "
        "T1 privileges A towel → A towel, A locker, priority_booking"
    )


@pytest.mark.parametrize(
    ("tier", "path", "words"),
    [
        ({"min_days": -1}, "min_days", "must be between 0 and 30000"),
        ({"grace_days": "soon"}, "grace_days", "must be a whole number"),
        ({"privileges": 5}, "privileges", "must be text (in quotes, if it looks like a number)"),
        ({"privileges": ["A towel", ""]}, "privileges[1]", "must not be empty"),
        ({"privileges": {"text": 5}}, "privileges.text", "must be text (in quotes, if it looks like a number)"),
        ({"privileges": {"early": True}}, "privileges.early", "unknown key"),
        ({"privileges": {"early_access": 1}}, "privileges.early_access", "must be true or false"),
        ({"privileges": ["x" * 200] * 11}, "privileges", "must have at most 2000 characters"),
        ({"keeps": 5}, "keeps", "unknown key"),
    ],
)
def test_a_mistake_is_named_by_its_path(
    tier: dict[str, Any], path: str, words: str, flexgym: str, load_text: Load
) -> None:
    with pytest.raises(SetupRefused) as refused:
        load(cashback(tier), by=BY)
    assert refused.value.errors == [(f"cashback[0].tiers[0].{path}", words)]


def test_how_a_client_falls_is_one_of_two(flexgym: str, load_text: Load) -> None:
    with pytest.raises(SetupRefused, match=r"cashback\[0\].falls: must be earned or one_step"):
        load(cashback({}, falls="softly"), by=BY)


def test_changed_thresholds_wait_for_the_night(flexgym: str, load_text: Load) -> None:
    load(cashback({}, {}), by=BY)
    review_tiers(day=factories.NOW.date(), now=factories.NOW)
    client = factories.ClientFactory()
    Standing.objects.create(client=client, total_spent=Money(60000))
    document = cashback({}, {"from": "700.00"})
    load(document, by=BY)
    assert TierStanding.objects.get(client=client).tier.name == "T1"
    assert load(document, by=BY) == []
    (change,) = TierChange.objects.filter(done_at=None)
    assert change.by == str(BY)
    review_tiers(day=factories.NOW.date(), now=factories.NOW)
    assert TierStanding.objects.get(client=client).tier.name == "T0"
