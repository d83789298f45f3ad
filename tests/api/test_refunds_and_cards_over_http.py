"""Refunds, and the sale of gift cards and memberships, which are checks with one line."""

from __future__ import annotations

from typing import Any

import pytest

from giftcards.models import GiftCard
from tests.api.conftest import Caller, basket

CASH_30 = [{"method": "cash", "amount": "30.00"}]


@pytest.fixture
def alice(till: Caller) -> Any:
    return till.register(first_name="Alice", phone="+12125550101")


@pytest.fixture
def bob(till: Caller, alice: Any) -> Any:
    """Referred by Alice: 100 bonuses."""
    return till.register(first_name="Bob", referrer="+12125550101")


def figures(check: Any, *names: str) -> list[Any]:
    return [check[name] for name in names]


# --- refunds ---------------------------------------------------------------------------------------------------------


def test_a_whole_refund_puts_everything_back(till: Caller, alice: Any, bob: Any) -> None:
    visit = till.settle("personal", client=bob, redeem="max", pay="30.00")

    back = till.post(f"visits/{visit['id']}/refund", {"reason": "injured"}).made()
    assert figures(back, "money", "bonus_returned", "bonus_taken_back", "gift_card_returned", "sessions_returned") == [
        *(CASH_30, "30.00", "0.90", "0.00", 0)
    ]
    assert back["debt"] == "0.00"
    assert (till.balance(bob)["balance"], till.balance(alice)["balance"]) == ("100.00", "0.00")
    assert till.get(f"visits/{visit['id']}").ok()["status"] == "refunded"
    till.post(f"visits/{visit['id']}/refund", {"reason": "again"}).refused(409, "already_refunded")


def test_one_of_three_towels_comes_back(till: Caller) -> None:
    visit = till.settle(lines=[{"service": "towel", "quantity": 3}], pay="9.00")
    path = f"visits/{visit['id']}/refund"

    back = till.post(path, {"lines": [{"line": 1, "quantity": 1}], "reason": "torn"}).made()
    assert back["money"] == [{"method": "cash", "amount": "3.00"}]
    seen = till.get(f"visits/{visit['id']}").ok()
    assert (seen["status"], seen["lines"][0]["refunded"]) == ("partly_refunded", 1)
    till.post(path, {"lines": [{"line": 1, "quantity": 3}], "reason": "torn"}).refused(409, "already_refunded")
    assert till.post(path, {"reason": "the rest"}).made()["money"] == [{"method": "cash", "amount": "6.00"}]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x", "lines": []}, "lines"),
        ({"reason": "x", "lines": {"line": 1}}, "lines"),
        ({"reason": "x", "lines": [1]}, "lines[0]"),
        ({"reason": "x", "lines": [{}]}, "lines[0].line"),
        ({"reason": "x", "lines": [{"line": 2}]}, "lines[0].line"),
        ({"reason": "x", "lines": [{"line": 1}, {"line": 1}]}, "lines"),
        ({"reason": "x", "lines": [{"line": 1, "quantity": 0}]}, "lines[0].quantity"),
        ({"reason": "x", "lines": [{"line": 1, "amount": "1"}]}, "lines[0].amount"),
        ({"reason": "x", "amount": "1"}, "amount"),
    ],
)
def test_a_refund_that_makes_no_sense_moves_nothing(till: Caller, said: Any, field: str) -> None:
    visit = till.settle("towel")
    till.post(f"visits/{visit['id']}/refund", said).refused(400, "invalid", field)

    assert till.get(f"visits/{visit['id']}").ok() == visit


@pytest.mark.parametrize("pk", ["999", "0", "abc", "9" * 40, "%00"])
def test_a_visit_that_is_not_there_is_not_found(till: Caller, pk: str) -> None:
    till.get(f"visits/{pk}").refused(404, "not_found")
    till.post(f"visits/{pk}/refund", {"reason": "x"}).refused(404, "not_found")


# --- gift cards and memberships --------------------------------------------------------------------------------------


def test_a_gift_card_is_sold_seen_and_spent(till: Caller, bob: Any) -> None:
    paid = [{"method": "card", "amount": "50"}]
    card = till.post("giftcards", {"type": "gift", "amount": "50", "location": "main", "payments": paid}).made()
    assert (card["amount"], card["visit"]["earned"], card["visit"]["to_pay"]) == ("50.00", [], "50.00")
    (told,) = card["visit"]["lines"][0]["gift_cards"]
    assert told == {name: card[name] for name in ("id", "code", "last_day", "amount")}

    seen = till.get(f"visits/{card['visit']['id']}")
    assert "gift_cards" not in seen.ok()["lines"][0]
    assert card["code"] not in seen.content.decode()
    state = {"remaining": "50.00", "last_day": card["last_day"], "status": "active"}
    assert till.post("giftcards/check", {"code": card["code"].lower()}).ok() == state

    visit = till.settle("personal", client=bob, gift_cards=[card["code"]], pay="10.00")
    assert figures(visit, "gift_card_total", "to_pay", "earned_total") == ["50.00", "10.00", "1.80"]
    assert till.post("giftcards/check", {"code": card["code"]}).ok()["status"] == "empty"
    till.post("visits/quote", basket("personal", gift_cards=[card["code"]])).refused(422, "gift_card_empty")

    back = till.post(f"visits/{visit['id']}/refund", {"reason": "injured"}).made()
    assert figures(back, "gift_card_returned", "money") == ["50.00", [{"method": "cash", "amount": "10.00"}]]


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"type": "none"}, 400, "invalid", "type"),
        ({"type": None}, 400, "invalid", "type"),
        ({"amount": "51"}, 400, "invalid", "amount"),
        ({"amount": 50}, 400, "invalid", "amount"),
        ({"amount": None}, 400, "invalid", "amount"),
        ({"location": "moon"}, 400, "invalid", "location"),
        ({"payments": []}, 422, "payment_mismatch", "payments"),
        ({"client": "999"}, 404, "not_found", "client"),
        ({"colour": "red"}, 400, "invalid", "colour"),
        ({"lines": []}, 400, "invalid", "lines"),
    ],
)
def test_a_gift_card_that_cannot_be_sold(till: Caller, changed: Any, status: int, code: str, field: str) -> None:
    sale = {"type": "gift", "amount": "50", "location": "main", "payments": [{"method": "card", "amount": "50"}]}
    till.post("giftcards", {**sale, **changed}).refused(status, code, field)

    assert not GiftCard.objects.exists()


def test_codes_cannot_be_guessed(till: Caller, make_caller: Any) -> None:
    answers = [till.post("giftcards/check", {"code": f"WRONG{i}"}) for i in range(32)]

    assert [answer.status for answer in answers] == [422] * 30 + [429] * 2
    answers[0].refused(422, "gift_card_unknown", "code")
    answers[-1].refused(429, "throttled")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    other = make_caller("till", name="till-2")
    other.post("giftcards/check", {"code": "WRONG"}).refused(422, "gift_card_unknown")


def test_a_membership_is_sold_and_covers(till: Caller, bob: Any) -> None:
    paid = [{"method": "transfer", "amount": "90.00"}]
    sold = till.post("memberships", {"client": bob["id"], "plan": "five", "location": "main", "payments": paid}).made()
    visit = sold.pop("visit")
    assert figures(sold, "plan", "remaining", "status") == ["five", 5, "active"]
    assert figures(visit, "to_pay", "earned_total", "client") == ["90.00", "2.70", bob["id"]]
    assert till.get(f"memberships?client={bob['id']}").ok()["results"] == [sold]

    covered = till.settle("session", client=bob, pay="0")
    assert figures(covered, "membership_total", "to_pay", "sessions_used", "earned") == ["20.00", "0.00", 1, []]
    assert [m["remaining"] for m in till.balance(bob)["memberships"]] == [4]


@pytest.mark.parametrize(
    ("changed", "status", "code", "field"),
    [
        ({"plan": "hundred"}, 400, "invalid", "plan"),
        ({"plan": 5}, 400, "invalid", "plan"),
        ({"client": None}, 400, "invalid", "client"),
        ({"client": "999"}, 404, "not_found", "client"),
        ({"location": "moon"}, 400, "invalid", "location"),
        ({"payments": None}, 422, "payment_mismatch", "payments"),
        ({"starts": "2026-01-01"}, 400, "invalid", "starts"),
    ],
)
def test_a_membership_that_cannot_be_sold(
    till: Caller, bob: Any, changed: Any, status: int, code: str, field: str
) -> None:
    paid = [{"method": "cash", "amount": "90.00"}]
    sale = {"client": bob["id"], "plan": "five", "location": "main", "payments": paid, **changed}
    till.post("memberships", sale).refused(status, code, field)

    assert till.get("memberships").ok()["results"] == []
