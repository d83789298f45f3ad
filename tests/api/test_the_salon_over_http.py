"""The second worked example of `domain.md` section 4, through the API: three programs at once, in roubles."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from clients.actors import Actor
from clients.models import Client
from loyalty.api.keys import make_key
from loyalty.models import Entry, Visit
from tests.api.conftest import Caller, basket
from tests.published import load_preset
from tests.till import Till


@pytest.fixture
def salon(db: None) -> Caller:
    load_preset("salon", by=Actor.staff("anna"))
    return Caller(make_key("salon", scope="owner"))


def grant(client: Any, birthday: str) -> None:
    till = Till(now=timezone.now())
    row = Client.objects.get(pk=client["id"])
    lots: list[tuple[str, str, int, int]] = [("birthday", birthday, 15, 5), ("first", "40", 15, 20)]
    for program, amount, limit, days in [*lots, ("cumulative", "300", 10, 150)]:
        last_day = till.today + timedelta(days=days)
        till.give(row, amount, program=program, limit_percent=Decimal(limit), last_day=last_day)


def check_of_2000(salon: Caller, client: Any) -> dict[str, Any]:
    setup = salon.get("setup").ok()
    line = {"service": setup["services"][0]["code"], "price": "2000.00"}
    return basket(client=client, location=setup["locations"][0]["code"], lines=[line], redeem="max")


@pytest.mark.parametrize(
    ("birthday", "taken"),
    [
        ("1000", [("birthday", "-300.00")]),
        ("120", [("birthday", "-120.00"), ("cumulative", "-140.00"), ("first", "-40.00")]),
    ],
)
def test_three_programs_pay_300_of_2000_together(salon: Caller, birthday: str, taken: Any) -> None:
    client = salon.register(first_name="Мария")
    grant(client, birthday)
    check = check_of_2000(salon, client)

    quote = salon.post("visits/quote", check).ok()
    assert (quote["currency"], quote["bonus_spendable"], quote["bonus_total"], quote["to_pay"]) == (
        *("RUB", "300.00", "300.00"),
        "1700.00",
    )
    assert not Visit.objects.exists()

    paid = [{"method": "card", "amount": "1700.00"}]
    salon.post("visits", {**check, "payments": paid, "quote": quote["token"]}).made()
    entries = salon.get(f"clients/{client['id']}/entries").ok()["results"]
    spent = sorted((entry["program"], entry["amount"]) for entry in entries if entry["kind"] == Entry.Kind.SPEND)
    assert spent == taken


def test_times_carry_the_offset_of_moscow(salon: Caller) -> None:
    assert salon.register(first_name="Мария")["created_at"].endswith("+03:00")
