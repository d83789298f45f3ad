"""The token of `visits/quote` over HTTP: kept for 15 minutes, then 409 with the new quote, which is kept as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from loyalty.models import PromisedRules, Reply, Visit
from tests.api.conftest import Caller, basket

CASH_30 = [{"method": "cash", "amount": "30.00"}]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def bob(till: Caller) -> Any:
    """Referred by Alice: 100 bonuses."""
    alice = till.register(first_name="Alice")
    return till.register(first_name="Bob", referrer=alice["card"])


@pytest.fixture
def check(bob: Any) -> Any:
    return basket("personal", client=bob, redeem="max")


def raise_prices(owner: Caller, price: str) -> None:
    rows = owner.get("setup").ok()["services"]
    dear = [{**row, "price": price} if row["code"] == "personal" else row for row in rows]
    owner.send("PUT", "setup", {"services": dear}).ok()


def test_a_price_that_moved_is_not_the_tills_for_a_quarter_of_an_hour(
    till: Caller, owner: Caller, check: Any, clock: Any
) -> None:
    quote = till.post("visits/quote", check).ok()
    raise_prices(owner, "70.00")
    clock.shift(15 * 60)
    assert till.post("visits/quote", check).ok()["to_pay"] == "35.00"
    paid = {**check, "payments": CASH_30, "quote": quote["token"]}
    visit = till.post("visits", paid, idempotency="one").made()
    assert [visit[name] for name in ("list_total", "bonus_total", "to_pay", "earned_total")] == [
        *("60.00", "30.00", "30.00", "0.90")
    ]
    clock.shift(60 * 60)
    assert till.post("visits", paid, idempotency="one").made() == visit
    assert Visit.objects.count() == 1


def test_later_the_answer_is_the_new_quote_and_that_one_is_held_too(
    till: Caller, owner: Caller, bob: Any, check: Any, clock: Any
) -> None:
    token = till.post("visits/quote", check).ok()["token"]
    raise_prices(owner, "70.00")
    clock.shift(15 * 60 + 1)
    late = {**check, "payments": CASH_30, "quote": token}
    problem = till.post("visits", late, idempotency="one").refused(409, "quote_changed")
    quote = problem["quote"]
    assert [quote[name] for name in ("list_total", "bonus_total", "to_pay")] == ["70.00", "35.00", "35.00"]
    assert (Visit.objects.exists(), Reply.objects.exists(), till.balance(bob)["balance"]) == (False, False, "100.00")

    raise_prices(owner, "80.00")
    agreed = {**check, "payments": [{"method": "cash", "amount": "35"}], "quote": quote["token"]}
    assert till.post("visits", agreed, idempotency="one").made()["to_pay"] == "35.00"


def test_a_quote_that_is_too_old_is_answered_with_the_same_figures_and_a_new_token(
    till: Caller, check: Any, clock: Any
) -> None:
    old = till.post("visits/quote", check).ok()
    clock.shift(15 * 60 + 1)
    problem = till.post("visits", {**check, "payments": CASH_30, "quote": old["token"]}).refused(409, "quote_changed")
    ignored = {"token": None, "at": None}
    assert {**problem["quote"], **ignored} == {**old, **ignored}
    assert problem["quote"]["token"] != old["token"]
    assert till.post("visits", {**check, "payments": CASH_30, "quote": problem["quote"]["token"]}).made()


def test_bonuses_that_were_used_elsewhere_are_409_at_once(till: Caller, owner: Caller, bob: Any, check: Any) -> None:
    token = till.post("visits/quote", check).ok()["token"]
    till.settle("personal", "personal", client=bob, redeem="60")
    till.settle("personal", client=bob, redeem="20")
    raise_prices(owner, "70.00")
    problem = till.post("visits", {**check, "payments": CASH_30, "quote": token}).refused(409, "quote_changed")
    assert problem["quote"]["list_total"] == "70.00"
    assert problem["quote"]["bonus_total"] < "30.00"
    assert Visit.objects.count() == 2


@pytest.mark.parametrize("token", ["x", "x:y", "A" * 250])
def test_a_token_that_is_none_is_answered_with_the_quote(till: Caller, check: Any, token: str) -> None:
    problem = till.post("visits", {**check, "payments": CASH_30, "quote": token}).refused(409, "quote_changed")
    assert problem["quote"]["to_pay"] == "30.00"


def test_a_location_that_was_closed_since_still_settles_what_it_promised(
    till: Caller, owner: Caller, check: Any
) -> None:
    token = till.post("visits/quote", check).ok()["token"]
    places = [{**row, "enabled": row["code"] != "main"} for row in owner.get("setup").ok()["locations"]]
    owner.send("PUT", "setup", {"locations": places}).ok()
    till.post("visits/quote", check).refused(400, "invalid", "location")
    assert till.post("visits", {**check, "payments": CASH_30, "quote": token}).made()["location"] == "main"
    till.post("visits", {**check, "payments": CASH_30}).refused(400, "invalid", "location")


def test_only_the_first_quote_by_new_settings_writes_them_down(till: Caller, owner: Caller, check: Any) -> None:
    for _quote in range(3):
        till.post("visits/quote", check).ok()
    assert PromisedRules.objects.count() == 1
    raise_prices(owner, "70.00")
    assert PromisedRules.objects.count() == 1
    till.post("visits/quote", check).ok()
    assert PromisedRules.objects.count() == 2
