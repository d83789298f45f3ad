"""Gift cards at the desk: an amount that is typed, a printed card that is scanned, and one that is topped up."""

from __future__ import annotations

import pytest

from clients.actors import Actor
from giftcards.batches import make
from giftcards.models import GiftCard, GiftCardType
from giftcards.sealing import unseal
from loyalty.models import Visit
from loyalty.money import Money
from tests import factories
from tests.desk.screen import Screen
from tests.till import Till


@pytest.fixture
def purse(flexgym: object) -> GiftCardType:
    kind: GiftCardType = factories.GiftCardTypeFactory(
        code="purse",
        name="Purse",
        single_use=False,
        reloadable=True,
        min_amount=Money(1000),
        max_amount=Money(50000),
    )
    return kind


@pytest.fixture
def printed(flexgym: object) -> GiftCard:
    kind = GiftCardType.objects.get(code="gift")
    made = make(kind=kind, amount=Money(5000), count=1, by=Actor.staff("anna"), now=factories.NOW)
    return GiftCard.objects.get(batch=made)


def test_staff_type_for_how_much_it_is(desk: Screen, purse: GiftCardType) -> None:
    desk.open()
    desk.press(add_free="gift_card_type:purse", **{"free-gift_card_type:purse": "75.50"})
    assert desk.fields["line"] == ["gift_card_type:purse:75.50"]
    assert "To pay $75.50" in desk.text
    desk.pay()
    assert GiftCard.objects.get().amount == 7550


def test_an_amount_outside_the_bounds_is_refused_beside_its_line(desk: Screen, purse: GiftCardType) -> None:
    desk.open()
    desk.press(add_free="gift_card_type:purse", **{"free-gift_card_type:purse": "5"})
    assert "must be from 10.00 to 500.00" in desk.text
    assert not Visit.objects.exists()


def test_a_printed_card_that_is_scanned_is_sold(desk: Screen, printed: GiftCard) -> None:
    code = unseal(printed.sealed_code)
    desk.open()
    desk.add("service:towel")
    desk.press(code=code)
    assert desk.fields["line"] == ["service:towel", "gift_card_type:gift:50.00"]
    assert desk.fields["detail-1-card"] == [code]
    assert f"Gift card …{printed.last_four}" in desk.text
    assert "To pay $53.00" in desk.text
    desk.pay()
    printed.refresh_from_db()
    assert printed.sold_on is not None
    assert printed.account.lots.get().remaining == 5000


def test_it_is_offered_in_the_box_of_what_is_added_too(desk: Screen, printed: GiftCard) -> None:
    code = unseal(printed.sealed_code)
    answer = desk.browser.get("/desk/goods/", {"add_text": code})
    assert f'value="gift_card_type:gift:50.00:{code}"' in answer.content.decode()
    desk.open()
    desk.add(f"gift_card_type:gift:50.00:{code}")
    assert desk.fields["detail-0-card"] == [code]


def test_money_is_put_on_a_card(desk: Screen, purse: GiftCardType) -> None:
    sold = Till(now=factories.NOW).sell({"gift_card_type": "purse", "amount": "20"})
    code = sold.revealed[1][0]["code"]
    desk.open()
    desk.press(
        add_free="gift_card_top_up:purse",
        **{"free-gift_card_top_up:purse": "30", "free-code-gift_card_top_up:purse": code},
    )
    assert "To pay $30.00" in desk.text
    desk.pay()
    lots = GiftCard.objects.get().account.lots.order_by("pk").values_list("remaining", flat=True)
    assert list(lots) == [2000, 3000]
