"""Gift cards by their id: seen, blocked, unblocked and replaced; one of a batch is sold by its code."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from clients.actors import Actor
from clients.models import Location
from giftcards.batches import make
from giftcards.models import GiftCard, GiftCardType
from giftcards.sealing import unseal
from loyalty.money import Money
from tests.api.conftest import Caller, basket

CASH_50 = [{"method": "cash", "amount": "50.00"}]
SALE = {"type": "gift", "amount": "50.00", "location": "main", "payments": CASH_50}


@pytest.fixture
def sold(till: Caller) -> Any:
    return till.post("giftcards", SALE).made()


def pays(till: Caller, code: str) -> Any:
    return till.post("visits/quote", {**basket("towel"), "gift_cards": [code]})


def test_it_is_seen_without_its_code(till: Caller, sold: Any) -> None:
    seen = till.get(f"giftcards/{sold['id']}").ok()
    assert (seen["type"], seen["amount"], seen["remaining"], seen["status"]) == ("gift", "50.00", "50.00", "active")
    assert (seen["last_day"], seen["replaces"], seen["moved_to"]) == (sold["last_day"], None, None)
    assert sold["code"].replace(" ", "") not in str(seen)
    till.get("giftcards/999999").refused(404, "not_found")


def test_a_block_ends_with_its_unblock(till: Caller, owner: Caller, sold: Any) -> None:
    path = f"giftcards/{sold['id']}"
    assert till.post(f"{path}/block", {"reason": "reported lost"}).ok()["status"] == "blocked"
    pays(till, sold["code"]).refused(422, "gift_card_blocked", "gift_cards[0]")
    till.post(f"{path}/block", {}).refused(400, "invalid", "reason")
    till.post(f"{path}/unblock", {"reason": "found"}).refused(403, "permission_denied")
    unblocked = owner.post(f"{path}/unblock", {"reason": "found"}).ok()
    assert (unblocked["status"], unblocked["reason"]) == ("active", "found")
    assert pays(till, sold["code"]).ok()["gift_card_total"] == "3.00"


def test_a_lost_card_is_replaced_once_for_one_key(till: Caller, owner: Caller, sold: Any) -> None:
    path = f"giftcards/{sold['id']}/replace"
    first = owner.post(path, {"reason": "lost"}, idempotency="lost-1").ok()
    assert owner.post(path, {"reason": "lost"}, idempotency="lost-1").ok() == first
    assert (first["replaces"], first["remaining"], first["status"]) == (sold["id"], "50.00", "active")
    assert pays(till, first["code"]).ok()["gift_card_total"] == "3.00"
    old = till.get(f"giftcards/{sold['id']}").ok()
    assert (old["status"], old["remaining"], old["moved_to"], old["reason"]) == ("void", "0.00", first["id"], "lost")
    owner.post(path, {"reason": "lost"}).refused(422, "gift_card_blocked")
    till.post(f"giftcards/{sold['id']}/block", {"reason": "lost"}).refused(422, "gift_card_blocked")
    assert GiftCard.objects.count() == 2


def test_a_printed_card_is_sold_by_its_code(till: Caller) -> None:
    kind = GiftCardType.objects.get(code="gift")
    made = make(kind=kind, amount=Money(5000), count=1, by=Actor.staff("anna"), now=timezone.now())
    card = GiftCard.objects.get(batch=made)
    sale = {**SALE, "code": unseal(card.sealed_code)}
    told = till.post("giftcards", sale).made()
    assert (told["id"], told["amount"]) == (str(card.pk), "50.00")
    till.post("giftcards", sale).refused(422, "gift_card_blocked", "code")
    till.post("giftcards", {**SALE, "code": "WRONG"}).refused(422, "gift_card_unknown", "code")
    assert pays(till, told["code"]).ok()["gift_card_total"] == "3.00"


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"services": ["session"]}, "This gift card can be used for Training session only, and there is none on this"),
        ({"locations": ["pool"]}, "This gift card can be used at Pool only."),
    ],
)
def test_a_card_that_is_for_something_else_is_no_sense_here(till: Caller, limit: dict[str, Any], why: str) -> None:
    Location.objects.create(code="pool", name="Pool")
    GiftCardType.objects.filter(code="gift").update(**limit)
    limited = till.post("giftcards", SALE).made()["code"]
    GiftCardType.objects.filter(code="gift").update(services=[], locations=[])
    other = till.post("giftcards", SALE).made()["code"]

    sent = {**basket("towel"), "gift_cards": [other, limited]}
    quoted = till.post("visits/quote", sent).refused(400, "invalid", "gift_cards[1]")
    settled = till.post("visits", {**sent, "payments": []}).refused(400, "invalid", "gift_cards[1]")

    assert why in quoted["errors"]["gift_cards[1]"][0]
    assert settled["errors"] == quoted["errors"]
    assert till.post("giftcards/check", {"code": limited}).ok()["remaining"] == "50.00"


@pytest.mark.parametrize(
    ("recipient", "field"),
    [
        ({"email": "alice@example.com", "shoe_size": 38}, "recipient.shoe_size"),
        ({"email": "alice@example.com", "on.": "2026-05-30"}, "recipient.on."),
        ({"email": "alice@example.com", "on": 5}, "recipient.on"),
        ({"email": "alice@example.com", "on": "2000-01-01"}, "recipient.on"),
        ({"email": "nowhere"}, "recipient.email"),
        ({}, "recipient.email"),
        (["alice@example.com"], "recipient"),
    ],
)
def test_a_recipient_that_cannot_be_is_named_as_it_was_sent(till: Caller, recipient: Any, field: str) -> None:
    till.post("giftcards", {**SALE, "recipient": recipient}).refused(400, "invalid", field)
    assert not GiftCard.objects.exists()


def test_an_amount_beyond_all_checks_is_named_as_it_was_sent(till: Caller) -> None:
    till.post("giftcards", {**SALE, "amount": 20 * "9"}).refused(400, "invalid", "amount")
