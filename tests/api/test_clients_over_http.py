"""`clients`: register, find, change, what they have (`contract.md`)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from clients.models import Client
from loyalty.models import Entry
from tests.api.conftest import Caller

ALICE = {"first_name": "Alice", "last_name": "Ivanova", "phone": "+12125550101", "email": "Alice@Example.com"}


@pytest.fixture
def alice(till: Caller) -> Any:
    return till.register(**ALICE, birthday="1990-02-28", language="ru", consents=["email"])


def test_a_client_is_registered_with_card_and_referral_code(till: Caller) -> None:
    client = till.register(**ALICE, birthday="1990-02-28", language="ru", consents=["email"])

    assert {name: client[name] for name in ("first_name", "last_name", "phone", "email", "birthday", "language")} == {
        **ALICE,
        "email": "alice@example.com",
        "birthday": "1990-02-28",
        "language": "ru",
    }
    assert client["card"].isdigit()
    assert client["referral_code"]
    assert (client["referrer"], client["consents"]) == (None, ["email"])
    assert till.get(f"clients/{client['id']}").ok() == client


@pytest.mark.parametrize("way", ["referral_code", "phone", "card"])
def test_a_friend_names_who_brought_them_and_starts_with_100(till: Caller, alice: Any, way: str) -> None:
    friend = till.register(first_name="Boris", referrer=alice[way])
    other = till.register(first_name="Paul", referrer=f"https://flexgym.example/join/{alice[way]}/")

    assert other["referrer"] == alice["id"]
    assert friend["referrer"] == alice["id"]
    assert till.balance(friend)["balance"] == "100.00"


def test_a_refused_referrer_leaves_nothing_behind(till: Caller) -> None:
    refused = till.post("clients", {"first_name": "Boris", "referrer": "NOSUCHCODE"}).refused(
        422, "referrer_refused", "referrer"
    )

    assert refused["reason"] == "unknown"
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "first_name"),
        ({"first_name": " "}, "first_name"),
        ({"first_name": 7}, "first_name"),
        ({"first_name": "B", "phone": "12"}, "phone"),
        ({"first_name": "B", "phone": 12125550101}, "phone"),
        ({"first_name": "B", "email": "nobody"}, "email"),
        ({"first_name": "B", "birthday": "1990-02-30"}, "birthday"),
        ({"first_name": "B", "birthday": "31.12.1990"}, "birthday"),
        ({"first_name": "B", "language": "xx"}, "language"),
        ({"first_name": "B", "card": "1"}, "card"),
        ({"first_name": "B", "card": ["1"]}, "card"),
        ({"first_name": "B", "consents": "email"}, "consents"),
        ({"first_name": "B", "consents": ["fax"]}, "consents[0]"),
        ({"first_name": "B", "nickname": "Bo"}, "nickname"),
        ({"first_name": "B", "note": "for staff"}, "note"),
        ({"first_name": "B", "home": "main"}, "home"),
        ({"first_name": "B", "referrer": ["A"]}, "referrer"),
    ],
)
def test_what_makes_no_sense_is_named_and_nobody_registered(till: Caller, said: Any, field: str) -> None:
    till.post("clients", said).refused(400, "invalid", field)

    assert not Client.objects.exists()


def test_a_phone_that_is_taken_is_refused(till: Caller, alice: Any) -> None:
    till.post("clients", {"first_name": "Twin", "phone": "(212) 555-0101"}).refused(400, "invalid", "phone")

    assert Client.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "phone=%2B12125550101",
        "phone=+12125550101",  # the plus sign arrives as a space
        "phone=212-555-0101",
        "email=ALICE@example.com",
        "q=iva",
        "q=alice",
        "q=",
    ],
)
def test_a_client_is_found(till: Caller, alice: Any, query: str) -> None:
    assert till.get(f"clients?{query}").ok() == {"next": None, "previous": None, "results": [alice]}


def test_a_client_is_found_by_card(till: Caller, alice: Any) -> None:
    assert till.get(f"clients?card={alice['card']}").ok()["results"] == [alice]


@pytest.mark.parametrize("query", ["phone=%2B12125550109", "card=1234567890", "email=b@example.com", "q=boris"])
def test_nobody_else_is_found(till: Caller, alice: Any, query: str) -> None:
    assert till.get(f"clients?{query}").ok()["results"] == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("phone=abc", "phone"),
        ("card=abc", "card"),
        ("name=alice", "name"),
        ("q=a&q=b", "q"),
        ("q=%00", "q"),
        ("q=%ff", "q"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=n" + "9" * 40, "cursor"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(till: Caller, query: str, name: str) -> None:
    till.get(f"clients?{query}").refused(400, "invalid", name)


def test_a_client_is_changed(till: Caller, alice: Any) -> None:
    changed = till.patch(f"clients/{alice['id']}", {"last_name": "Petrova", "phone": None, "consents": []}).ok()

    assert changed == {**alice, "last_name": "Petrova", "phone": None, "consents": []}
    assert till.patch(f"clients/{alice['id']}", {}).ok() == changed


def test_a_refused_change_changes_nothing(till: Caller, alice: Any) -> None:
    till.patch(f"clients/{alice['id']}", {"last_name": "Petrova", "referrer": alice["card"]}).refused(
        422, "referrer_refused"
    )
    till.patch(f"clients/{alice['id']}", {"last_name": "Petrova", "balance": "7"}).refused(400, "invalid", "balance")

    assert till.get(f"clients/{alice['id']}").ok() == alice


def test_a_referrer_can_be_named_until_the_first_visit(till: Caller, alice: Any) -> None:
    boris = till.register(first_name="Boris")
    assert till.patch(f"clients/{boris['id']}", {"referrer": alice["card"]}).ok()["referrer"] == alice["id"]

    vera = till.register(first_name="Vera")
    till.settle("session", client=vera)
    refused = till.patch(f"clients/{vera['id']}", {"referrer": alice["card"]}).refused(422, "referrer_refused")
    assert refused["reason"] == "known_client"


@pytest.mark.parametrize("path", ["clients/{}", "clients/{}/balance", "clients/{}/entries"])
@pytest.mark.parametrize("pk", ["999", "0", "007", "-1", "abc", "9" * 40, "%00", "1.0", "%D9%A1"])
def test_who_is_not_there_is_not_found(till: Caller, path: str, pk: str) -> None:
    till.get(path.format(pk)).refused(404, "not_found")


@pytest.mark.parametrize("path", ["clients/{}", "clients/{}/balance", "clients/{}/entries", "memberships?client={}"])
def test_who_asked_to_be_forgotten_is_gone(till: Caller, alice: Any, path: str) -> None:
    Client.objects.update(erased_at=timezone.now())

    till.get(path.format(alice["id"])).refused(410, "client_erased")
    assert till.get("clients").ok()["results"] == []


def test_a_balance_says_all_of_it(till: Caller, alice: Any) -> None:
    boris = till.register(first_name="Boris", referrer=alice["card"])
    till.settle("personal", client=boris, redeem="max", pay="30.00")

    balance = till.balance(boris)
    lots = balance.pop("lots")
    assert balance == {
        "balance": "70.90",
        "spendable": "70.90",
        "pending": "0.00",
        "debt": "0.00",
        "total_spent": "30.00",
        "visits": 1,
        "tier": {
            "name": "Start",
            "percent": "3",
            "next": {"name": "Silver", "percent": "5", "remaining": "470.00"},
            "privileges": [],
            "priority_booking": False,
            "early_access": False,
            "falls": None,
            "by_hand": False,
            "by_hand_until": None,
        },
        "memberships": [],
        "gift_cards": [],
        "free_services": [],
        "stamps": [],
    }
    assert [(lot["program"], lot["remaining"], lot["limit_percent"], lot["min_check"]) for lot in lots] == [
        ("cumulative", "0.90", "50", "50.00"),
        ("referral", "70.00", "50", "50.00"),
    ]


def test_entries_come_newest_first(till: Caller, alice: Any) -> None:
    boris = till.register(first_name="Boris", referrer=alice["card"])
    visit = till.settle("personal", client=boris, redeem="max", pay="30.00")

    entries = till.get(f"clients/{boris['id']}/entries").ok()["results"]
    assert [(e["kind"], e["unit"], e["amount"], e["program"], e["visit"], e["by"]) for e in entries] == [
        ("grant", "bonus", "0.90", "cumulative", visit["id"], "key:till-1"),
        ("spend", "bonus", "-30.00", "referral", visit["id"], "key:till-1"),
        ("grant", "bonus", "100.00", "referral", None, "key:till-1"),
    ]


def test_sessions_are_counted_in_entries(till: Caller, alice: Any) -> None:
    sale = {"client": alice["id"], "plan": "five", "location": "main"}
    till.post("memberships", {**sale, "payments": [{"method": "cash", "amount": "90"}]}).made()

    entries = till.get(f"clients/{alice['id']}/entries").ok()["results"]
    assert [(e["unit"], e["amount"]) for e in entries if e["unit"] == "session"] == [("session", "5")]


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_bonuses_are_added_and_taken_by_hand(owner: Caller, alice: Any) -> None:
    path = f"clients/{alice['id']}/adjust"
    added = owner.post(path, {"amount": "25.00", "reason": "sorry for the wait", "lifetime": {"days": 30}}).made()
    assert (added["kind"], added["amount"], added["note"], added["program"], added["by"]) == (
        "adjust",
        "25.00",
        "sorry for the wait",
        None,
        "key:anna",
    )
    owner.post(path, {"amount": "5.00", "reason": "again"}).made()

    taken = owner.post(path, {"amount": "-27.50", "reason": "a mistake"}).made()
    assert (taken["amount"], owner.balance(alice)["balance"]) == ("-27.50", "2.50")

    refused = owner.post(path, {"amount": "-3", "reason": "more"}).refused(422, "insufficient_balance", "amount")
    assert refused["max"] == "2.50"
    assert owner.balance(alice)["balance"] == "2.50"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"amount": 5, "reason": "x"}, "amount"),
        ({"amount": 5.0, "reason": "x"}, "amount"),
        ({"amount": "0", "reason": "x"}, "amount"),
        ({"amount": "1e3", "reason": "x"}, "amount"),
        ({"amount": "1.001", "reason": "x"}, "amount"),
        ({"reason": "x"}, "amount"),
        ({"amount": "5"}, "reason"),
        ({"amount": "5", "reason": ""}, "reason"),
        ({"amount": "5", "reason": "x" * 251}, "reason"),
        ({"amount": "5", "reason": "x", "lifetime": {"weeks": 1}}, "lifetime.weeks"),
        ({"amount": "5", "reason": "x", "lifetime": {"days": 1, "months": 1}}, "lifetime"),
        ({"amount": "5", "reason": "x", "lifetime": {"days": 99999}}, "lifetime.days"),
        ({"amount": "5", "reason": "x", "lifetime": "forever"}, "lifetime"),
        ({"amount": "-5", "reason": "x", "lifetime": {"days": 1}}, "lifetime"),
        ({"amount": "5", "reason": "x", "program": "y"}, "program"),
    ],
)
def test_an_adjustment_that_makes_no_sense_moves_nothing(owner: Caller, alice: Any, said: Any, field: str) -> None:
    owner.post(f"clients/{alice['id']}/adjust", said).refused(400, "invalid", field)

    assert not Entry.objects.exists()
