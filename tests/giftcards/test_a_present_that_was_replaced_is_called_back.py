"""A gift card that came for a sum is taken back wherever its money is by then."""

from __future__ import annotations

import pytest

from clients.actors import Actor
from clients.models import Client
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import replace
from loyalty.models import Entry
from loyalty.proof import prove
from tests.giftcards.conftest import left
from tests.presents.factories import GiftProgramFactory
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


@pytest.fixture
def present(gift: GiftCardType) -> None:
    GiftProgramFactory(code="card", name="A card", service=None, good="gift", amount=cents("15"))


def test_unused_it_is_taken_from_the_new_card(till: Till, present: None, boris: Client) -> None:
    check = till.sell("5 x session", client=boris)
    old = GiftCard.objects.get(pk=check.revealed[0][0]["id"])
    new = replace(card=old, reason="lost", by=ANNA, now=till.now).card
    assert left(new, till) == 1500
    till.refund(check)
    new.refresh_from_db()
    assert (left(new, till), new.void_reason) == (0, "returned")
    assert list(Entry.objects.filter(kind="take_back").values_list("lot__account", "amount")) == [
        (old.account_id, -1500)
    ]
    assert prove() == []


def test_used_by_somebody_else_it_is_taken_as_it_returns(till: Till, present: None, boris: Client) -> None:
    check = till.sell("5 x session", client=boris)
    old = GiftCard.objects.get(pk=check.revealed[0][0]["id"])
    replaced = replace(card=old, reason="lost", by=ANNA, now=till.now)
    used = till.sell("session", gift_cards=[replaced.code])
    assert used.visit.gift_card_total == 1500
    told = [note["code"] for note in till.refund(check).facts["trace"] if note["stage"] == "gift"]
    assert told == ["gift_card.present_owed"]
    told = [note["code"] for note in till.refund(used).facts["trace"] if note["stage"] == "gift"]
    assert told == ["gift_card.present_back"]
    replaced.card.refresh_from_db()
    assert (left(replaced.card, till), replaced.card.void_reason) == (0, "returned")
    assert prove() == []
