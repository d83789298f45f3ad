"""Paying with gift cards (`domain.md` 4.5): after bonuses, in the order given; a single-use card gives up its rest."""

from __future__ import annotations

import pytest

from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid, Refusal
from giftcards.cards import block, check, unblock
from giftcards.codes import new_code
from giftcards.models import GiftCard, GiftCardType
from loyalty.checkout import quote
from loyalty.models import CashbackProgram, Entry, Visit
from loyalty.pricing import Bill
from tests.giftcards.conftest import Sold
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
ANNA = Actor.staff("anna")


def told(bill: Bill) -> list[tuple[str, int, dict[str, object]]]:
    return [(note.code, int(note.amount), dict(note.facts)) for note in bill.notes if note.stage == "gift_card"]


def test_a_card_pays_and_gives_up_its_rest(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    visit = till.sell("session", gift_cards=[sold.code]).visit
    assert (visit.check_total, visit.gift_card_total, visit.to_pay) == (2000, 2000, 0)
    assert sold.remaining == 0
    entries = (
        Entry.objects.filter(visit=visit).order_by("number").values_list("kind", "amount", "remaining", "operation")
    )
    assert list(entries) == [
        ("spend", -2000, 3000, f"visit:{visit.pk}:giftcards:pay:{sold.card.pk}"),
        ("expire", -3000, 0, f"visit:{visit.pk}:giftcards:rest:{sold.card.pk}"),
    ]


def test_a_voucher_keeps_its_rest(till: Till, voucher: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    for left in ("30", "10"):
        till.sell("session", gift_cards=[sold.code])
        assert sold.remaining == cents(left)
    visit = till.sell("session", gift_cards=[sold.code]).visit
    assert (visit.gift_card_total, visit.to_pay) == (1000, 1000)
    assert sold.remaining == 0


def test_cards_pay_in_the_order_given_and_one_that_is_not_needed_is_left_alone(till: Till, gift: GiftCardType) -> None:
    twenty, fifty, hundred = (Sold(till, "gift", amount) for amount in ("20", "50", "100"))
    codes = [twenty.code, fifty.code, hundred.code]
    bill = till.quote("personal", gift_cards=codes).bill
    assert (bill.gift_card_total, bill.to_pay) == (6000, 0)
    assert told(bill) == [
        ("gift_card.paid", 2000, {"card": twenty.card.last_four, "paid": 2000, "left": 0}),
        ("gift_card.rest_lost", 4000, {"card": fifty.card.last_four, "paid": 4000, "left": 1000}),
        ("gift_card.not_needed", 0, {"card": hundred.card.last_four, "paid": 0, "left": 10000}),
    ]
    till.sell("personal", gift_cards=codes)
    assert [sold.remaining for sold in (twenty, fifty, hundred)] == [0, 0, 10000]


def test_a_card_is_spread_over_the_lines_and_paying_with_it_earns(
    till: Till, gift: GiftCardType, cashback: CashbackProgram, boris: Client
) -> None:
    sold = Sold(till, "gift", "20")
    visit = till.sell("personal", "towel", client=boris, gift_cards=[sold.code]).visit
    lines = [(line.gift_card, line.to_pay, line.base) for line in visit.lines.order_by("number")]
    # 20.00 over 60.00 and 3.00: 19.047... and 0.952..., by largest remainder
    assert lines == [(1905, 4095, 6000), (95, 205, 300)]
    assert (visit.to_pay, visit.base, visit.spent, visit.earned_total) == (4300, 6300, 6300, 189)


def test_bonuses_pay_first(till: Till, gift: GiftCardType, boris: Client) -> None:
    till.give(boris, "100", limit_percent=50)
    sold = Sold(till, "gift", "50")
    bill = till.quote("personal", client=boris, redeem="max", gift_cards=[sold.code]).bill
    assert (bill.bonus_total, bill.gift_card_total, bill.to_pay) == (3000, 3000, 0)


def test_the_same_code_twice_counts_once(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    bill = till.quote("personal", gift_cards=[sold.code, sold.code.lower().replace(" ", "-")]).bill
    assert (bill.gift_card_total, bill.to_pay) == (2000, 4000)


def test_the_last_day_is_usable_to_its_end_and_the_next_is_not(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")  # sold on 2 March at noon in New York: 29 August is the last day
    on_it = till.later(days=180, hours=10, minutes=59)  # 23:59 there, in summer time
    assert on_it.quote("session", gift_cards=[sold.code]).bill.to_pay == 0
    after = till.later(days=180, hours=11)
    with pytest.raises(Refusal) as refused:
        after.quote("session", gift_cards=[sold.code])
    assert refused.value.code == "gift_card_expired"
    assert str(refused.value) == "This gift card ended on 29 August 2026. It cannot be used."


def test_each_reason_has_its_code(till: Till, gift: GiftCardType) -> None:
    used, blocked, void = (Sold(till, "gift", "20") for _i in range(3))
    till.sell("session", gift_cards=[used.code])
    block(blocked.card, reason="reported lost", by=ANNA, now=till.now)
    till.refund(void.check)
    codes = [new_code(), "not a code", used.code, blocked.code, void.code]
    visits = Visit.objects.count()
    found = []
    for code in codes:
        with pytest.raises(Refusal) as refused:
            till.sell("session", gift_cards=[code])
        found.append((refused.value.code, refused.value.field))
    assert found == [
        ("gift_card_unknown", "gift_cards[0]"),
        ("gift_card_unknown", "gift_cards[0]"),
        ("gift_card_empty", "gift_cards[0]"),
        ("gift_card_blocked", "gift_cards[0]"),
        ("gift_card_blocked", "gift_cards[0]"),
    ]
    assert Visit.objects.count() == visits
    assert [used.remaining, blocked.remaining, void.remaining] == [0, 2000, 0]


def test_the_place_of_the_bad_code_is_named(till: Till, gift: GiftCardType) -> None:
    good = Sold(till, "gift", "20")
    with pytest.raises(Refusal) as refused:
        till.quote("session", gift_cards=[good.code, new_code()])
    assert refused.value.field == "gift_cards[1]"


@pytest.mark.parametrize("offered", ["CODE", [1], [None], [{}], ["A"] * 21])
def test_codes_are_a_list_of_texts(till: Till, offered: object) -> None:
    with pytest.raises(Invalid) as refused:
        till.quote("session", gift_cards=offered)
    assert refused.value.field.startswith("gift_cards")


def test_an_unblocked_card_pays_again(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    block(sold.card, reason="reported lost", by=ANNA, now=till.now)
    unblock(sold.card, reason="found", by=ANNA)
    assert (sold.card.blocked_at, sold.card.block_reason, sold.card.blocked_by) == (None, "found", "staff:anna")
    assert till.quote("session", gift_cards=[sold.code]).bill.to_pay == 0


def test_a_block_says_why(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "20")
    with pytest.raises(Invalid) as refused:
        block(sold.card, reason=" ", by=ANNA, now=till.now)
    assert refused.value.field == "reason"
    assert GiftCard.objects.get().blocked_at is None


def test_a_check_of_the_rest_says_what_is_on_it(till: Till, voucher: GiftCardType, gift: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    till.sell("session", gift_cards=[sold.code])
    state = check(sold.code, till.now)
    assert (state.remaining, state.last_day, str(state.status)) == (3000, None, "active")
    ending = Sold(till, "gift", "20")
    ended = check(ending.code, till.later(days=181).now)
    assert (ended.remaining, str(ended.status)) == (0, "expired")
    with pytest.raises(Refusal) as refused:
        check(new_code(), till.now)
    assert refused.value.code == "gift_card_unknown"


def test_a_client_sees_the_cards_they_bought_while_something_is_on_them(
    till: Till, gift: GiftCardType, boris: Client
) -> None:
    from loyalty.wallet import wallet

    used = Sold(till, "gift", "20", client=boris)
    kept = Sold(till, "gift", "50", client=boris)
    till.sell("session", gift_cards=[used.code])
    cards = [
        holding.balance["gift_cards"]
        for holding in wallet(boris, now=till.now).holdings
        if "gift_cards" in holding.balance
    ]
    assert cards == [
        [
            {
                "id": str(kept.card.pk),
                "last_four": kept.card.last_four,
                "remaining": cents("50"),
                "last_day": kept.told["last_day"],
                "status": "active",
            }
        ]
    ]


def test_a_quote_writes_nothing_and_is_the_same_again(till: Till, gift: GiftCardType) -> None:
    sold = Sold(till, "gift", "50")
    basket = till.basket("session", gift_cards=[sold.code])
    first, second = quote(basket, now=till.now), quote(basket, now=till.now)
    assert (first.token, first.bill) == (second.token, second.bill)
    assert sold.remaining == 5000
