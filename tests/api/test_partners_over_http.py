"""Partners over HTTP: named where a friend is, listed with their statements, and marked as paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from clients.models import Location
from loyalty.money import Money
from referrals.models import Partner, PartnerStatement
from tests.api.conftest import Caller


@pytest.fixture
def yoga(flexgym: None) -> Partner:
    return Partner.objects.create(code="City-Yoga", name="City Yoga", percent=Decimal("7.5"), months=12)


def state(partner: Partner, month: date, amount: int) -> None:
    figures = {"paid_in": Money(20000), "refunded": Money(0), "carried": Money(0), "amount": Money(amount)}
    PartnerStatement.objects.create(
        partner=partner, month=month, clients=1, visits=2, percent=Decimal("7.5"), **figures
    )


def test_a_client_names_a_partner(till: Caller, yoga: Partner) -> None:
    boris = till.register(first_name="Boris", referrer="city-yoga")
    assert (boris["partner"], boris["referrer"]) == ("City-Yoga", None)
    alice = till.register(first_name="Alice")
    assert (alice["partner"], alice["referrer"]) == (None, None)
    changed = till.patch(f"clients/{alice['id']}", {"referrer": "CITY-YOGA"}).ok()
    assert changed["partner"] == "City-Yoga"
    refused = till.patch(f"clients/{alice['id']}", {"referrer": boris["referral_code"]}).refused(
        422, "referrer_refused"
    )
    assert refused["reason"] == "already_named"


def test_partners_and_their_statements_are_listed(owner: Caller, yoga: Partner) -> None:
    owner.register(first_name="Boris", referrer="city-yoga")
    state(yoga, date(2026, 1, 1), 1500)
    assert owner.get("partners").ok()["results"] == [
        {
            "code": "City-Yoga",
            "name": "City Yoga",
            "enabled": True,
            "percent": "7.5",
            "months": 12,
            "email": "",
            "note": "",
            "clients": 1,
        }
    ]
    (row,) = owner.get("partners/city-yoga/statements").ok()["results"]
    assert (row["month"], row["paid_in"], row["percent"], row["amount"]) == ("2026-01", "200.00", "7.5", "15.00")
    assert (row["paid_at"], row["paid_by"]) == (None, "")


def test_a_statement_is_marked_as_paid(owner: Caller, yoga: Partner) -> None:
    state(yoga, date(2026, 1, 1), 1500)
    state(yoga, date(2026, 2, 1), -500)
    paid = owner.post("partners/City-Yoga/statements/2026-01/paid", {"note": "transfer 17"}).ok()
    assert (paid["paid_by"], paid["paid_note"], paid["paid_at"] is not None) == ("key:anna", "transfer 17", True)
    owner.post("partners/City-Yoga/statements/2026-01/paid", {}).refused(422, "already_paid")
    owner.post("partners/City-Yoga/statements/2026-02/paid", {}).refused(400, "invalid")
    owner.post("partners/City-Yoga/statements/2026-03/paid", {}).refused(404, "not_found")
    owner.post("partners/City-Yoga/statements/2026-13/paid", {}).refused(400, "invalid")
    owner.post("partners/nobody/statements/2026-01/paid", {}).refused(404, "not_found")


def test_a_key_for_one_location_sees_no_partners(make_caller: Callable[..., Caller], yoga: Partner) -> None:
    caller = make_caller("owner", Location.objects.get(code="main"))
    caller.get("partners").refused(403, "permission_denied")
    caller.get("partners/city-yoga/statements").refused(403, "permission_denied")
