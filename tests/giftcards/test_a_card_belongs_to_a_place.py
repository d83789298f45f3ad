"""A card belongs to the location where it was sold, and so do those that replaced it: a closure is for them as well."""

from __future__ import annotations

import pytest
from django.db.models import Q

from clients.actors import Actor
from giftcards.mechanic import GiftCards
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import replace
from loyalty.models import Account
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import Till, statements

pytestmark = pytest.mark.django_db


def cards_of(place: int) -> set[int]:
    found = GiftCards().accounts_of_place(place)
    assert found is not None
    return set(Account.objects.filter(Q(pk__in=()) | found).values_list("gift_card", flat=True))


def replaced(card: GiftCard, till: Till, times: int) -> list[GiftCard]:
    """The card, and those that replaced it, one after the other."""
    made = [card]
    for _time in range(times):
        made.append(replace(card=made[-1], reason="lost again", by=Actor.staff("anna"), now=till.now).card)
    return made


@pytest.mark.parametrize("times", [0, 1, 2, 5])
def test_so_do_those_that_replaced_it_however_often(till: Till, gift: GiftCardType, times: int) -> None:
    cards = replaced(Sold(till, "gift", "50").card, till, times)
    place = cards[0].sold_on.visit.location_id  # type: ignore[union-attr]  # it was sold
    elsewhere = factories.LocationFactory(code="riverside", name="Riverside")
    assert cards_of(place) == {card.pk for card in cards}
    assert cards_of(elsewhere.pk) == set()


def test_it_asks_no_more_for_more_cards(till: Till, gift: GiftCardType) -> None:
    cards = [card for _card in range(3) for card in replaced(Sold(till, "gift", "50").card, till, 3)]
    place = cards[0].sold_on.visit.location_id  # type: ignore[union-attr]  # it was sold
    assert len(cards_of(place)) == len(cards) == 12
    assert len(statements(lambda: cards_of(place))) == 1
