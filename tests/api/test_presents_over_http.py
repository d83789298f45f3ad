"""Stamps, free services, gifts and prizes over HTTP, as tills see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clients.models import Client
from loyalty.models import PrizeClaim, Service
from loyalty.money import Money
from tests import factories
from tests.api.conftest import Caller, basket
from tests.presents import factories as presents
from tests.till import Till


@pytest.fixture
def boris(till: Caller, flexgym: None) -> dict[str, str]:
    """No newcomer: he has been here, so no trial session."""
    person: dict[str, str] = till.register(first_name="Boris")
    till.settle("towel", client=person)
    return person


def give(client: dict[str, str], amount: str) -> None:
    Till(now=factories.NOW).give(Client.objects.get(pk=client["id"]), amount)


@pytest.fixture
def bottle(flexgym: None) -> str:
    presents.PrizeFactory(stock=2, free_days=30, description="Half a litre.")
    return "bottle"


def test_stamps_become_a_free_service_and_the_balance_says_so(till: Caller, boris: dict[str, str]) -> None:
    presents.StampProgramFactory(needed=2)
    till.settle("session", client=boris)
    held = till.balance(boris)
    assert held["stamps"] == [
        {"program": "three", "name": "Three sessions", "collected": 1, "owed": 0, "needed": 2, "last_day": None}
    ]
    assert held["free_services"] == []
    till.settle("session", client=boris)
    held = till.balance(boris)
    assert held["free_services"] == [{"program": "three", "name": "Three sessions", "left": 1, "last_day": None}]
    quote = till.post("visits/quote", basket("session", client=boris)).ok()
    assert (quote["list_total"], quote["membership_total"], quote["check_total"]) == ("20.00", "20.00", "0.00")
    assert (quote["lines"][0]["free"], quote["lines"][0]["covered"]) == ("20.00", 1)
    kept = till.post("visits/quote", basket("session", client=boris, free_services=[])).ok()
    assert kept["to_pay"] == "20.00"
    till.post("visits/quote", basket("session", client=boris, free_services=["1"])).refused(
        400, "invalid", "free_services"
    )
    units = {(entry["unit"], entry["amount"]) for entry in till.get(f"clients/{boris['id']}/entries").ok()["results"]}
    assert {("stamp", "1"), ("stamp", "-1"), ("session", "1")} <= units


def test_a_gift_card_that_is_a_gift_is_told_in_that_answer_only(till: Caller, boris: dict[str, str]) -> None:
    gift = {"service": None, "good": "gift", "amount": Money(1500), "from_sum": Money(2000)}
    presents.GiftProgramFactory(**gift)
    visit = till.settle("session", client=boris)
    (card,) = visit["gift_cards"]
    assert till.post("giftcards/check", {"code": card["code"]}).ok()["remaining"] == "15.00"
    assert "gift_cards" not in till.get(f"visits/{visit['id']}").ok()
    till.post(f"visits/{visit['id']}/refund", {"reason": "no"}).made()
    assert till.post("giftcards/check", {"code": card["code"]}).ok()["status"] == "void"


def test_what_there_is_is_listed(till: Caller, bottle: str) -> None:
    presents.PrizeFactory(code="session", name="A session", service=Service.objects.get(code="session"), priority=200)
    presents.PrizeFactory(code="off", enabled=False)
    assert till.get("prizes").ok()["results"] == [
        {
            "code": "bottle",
            "name": "Bottle",
            "description": "Half a litre.",
            "price": "50.00",
            "service": None,
            "left": 2,
            "per_client": None,
            "valid_days": 30,
            "segment": None,
            "by_client": True,
        },
        {
            "code": "session",
            "name": "A session",
            "description": "",
            "price": "50.00",
            "service": "session",
            "left": None,
            "per_client": None,
            "valid_days": None,
            "segment": None,
            "by_client": True,
        },
    ]


def test_a_prize_is_taken_and_handed_over(till: Caller, boris: dict[str, str], bottle: str) -> None:
    give(boris, "60")
    taken = till.post(f"clients/{boris['id']}/prizes", {"prize": bottle, "key": "shelf-1", "location": "main"}).made()
    assert (taken["state"], taken["price"], taken["by"], taken["number"][0]) == (
        "waiting",
        "50.00",
        "key:till-1",
        "P",
    )
    assert till.post(f"clients/{boris['id']}/prizes", {"prize": bottle, "key": "shelf-1"}).made() == taken
    assert till.get(f"clients/{boris['id']}/prizes").ok()["results"] == [taken]
    given = till.post(f"prizes/claims/{taken['id']}/hand_over", {}).ok()
    assert given["state"] == "handed_over"
    till.post(f"prizes/claims/{taken['id']}/hand_over", {}).refused(422, "prize_closed")
    till.post(f"prizes/claims/{taken['id']}/cancel", {"reason": "no"}).refused(422, "prize_closed")
    assert till.get(f"clients/{boris['id']}/prizes").ok()["results"] == []


def test_taken_back_the_bonuses_return(till: Caller, boris: dict[str, str], bottle: str) -> None:
    give(boris, "60")
    before = till.balance(boris)["balance"]
    taken = till.post(f"clients/{boris['id']}/prizes", {"prize": bottle}).made()
    back = till.post(f"prizes/claims/{taken['id']}/cancel", {"reason": "wrong colour"}).ok()
    assert (back["state"], back["reason"]) == ("cancelled", "wrong colour")
    assert till.balance(boris)["balance"] == before


def test_every_no_has_its_code(till: Caller, boris: dict[str, str], bottle: str) -> None:
    path = f"clients/{boris['id']}/prizes"
    refused = till.post(path, {"prize": bottle}).refused(422, "insufficient_balance", "prize")
    assert refused["max"] == till.balance(boris)["spendable"]
    till.post(path, {"prize": "car"}).refused(404, "not_found")
    till.post(path, {}).refused(400, "invalid", "prize")
    till.post(path, {"prize": bottle, "colour": "blue"}).refused(400, "invalid", "colour")
    till.post("clients/999/prizes", {"prize": bottle}).refused(404, "not_found")
    till.post("prizes/claims/999/hand_over", {}).refused(404, "not_found")
    till.post("prizes/claims/abc/cancel", {"reason": "no"}).refused(404, "not_found")
    give(boris, "200")
    till.post(path, {"prize": bottle, "key": "a"}).made()
    till.post(path, {"prize": bottle, "key": "b"}).made()
    till.post(path, {"prize": bottle}).refused(422, "prize_sold_out", "prize")
    assert PrizeClaim.objects.count() == 2


def test_a_key_that_reads_takes_nothing(make_caller: Callable[..., Caller], boris: dict[str, str], bottle: str) -> None:
    reader = make_caller("read", name="site")
    assert len(reader.get("prizes").ok()["results"]) == 1
    reader.post(f"clients/{boris['id']}/prizes", {"prize": bottle}).refused(403, "permission_denied")
