"""A card number of ten digits, the last of which shows any one wrong digit."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from clients import cards
from clients.cards import WrongCardNumber, find_by_card, give_card, issue_card
from clients.models import Card, Client
from clients.refusals import Invalid
from tests.factories import NOW, ClientFactory, with_check_digit

pytestmark = pytest.mark.django_db
PLASTIC = with_check_digit("77000000012")


@pytest.fixture
def nobody(business: object) -> Client:
    client: Client = ClientFactory(card=None)
    return client


def test_an_issued_card_is_primary_and_its_check_digit_fits(nobody: Client) -> None:
    card = issue_card(nobody, at=NOW)
    assert (len(card.number), card.kind, card.is_primary, card.created_at) == (10, "electronic", True, NOW)
    assert card.number == with_check_digit(card.number[:9])
    assert card.number[0] != "0"


def test_a_number_that_is_taken_is_drawn_again(nobody: Client, boris: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = boris.cards.get().number
    drawn = iter([taken, "1000000008"])
    monkeypatch.setattr(cards, "_fresh_number", lambda: next(drawn))
    assert issue_card(nobody, at=NOW).number == "1000000008"


def test_a_second_card_is_not_primary(boris: Client) -> None:
    assert not issue_card(boris, at=NOW).is_primary
    with pytest.raises(IntegrityError), transaction.atomic():
        Card.objects.create(client=boris, number="1", is_primary=True)


def test_a_card_is_found_however_it_is_typed(boris: Client) -> None:
    number = boris.cards.get().number
    assert find_by_card(f" {number[:4]} {number[4:]}-") == boris
    assert find_by_card(PLASTIC) is None


def test_a_slip_is_told_from_a_card_that_is_not_there(boris: Client) -> None:
    number = boris.cards.get().number
    wrong = [number[:i] + str((int(number[i]) + 1) % 10) + number[i + 1 :] for i in range(len(number))]
    for slip in wrong:
        with pytest.raises(WrongCardNumber):
            find_by_card(slip)
    with pytest.raises(Invalid):
        find_by_card("not a card")


def test_a_plastic_card_becomes_the_primary_one(boris: Client) -> None:
    first = boris.cards.get()
    card = give_card(boris, f"{PLASTIC[:4]} {PLASTIC[4:]}", at=NOW)
    first.refresh_from_db()
    assert (card.number, card.kind, card.is_primary, first.is_primary) == (PLASTIC, "plastic", True, False)
    assert give_card(boris, PLASTIC, at=NOW) == card


def test_a_card_belongs_to_one(boris: Client, alice: Client) -> None:
    give_card(alice, PLASTIC, at=NOW)
    with pytest.raises(Invalid) as refused:
        give_card(boris, PLASTIC, at=NOW)
    assert refused.value.field == "card"
    assert (boris.cards.count(), boris.cards.get().is_primary) == (1, True)
