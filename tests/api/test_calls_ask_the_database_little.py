"""The number of statements of a call does not grow with what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Caller, basket


def statements(caller: Caller, method: str, path: str, body: Any = None, **extra: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert caller.send(method, path, body, **extra).status in (200, 201)
    return len(captured)


@pytest.fixture
def boris(till: Caller) -> Any:
    alice = till.register(first_name="Alice")
    return till.register(first_name="Boris", referrer=alice["card"])


def test_lists(till: Caller, boris: Any) -> None:
    till.settle("towel", client=boris)
    paths = ["clients", "visits", "memberships", f"clients/{boris['id']}/entries", f"clients/{boris['id']}/balance"]
    before = {path: statements(till, "GET", path) for path in paths}
    for number in range(6):
        till.register(first_name=f"Friend {number}", referrer=boris["card"])
        till.settle("towel", "session", "personal", client=boris)
        sale = {"client": boris["id"], "plan": "five", "location": "main"}
        till.post("memberships", {**sale, "payments": [{"method": "cash", "amount": "90"}]}).made()

    after = {path: statements(till, "GET", path) for path in paths}
    assert max(after.values()) <= 19, after
    # The first membership brings the queries for memberships along: their counts, freezes, people and privileges.
    assert all(after[path] <= before[path] + 4 for path in paths), (before, after)


def test_a_quote_and_a_settled_check(till: Caller, boris: Any) -> None:
    small = basket("session", client=boris)
    large = basket(*["session", "towel", "personal"] * 10, client=boris, redeem="max")
    till.post("visits/quote", small).ok()
    quotes = [statements(till, "POST", "visits/quote", check) for check in (small, large)]
    settled = [
        statements(till, "POST", "visits", _paid(till, check), idempotency=f"{i}")
        for i, check in enumerate([small, large])
    ]

    # Two for the key, one for the settings; then the figures of the quote.
    assert max(quotes) <= 12, quotes
    assert max(settled) <= 28, settled
    assert settled[1] - settled[0] <= 2, settled


def _paid(till: Caller, check: Any) -> Any:
    to_pay = till.post("visits/quote", check).ok()["to_pay"]
    return {**check, "payments": [{"method": "cash", "amount": to_pay}]}
