"""Services, places, amounts and last days of a type: a card keeps what it was sold with."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clients.models import Location
from clients.refusals import Invalid, Refusal
from giftcards.models import GiftCardType
from loyalty.models import Event, Webhook
from tests.giftcards.conftest import Sold, left
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def setting(kind: GiftCardType, **values: Any) -> GiftCardType:
    for name, value in values.items():
        setattr(kind, name, value)
    kind.save()
    return kind


def test_a_card_for_a_service_pays_only_its_lines(till: Till, voucher: GiftCardType) -> None:
    setting(voucher, services=["session"])
    sold = Sold(till, "voucher", "50")
    setting(voucher, services=[])  # sold as it was
    bill = till.quote("session", "personal", gift_cards=[sold.code]).bill
    assert [line.gift_card for line in bill.lines] == [2000, 0]
    with pytest.raises(Refusal) as refused:
        till.quote("personal", gift_cards=[sold.code])
    assert (refused.value.code, refused.value.field) == ("invalid", "gift_cards[0]")
    assert str(refused.value) == (
        "This gift card can be used for Training session only, and there is none on this check."
    )
    till.sell("session", "personal", gift_cards=[sold.code])
    assert left(sold.card, till) == 3000


def test_a_card_for_a_place_pays_nowhere_else(till: Till, voucher: GiftCardType) -> None:
    Location.objects.get_or_create(code="pool", defaults={"name": "Pool"})
    setting(voucher, locations=["pool"])
    sold = Sold(till, "voucher", "50")
    with pytest.raises(Refusal) as refused:
        till.quote("session", gift_cards=[sold.code])
    assert (refused.value.code, refused.value.field) == ("invalid", "gift_cards[0]")
    assert str(refused.value) == "This gift card can be used at Pool only."
    assert left(sold.card, till) == 5000


@pytest.mark.parametrize("amount", ["10", "123.45", "500"])
def test_any_amount_within_the_bounds_is_sold(till: Till, purse: GiftCardType, amount: str) -> None:
    assert Sold(till, "purse", amount).remaining == cents(amount)


def test_an_amount_outside_the_bounds_is_not(till: Till, gift: GiftCardType) -> None:
    setting(gift, min_amount=cents("200"), max_amount=cents("300"))
    assert Sold(till, "gift", "20").remaining == cents("20")
    for amount in ("199.99", "300.01"):
        with pytest.raises(Invalid) as refused:
            till.sell({"gift_card_type": "gift", "amount": amount})
        assert refused.value.field == "lines[0].amount"
        assert str(refused.value) == "must be one of 20.00, 50.00, 100.00, or from 200.00 to 300.00"


def test_a_fixed_last_day_is_the_last_day_of_all_and_of_the_sale(till: Till, gift: GiftCardType) -> None:
    setting(gift, valid_days=None, valid_until=date(2026, 3, 4))
    assert Sold(till, "gift", "20").told["last_day"] == date(2026, 3, 4)
    assert Sold(till.later(days=2), "gift", "20").told["last_day"] == date(2026, 3, 4)
    with pytest.raises(Invalid) as refused:
        till.later(days=3).sell({"gift_card_type": "gift", "amount": "20"})
    assert (refused.value.field, str(refused.value)) == (
        "lines[0].gift_card_type",
        "Gift card is not sold any more: all of them have ended.",
    )


def test_whoever_listens_hears_of_it_and_never_a_code(till: Till, voucher: GiftCardType) -> None:
    names = ["giftcard.sold", "giftcard.spent"]
    Webhook.objects.create(url="https://example.com/hook", events=names, sealed_secret="-", by="staff:anna")
    sold = Sold(till, "voucher", "50")
    check = till.sell("session", gift_cards=[sold.code])
    told = [(event.name, event.facts) for event in Event.objects.filter(name__in=names).order_by("pk")]
    about = {"id": str(sold.card.pk), "last_four": sold.card.last_four}
    assert told == [
        ("giftcard.sold", {**about, "amount": "50.00", "visit": str(sold.check.visit.pk)}),
        ("giftcard.spent", {**about, "amount": "20.00", "visit": str(check.visit.pk)}),
    ]
