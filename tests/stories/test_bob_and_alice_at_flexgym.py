"""The worked example of FlexGym (`domain.md` section 4), from the preset to the refund, every figure stated."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from clients.actors import Actor
from clients.models import Client
from loyalty.checkout import quote
from loyalty.models import Entry, Lot, Standing, TierStanding, Visit
from loyalty.registration import register
from loyalty.wallet import wallet
from tests.published import load_preset
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db
VERA = Actor.staff("vera")


@pytest.fixture
def till(now: datetime, db: None) -> Till:
    load_preset(by=Actor.command("test"))
    return Till(now=now)


@pytest.fixture
def alice(till: Till) -> Client:
    return register(details={"first_name": "Alice"}, extras={}, by=VERA, now=till.now, key="alice")


@pytest.fixture
def bob(till: Till, alice: Client) -> Client:
    details, extras = {"first_name": "Bob"}, {"referrer": alice.referral_code.code.lower()}
    bob = register(details=details, extras=extras, by=VERA, now=till.now, key="bob")
    return Client.objects.get(pk=bob.pk)


def test_bob_starts_with_100_and_a_card(till: Till, bob: Client, alice: Client) -> None:
    assert till.balance(bob) == cents("100")
    assert till.balance(alice) == 0
    assert bob.cards.get().is_primary
    lot = Lot.objects.get(account__client=bob)
    assert (lot.program, lot.limit_percent, lot.min_check) == ("referral", Decimal(50), cents("50"))
    assert lot.last_day == till.today + timedelta(days=365)


def test_a_check_of_60(till: Till, bob: Client, alice: Client) -> None:
    visit = till.sell("personal", client=bob, redeem="max").visit
    assert (visit.bonus_total, visit.to_pay, visit.earned_total) == (cents("30"), cents("30"), cents("0.90"))
    assert till.balance(bob) == cents("70.90")
    assert till.balance(alice) == cents("1.50")
    assert visit.facts["earned"] == [
        {"program": "cumulative", "name": "Cumulative cashback", "percent": "3", "amount": 90, "for_other": None},
        {"program": "referral", "name": "Referral program", "percent": "5", "amount": 150, "for_other": alice.pk},
    ]


def test_then_a_check_of_40_takes_no_bonuses(till: Till, bob: Client, alice: Client) -> None:
    till.sell("personal", client=bob, redeem="max")
    visit = till.sell("2 x session", client=bob, redeem="max").visit
    assert (visit.bonus_total, visit.to_pay, visit.earned_total) == (0, cents("40"), cents("1.20"))
    assert till.balance(bob) == cents("72.10")
    assert till.balance(alice) == cents("3.50")


def test_a_refund_puts_everything_back(till: Till, bob: Client, alice: Client) -> None:
    sold = till.sell("personal", client=bob, redeem="max")
    refund = till.refund(sold)
    assert (refund.money, refund.bonus_returned, refund.bonus_taken_back) == (cents("30"), cents("30"), cents("0.90"))
    assert refund.facts["taken_from_others"] == 150
    assert till.balance(bob) == cents("100")
    assert till.balance(alice) == 0
    assert Standing.objects.get(client=bob).visits == 0


def test_the_newcomer_tries_a_session_at_half_price(till: Till, bob: Client) -> None:
    visit = till.sell("session", client=bob).visit
    assert (visit.list_total, visit.discount_total, visit.to_pay) == (cents("20"), cents("10"), cents("10"))
    assert till.quote("session", client=bob).bill.to_pay == cents("20")


def test_a_membership_covers_sessions_until_its_last_day(till: Till, bob: Client) -> None:
    sold = till.sell({"membership_plan": "five"}, client=bob).visit
    assert (sold.to_pay, sold.earned_total, sold.is_visit) == (cents("90"), cents("2.70"), False)
    covered = till.sell("2 x session", "towel", client=bob).visit
    assert (covered.membership_total, covered.to_pay, covered.earned_total) == (cents("40"), cents("3"), cents("0.09"))
    held = wallet(bob, now=till.now).holdings
    memberships = next(holding.balance["memberships"] for holding in held if "memberships" in holding.balance)
    assert [(m["remaining"], m["last_day"]) for m in memberships] == [(3, till.today + timedelta(days=90))]
    last_day = till.later(days=90)
    assert last_day.quote("session", client=bob).bill.to_pay == 0
    assert last_day.later(days=1).quote("session", client=bob).bill.to_pay == cents("20")


def test_a_gift_card_pays_once_and_gives_up_its_rest(till: Till, bob: Client, alice: Client) -> None:
    sold = till.sell({"gift_card_type": "gift", "amount": "50"}, client=alice)
    assert (sold.visit.to_pay, sold.visit.earned_total, sold.visit.spent) == (cents("50"), 0, 0)
    card = sold.revealed[1][0]
    assert card["last_day"] == till.today + timedelta(days=180)
    paid = till.sell("session", client=bob, gift_cards=[card["code"].lower()])
    # The trial takes 10.00 off; the card pays 10.00 and, being for one check, gives up 40.00. Paying with it earns.
    assert (paid.visit.gift_card_total, paid.visit.to_pay, paid.visit.earned_total) == (cents("10"), 0, cents("0.30"))
    kinds = Entry.objects.filter(visit=paid.visit, account__unit="money").order_by("pk").values_list("kind", "amount")
    assert list(kinds) == [("spend", -1000), ("expire", -4000)]
    refund = till.refund(paid)
    assert (refund.gift_card_returned, refund.money) == (cents("10"), 0)
    assert till.quote("3 x session", client=bob, gift_cards=[card["code"]]).bill.gift_card_total == cents("50")


def test_what_alice_may_see(till: Till, bob: Client, alice: Client) -> None:
    till.sell("personal", client=bob, redeem="max")
    seen = wallet(alice, now=till.now)
    assert (seen.balance, seen.spendable, seen.pending, seen.debt) == (cents("1.50"), cents("1.50"), 0, 0)
    (ladder,) = seen.ladders
    assert (ladder.rung.name, ladder.next.name, ladder.remaining) == ("Start", "Silver", cents("500"))  # type: ignore[union-attr]


def test_nothing_was_sold_twice(till: Till, bob: Client) -> None:
    basket = till.basket("personal", client=bob, redeem="max")
    first, again = till.settle(basket, cash=3000, key="one"), till.settle(basket, cash=3000, key="one")
    assert first.visit == again.visit
    assert Visit.objects.count() == 1


def test_a_check_with_everything_on_it_stays_within_20_statements(till: Till, bob: Client, alice: Client) -> None:
    """Covered, discounted, paid with bonuses, two gift cards and cash; sells a card and a membership; a tier rises."""
    codes = [
        till.sell({"gift_card_type": "gift", "amount": "20"}, client=alice).revealed[1][0]["code"] for _ in range(2)
    ]
    till.sell({"membership_plan": "five"}, client=bob)
    sold = [{"membership_plan": "ten"}, {"gift_card_type": "gift", "amount": "50"}]
    basket = till.basket("6 x session", "9 x personal", *sold, client=bob, redeem="max", gift_cards=codes)
    quoted = statements(lambda: quote(basket, now=till.now))
    bill = quote(basket, now=till.now).bill
    assert (bill.sessions_used, bill.bonus_total, bill.gift_card_total) == (5, cents("102.70"), cents("40"))
    settled = statements(lambda: till.settle(basket, cash=bill.to_pay))
    assert (len(quoted), len(settled)) == (5, 18), settled
    assert TierStanding.objects.get(client=bob).tier.name == "Silver"
