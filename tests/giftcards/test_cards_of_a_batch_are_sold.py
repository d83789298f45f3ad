"""Batches: printed cards are worth nothing until they are sold, and are sold once."""

from __future__ import annotations

from datetime import date

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from giftcards.batches import make
from giftcards.cards import check, state_of
from giftcards.codes import show_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.sealing import unseal
from loyalty.models import Account, Lot, Visit
from loyalty.proof import prove
from tests.giftcards.conftest import left
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


def printed(kind: GiftCardType, till: Till, count: int = 3, amount: str = "50") -> list[GiftCard]:
    batch = make(kind=kind, amount=cents(amount), count=count, by=ANNA, now=till.now)
    return list(GiftCard.objects.filter(batch=batch).order_by("pk"))


def line(card: GiftCard, amount: str = "50", kind: str = "gift") -> dict[str, str]:
    return {"gift_card_type": kind, "amount": amount, "gift_card": unseal(card.sealed_code)}


def test_they_are_worth_nothing_yet(till: Till, gift: GiftCardType) -> None:
    cards = printed(gift, till)
    assert len({card.code_hash for card in cards}) == 3
    assert (Lot.objects.count(), Account.objects.filter(unit="money").count()) == (0, 3)
    code = unseal(cards[0].sealed_code)
    state = check(code, till.now)
    assert (str(state.status), state.remaining, state.amount) == ("new", 0, 5000)
    with pytest.raises(Refusal) as refused:
        till.quote("session", gift_cards=[code])
    assert (refused.value.code, str(refused.value)) == (
        "gift_card_blocked",
        "This gift card has not been sold yet. Sell it first.",
    )
    assert prove() == []


def test_one_is_sold_by_its_code_and_lives_from_that_day(till: Till, gift: GiftCardType, boris: Client) -> None:
    card = printed(gift, till)[0]
    code = unseal(card.sealed_code)
    later = till.later(days=30)
    sold = later.sell(line(card), client=boris)
    assert sold.revealed[1] == [
        {"id": str(card.pk), "code": show_code(code), "last_day": date(2026, 9, 28), "amount": cents("50")}
    ]
    card.refresh_from_db()
    assert card.sold_on is not None
    assert (card.sold_on.visit, card.buyer, card.sealed_code, card.created_at) == (sold.visit, boris, "", later.now)
    assert sold.visit.lines.get().name == f"Gift card …{card.last_four}"
    assert left(card, later) == 5000
    assert later.sell("personal", gift_cards=[code]).visit.to_pay == 1000
    assert (GiftCard.objects.count(), prove()) == (3, [])


def test_it_is_sold_for_what_is_printed_on_it_and_once(till: Till, gift: GiftCardType, voucher: GiftCardType) -> None:
    cards = printed(gift, till)
    sold = till.sell(line(cards[0]))
    refusals = [
        (line(cards[0]), "gift_card_blocked", "gift_card", "This gift card has been sold already."),
        (line(cards[1], amount="20"), "invalid", "amount", "This gift card is sold for 50.00."),
        (
            line(cards[1], kind="voucher"),
            "invalid",
            "gift_card",
            "This gift card is of another type: gift.",
        ),
        (
            {"gift_card_type": "gift", "amount": "50", "gift_card": "nonsense"},
            "gift_card_unknown",
            "gift_card",
            "There is no gift card with this code. Check it letter by letter.",
        ),
    ]
    for sent, code, field, sentence in refusals:
        with pytest.raises(Refusal) as refused:
            till.sell(sent)
        assert (refused.value.code, refused.value.field, str(refused.value)) == (code, f"lines[0].{field}", sentence)
    with pytest.raises(Refusal) as twice:
        till.sell(line(cards[1]), line(cards[1]))
    assert twice.value.field == "lines[1].gift_card"
    assert (Visit.objects.get(), Lot.objects.count()) == (sold.visit, 1)


def test_a_card_that_came_back_is_void_for_good(till: Till, gift: GiftCardType) -> None:
    card = printed(gift, till)[0]
    sent = line(card)
    assert till.refund(till.sell(sent)).money == 5000
    assert str(state_of(card, till.today).status) == "void"
    with pytest.raises(Refusal) as refused:
        till.sell(sent)
    assert str(refused.value) == "This gift card was returned. It cannot be used."


@pytest.mark.parametrize(
    ("amount", "count", "field"), [("30", 3, "amount"), ("50", 0, "count"), ("50", 10001, "count")]
)
def test_what_is_not_sold_is_not_printed(till: Till, gift: GiftCardType, amount: str, count: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(kind=gift, amount=cents(amount), count=count, by=ANNA, now=till.now)
    assert refused.value.field == field
    assert not GiftCard.objects.exists()


def test_more_cards_ask_no_more_of_the_database(till: Till, gift: GiftCardType) -> None:
    cards = printed(gift, till, count=8)
    till.sell(line(cards[0]))  # everything that is read once
    one = statements(lambda: till.sell(line(cards[1])))
    many = statements(lambda: till.sell(*(line(card) for card in cards[2:])))
    assert len(many) == len(one)
