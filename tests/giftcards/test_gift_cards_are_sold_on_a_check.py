"""Selling: the code is told once, the money is a lot, nothing is earned and nothing but money pays."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from clients.refusals import Invalid
from giftcards.codes import hash_code, read_code
from giftcards.models import GiftCard, GiftCardType
from loyalty.models import CashbackProgram, Entry, Lot, Standing, Visit, VisitLine
from tests.giftcards.conftest import Sold
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
FIFTY = {"gift_card_type": "gift", "amount": "50"}


def test_a_sold_card_has_its_money_until_its_last_day(till: Till, gift: GiftCardType, boris: Client) -> None:
    sold = Sold(till, "gift", "50", client=boris)
    assert sold.told == {
        "id": str(sold.card.pk),
        "code": sold.code,
        "last_day": date(2026, 8, 29),
        "amount": cents("50"),
    }
    lot = Lot.objects.get(account=sold.card.account)
    assert (lot.amount, lot.remaining, lot.first_day, lot.last_day) == (5000, 5000, date(2026, 3, 2), date(2026, 8, 29))
    assert (lot.program, lot.name, lot.account.unit, lot.account.client) == ("gift", "Gift card", "money", None)
    assert sold.card.sold_on is not None
    assert (sold.card.buyer, sold.card.amount, sold.card.sold_on.visit) == (boris, 5000, sold.check.visit)


def test_only_a_hash_of_the_code_is_kept(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    code = read_code(sold.code)
    assert code is not None
    assert (sold.card.code_hash, sold.card.last_four) == (hash_code(code), code[-4:])
    assert code not in str(Visit.objects.values_list("facts", flat=True))
    assert code not in str(list(Entry.objects.values_list())) + str(list(VisitLine.objects.values_list()))


def test_nobody_needs_to_be_known_to_buy_one(till: Till, gift: GiftCardType) -> None:
    assert Sold(till, "gift", "100").card.buyer is None


def test_selling_a_card_earns_nothing_and_is_neither_spending_nor_a_visit(
    till: Till, gift: GiftCardType, cashback: CashbackProgram, boris: Client
) -> None:
    visit = till.sell("session", FIFTY, client=boris).visit
    assert (visit.to_pay, visit.base, visit.spent, visit.earned_total) == (7000, 2000, 2000, 60)
    only = till.sell(FIFTY, client=boris).visit
    assert (only.to_pay, only.base, only.spent, only.earned_total, only.is_visit) == (5000, 0, 0, 0, False)
    standing = Standing.objects.get(client=boris)
    assert (standing.total_spent, standing.visits) == (2000, 1)


def test_two_cards_on_one_check_are_two_cards(till: Till, gift: GiftCardType) -> None:
    settled = till.sell(FIFTY, FIFTY, {"gift_card_type": "gift", "amount": "20"})
    codes = [settled.revealed[line][0]["code"] for line in (1, 2, 3)]
    assert len(set(codes)) == 3
    assert list(GiftCard.objects.order_by("pk").values_list("amount", flat=True)) == [5000, 5000, 2000]
    assert settled.visit.to_pay == cents("120")


def test_a_card_cannot_be_bought_with_bonuses(till: Till, gift: GiftCardType, boris: Client) -> None:
    till.give(boris, "100")
    assert till.quote(FIFTY, client=boris, redeem="max").bill.bonus_total == 0
    with pytest.raises(Invalid) as refused:
        till.quote(FIFTY, client=boris, redeem="10")
    assert refused.value.field == "redeem"


def test_a_card_cannot_be_bought_with_a_card(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    with pytest.raises(Invalid) as refused:
        till.quote(FIFTY, gift_cards=[sold.code])
    assert (refused.value.code, refused.value.field) == ("invalid", "gift_cards[0]")
    bill = till.quote("session", FIFTY, gift_cards=[sold.code]).bill
    assert [line.gift_card for line in bill.lines] == [2000, 0]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"gift_card_type": "gift", "amount": "30"}, "lines[0].amount"),
        ({"gift_card_type": "gift"}, "lines[0].amount"),
        ({"gift_card_type": "gift", "amount": "-50"}, "lines[0].amount"),
        ({"gift_card_type": "gift", "amount": 50}, "lines[0].amount"),
        ({"gift_card_type": "none", "amount": "50"}, "lines[0].gift_card_type"),
        ({"gift_card_type": "gift", "amount": "50", "quantity": 2}, "lines[0].quantity"),
    ],
)
def test_what_is_not_on_sale_is_refused(till: Till, gift: GiftCardType, line: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        till.sell(line)
    assert refused.value.field == field
    assert not GiftCard.objects.exists()
    assert not Visit.objects.exists()


def test_a_type_that_is_switched_off_is_not_sold(till: Till, gift: GiftCardType) -> None:
    gift.enabled = False
    gift.save()
    with pytest.raises(Invalid):
        till.sell(FIFTY)
    assert not GiftCard.objects.exists()
