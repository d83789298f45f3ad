"""A busy Saturday at the salon: a regular in the happy hour takes a cut with a colour, has a code, bonuses and a card.

Her 5 % combine with the others: what a regular always has would be worth nothing on every day when something better
runs, if it were used alone. So the check is the cheaper of "5 %, then 10 %, then 15 % on the set" and "SPRING, 10 %,
alone". Then she brings back the colour, then the rest. Every figure is worked out beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from clients.actors import Actor
from clients.models import Client
from loyalty.checkout import Settled
from loyalty.checkout.refund import explain_refund
from loyalty.explanations import explain
from loyalty.models import Entry, IssuedCode, Lot, PromoUse, Standing, Visit
from loyalty.money import Currency
from loyalty.proof import prove
from loyalty.registration import register
from loyalty.setup import load, read_yaml
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 3, 7, 16, 0, tzinfo=UTC)
"""11:00 in New York."""
SALON = """
business: {name: Salon, currency: USD, timezone: America/New_York, language: en}
locations: [{code: main, name: Main salon}]
services:
  - {code: cut, name: Cut, category: hair, price: "45.00"}
  - {code: colour, name: Colour, category: hair, price: "119.90"}
  - {code: brows, name: Brows, category: face, price: "18.50"}
  - {code: shampoo, name: Shampoo, category: shop, price: "19.99", accepts_bonus: false}
segments: [{code: regulars, name: Regulars, rule: {visits_min: 5}}]
cashback:
  - code: back
    name: Cashback
    window: lifetime
    tiers: [{name: Start, from: "0", percent: "5"}]
    bonus: {lifetime: {months: 6}, limit_percent: "30"}
discounts:
  - {code: regular, name: Regulars, kind: permanent, segment: regulars, percent: "5", combinable: true, priority: 10}
  - {code: happy, name: Happy hours, kind: hours, weekdays: [sat], from_time: "10:00", to_time: "13:00",
     percent: "10", combinable: true, priority: 20}
  - {code: set, name: Cut and colour, kind: bundle, services: [cut, colour], percent: "15",
     combinable: true, priority: 30}
promo_codes:
  - {code: SPRING, percent: "10", from: 2026-03-01, to: 2026-05-31, max_uses: 500, max_uses_per_client: 1,
     min_check: "30.00", combinable: false}
gift_cards: [{code: gift, name: Gift card, denominations: ["50"], valid: {days: 180}, single_use: true}]
"""
CHECK = ("cut", "colour", "brows", "shampoo")
USD = Currency.of("USD")


@pytest.fixture
def till(db: None) -> Till:
    load(read_yaml(SALON), by=Actor.command("test"))
    return Till(now=SATURDAY)


@pytest.fixture
def alice(till: Till) -> Client:
    """Five visits behind her, and 800 bonuses: 500 for her birthday, 100 because she was missed, 200 of cashback."""
    client = register(details={"first_name": "Alice"}, extras={}, by=VERA, now=till.later(days=-60).now, key="alice")
    for week in range(1, 6):
        till.later(days=-7 * week).sell("brows", client=client, earn=False)
    for amount, program, limit, days in (
        ("500", "birthday", 15, 5),
        ("100", "missyou", 10, 20),
        ("200", "back", 30, 150),
    ):
        last_day = till.today + timedelta(days=days)
        till.give(client, amount, program=program, limit_percent=Decimal(limit), last_day=last_day)
    return client


@pytest.fixture
def card(till: Till) -> str:
    """A gift card of 50.00, for one check."""
    sold = till.later(hours=-1).sell({"gift_card_type": "gift", "amount": "50"})
    code: str = sold.revealed[1][0]["code"]
    return code


@pytest.fixture
def sold(till: Till, alice: Client, card: str) -> Settled:
    return till.sell(*CHECK, client=alice, promo_codes=["spring"], redeem="max", gift_cards=[card])


def by_line(visit: Visit, name: str) -> list[int]:
    return [getattr(line, name) for line in visit.lines.order_by("number")]


def held(client: Client) -> dict[str, int]:
    lots = Lot.objects.filter(account__client=client, account__unit="bonus").exclude(remaining=0)
    return {f"{lot.program}, {lot.last_day:%d.%m.}": lot.remaining for lot in lots.order_by("last_day")}


def on_card() -> int:
    return Lot.objects.get(account__unit="money").remaining


def told(visit: Visit) -> list[str]:
    """The explanation, in sentences."""
    return [line.text.replace("\N{NO-BREAK SPACE}", " ") for line in explain(visit.facts["trace"], USD)]


def says(text: str, *figures: str) -> bool:
    return all(figure in text for figure in figures)


def test_the_three_together_make_the_check_cheaper_than_the_code_alone(sold: Settled) -> None:
    """203.39 less 5 % less 10 % less 15 % of cut and colour; SPRING alone would leave 183.05.

    Each line by itself, halves up:  cut 2.25, 4.28, 5.77;  colour 6.00 (5.995), 11.39, 15.38;  brows 0.93 (0.925),
    1.76;  shampoo 1.00 (0.9995), 1.90.
    """
    visit = sold.visit
    assert by_line(visit, "list") == [4500, 11990, 1850, 1999]
    assert by_line(visit, "discount") == [1230, 3277, 269, 290]
    assert (visit.list_total, visit.discount_total, visit.check_total) == (20339, cents("50.66"), cents("152.73"))
    first, second, third, fourth = told(visit)[:4]
    assert says(first, "Regulars", "5 %", "203.39", "10.1695", "10.18")
    assert says(second, "Happy hours", "10 %", "193.21", "19.321", "19.33")
    assert says(third, "Cut and colour", "15 %", "140.98", "21.147", "21.15")
    assert says(fourth, "SPRING", "not used")


def test_the_code_that_was_outbid_is_not_used_up(sold: Settled, till: Till, alice: Client) -> None:
    assert IssuedCode.objects.get(code="SPRING").used == 0
    assert not PromoUse.objects.exists()
    afternoon = till.later(hours=3).quote("cut", client=alice, promo_codes=["SPRING "])
    assert afternoon.bill.check_total == cents("40.50")  # 14:00: only her 5 % is left, and 10 % is more


def test_three_lots_pay_each_within_its_limit(sold: Settled, alice: Client) -> None:
    """Of 135.64 (no shampoo): 15 % are 20.34, 10 % are 13.56; all together 30 %, 40.69, so 6.79 of the cashback."""
    visit = sold.visit
    assert (visit.bonus_total, by_line(visit, "bonus")) == (cents("40.69"), [981, 2614, 474, 0])
    spent = Entry.objects.filter(visit=visit, kind="spend", account__client=alice).order_by("lot__last_day")
    assert [(entry.lot.program, entry.amount) for entry in spent] == [
        ("birthday", -2034),
        ("missyou", -1356),
        ("back", -679),
    ]
    birthday, missyou, back, limit = told(visit)[4:8]
    assert says(birthday, "20.34", "15 %", "135.64")
    assert says(missyou, "13.56", "10 %", "135.64")
    assert says(back, "6.79", "30 %", "135.64")
    assert says(limit, "40.69", "30 %", "135.64")


def test_the_card_pays_50_and_cash_the_rest(sold: Settled) -> None:
    visit = sold.visit
    assert (visit.gift_card_total, visit.to_pay) == (cents("50.00"), cents("62.04"))
    assert by_line(visit, "gift_card") == [1021, 2722, 494, 763]
    assert by_line(visit, "to_pay") == [1268, 3377, 613, 946]
    assert on_card() == 0
    assert says(told(visit)[8], "50.00", "0.00")


def test_cash_and_card_earn_five_per_cent(sold: Settled, alice: Client) -> None:
    """112.04 came in: 5.602, rounded down."""
    assert (sold.visit.base, sold.visit.earned_total) == (cents("112.04"), cents("5.60"))
    assert says(told(sold.visit)[9], "5 %", "112.04", "5.602", "5.60")
    assert len(told(sold.visit)) == 10
    assert held(alice) == {
        "birthday, 12.03.": 47966,
        "missyou, 27.03.": 8644,
        "back, 04.08.": 19321,
        "back, 07.09.": 560,
    }


def test_then_she_brings_back_the_colour_alone(sold: Settled, till: Till, alice: Client) -> None:
    """32.77 was off it; 26.14 were bonuses, 27.22 the card, 33.77 cash. It brought 60.99 of 112.04: 3.04 of 5.60."""
    refund = till.refund(sold, (2, 1))
    assert (refund.money, refund.bonus_returned, refund.gift_card_returned) == (3377, 2614, 2722)
    assert (refund.bonus_taken_back, refund.spent, refund.is_whole) == (304, 6099, False)
    # 26.14 in proportion to 20.34, 13.56 and 6.79. The birthday's can be used at least 14 days more.
    assert held(alice) == {
        "birthday, 21.03.": 47966 + 1307,
        "missyou, 27.03.": 8644 + 871,
        "back, 04.08.": 19321 + 436,
        "back, 07.09.": 256,
    }
    assert on_card() == 2722
    texts = [line.text for line in explain_refund(refund, USD)]
    figures = ["119.90", "33.77", "26.14", "13.07", "8.71", "4.36", "27.22", "3.04", "60.99"]
    assert [figure for figure in figures if not any(figure in text for text in texts)] == []
    assert prove() == []


def test_then_the_rest_and_every_balance_is_back(sold: Settled, till: Till, alice: Client) -> None:
    till.refund(sold, (2, 1))
    refund = till.refund(sold)
    assert (refund.money, refund.bonus_returned, refund.gift_card_returned) == (2827, 1455, 2278)
    assert (refund.bonus_taken_back, refund.is_whole) == (256, True)
    assert held(alice) == {"birthday, 21.03.": 50000, "missyou, 27.03.": 10000, "back, 04.08.": 20000}
    assert on_card() == cents("50.00")
    standing = Standing.objects.get(client=alice)
    assert (standing.visits, standing.total_spent) == (5, 5 * cents("16.65"))
    assert IssuedCode.objects.get(code="SPRING").used == 0
    assert prove() == []


def test_in_the_other_order_it_is_the_same(sold: Settled, till: Till, alice: Client) -> None:
    backs = [till.refund(sold, (line, 1)) for line in (4, 1, 3, 2)]
    assert [refund.money for refund in backs] == [946, 1268, 613, 3377]
    assert [refund.bonus_taken_back for refund in backs] == [85, 114, 56, 305]
    assert held(alice) == {"birthday, 21.03.": 50000, "missyou, 27.03.": 10000, "back, 04.08.": 20000}
    assert (on_card(), prove()) == (cents("50.00"), [])


def test_a_newcomer_has_the_happy_hour_or_the_code(till: Till) -> None:
    """10 % either way: combinables go before an exclusive that saves no more, so the code is kept for another day."""
    boris = register(details={"first_name": "Boris"}, extras={}, by=VERA, now=till.now, key="boris")
    visit = till.sell("cut", client=boris, promo_codes=["spring"]).visit
    assert (visit.check_total, IssuedCode.objects.get().used) == (cents("40.50"), 0)
    afternoon = till.later(hours=2)  # 13:00: the happy hour is over
    sold = afternoon.sell("cut", client=boris, promo_codes=["spring"])
    assert (sold.visit.check_total, IssuedCode.objects.get().used) == (cents("40.50"), 1)
    afternoon.refund(sold)
    assert IssuedCode.objects.get().used == 0
