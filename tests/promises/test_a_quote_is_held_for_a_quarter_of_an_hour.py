"""The promise of a quote: for 15 minutes what the client saw is settled, whatever the owner and the clock do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from clients.models import Client, Location
from giftcards.models import GiftCard, GiftCardType
from loyalty.checkout import PaymentMismatch, QuoteChanged, quote
from loyalty.models import (
    BonusProgram,
    CashbackProgram,
    CashbackTier,
    Discount,
    Entry,
    Lot,
    PromisedRules,
    PromoCode,
    PromoUse,
    Service,
    TierStanding,
    TrialProgram,
    Visit,
)
from loyalty.money import Money
from loyalty.proof import check_ledger
from memberships.models import Membership, Plan
from tests import factories
from tests.promises.conftest import Promised
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db

# In New York: noon on Monday, where `till` stands; and 23:50.
BEFORE_MIDNIGHT = datetime(2026, 3, 3, 4, 50, tzinfo=UTC)


@pytest.fixture
def late(till: Till) -> Till:
    """The same desk ten minutes before midnight."""
    till.now = BEFORE_MIDNIGHT
    return till


# --- how long --------------------------------------------------------------------------------------------------------


def test_a_raised_price_is_not_the_clients_for_fifteen_minutes(
    till: Till, cashback: CashbackProgram, boris: Client, promised: Promised
) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    later = till.later(minutes=15)
    visit = later.settle(basket, cash=2000, token=seen.token).visit
    assert (visit.list_total, visit.to_pay, visit.earned_total, visit.at) == (2000, 2000, 60, later.now)
    assert later.quote("session", client=boris).bill.to_pay == cents("25")
    assert check_ledger(now=later.now) == []


def test_after_that_the_new_quote_is_the_answer(till: Till, boris: Client, promised: Promised) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    later = till.later(minutes=15, seconds=1)
    with pytest.raises(QuoteChanged) as refused:
        later.settle(basket, cash=2000, token=seen.token)
    assert refused.value.facts["quote"].bill.to_pay == cents("25")
    assert not Visit.objects.exists()


def test_also_when_nothing_else_has_changed(till: Till, promised: Promised) -> None:
    basket = till.basket("session")
    seen = promised(basket)
    later = till.later(minutes=15, seconds=1)
    with pytest.raises(QuoteChanged, match="was held for 15 minutes, which are over") as refused:
        later.settle(basket, cash=2000, token=seen.token)
    fresh = refused.value.facts["quote"]
    assert (fresh.seen, fresh.token == seen.token) == (seen.seen, False)
    assert later.settle(basket, cash=2000, token=fresh.token).visit.to_pay == cents("20")


def test_the_age_of_a_backdated_check_is_counted_by_the_real_clock(till: Till, promised: Promised) -> None:
    basket = till.basket("session", at="2026-01-10T12:00:00Z")
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    with pytest.raises(QuoteChanged):
        till.later(minutes=16).settle(basket, cash=2000, token=seen.token)
    visit = till.later(minutes=14).settle(basket, cash=2000, token=seen.token).visit
    assert (visit.to_pay, visit.at) == (cents("20"), datetime(2026, 1, 10, 12, tzinfo=UTC))


@pytest.mark.parametrize("token", ["", "x", "a:b", "é" * 40, "\udcff", "f" * 40, "A" * 59 + ":" + "B" * 43])
def test_a_text_that_we_have_not_signed_promises_nothing(till: Till, token: str) -> None:
    with pytest.raises(QuoteChanged, match="Something changed"):
        till.settle(till.basket("session"), cash=2000, token=token)
    assert not Visit.objects.exists()


def test_a_token_with_one_character_changed_is_none_of_ours(till: Till) -> None:
    basket = till.basket("session")
    token = till.promise(basket).token
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(QuoteChanged):
            till.settle(basket, cash=2000, token=token[:place] + other + token[place + 1 :])
    assert not Visit.objects.exists()


def test_a_token_promises_the_check_that_it_was_made_for_and_no_other(till: Till, boris: Client) -> None:
    token = till.promise(till.basket("session")).token
    for other in (till.basket("personal"), till.basket("2 x session"), till.basket("session", client=boris)):
        with pytest.raises(QuoteChanged):
            till.settle(other, cash=2000, token=token)
    assert not Visit.objects.exists()


def test_what_came_before_the_quote_in_the_same_second_is_part_of_it(
    till: Till, boris: Client, promised: Promised
) -> None:
    Discount.objects.create(code="again", name="Again", kind="repeat", days=30, percent=10)
    till.now += timedelta(milliseconds=100)
    till.sell("session", client=boris)
    till.give(boris, "5")
    till.now += timedelta(milliseconds=100)
    basket = till.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    till.now += timedelta(milliseconds=100)
    visit = till.settle(basket, cash=1300, token=seen.token).visit
    assert (visit.discount_total, visit.bonus_total, visit.at) == (200, 500, till.now)


# --- what the owner changes ------------------------------------------------------------------------------------------


def test_what_is_taken_off_the_list_is_still_sold_as_promised(
    till: Till, gift: GiftCardType, five: Plan, boris: Client, promised: Promised
) -> None:
    card = {"gift_card_type": "gift", "amount": "50"}
    basket = till.basket("session", card, {"membership_plan": "five"}, client=boris)
    seen = promised(basket)
    five.sessions, five.valid_days, five.enabled, five.code = 3, 1, False, "three"
    five.save()
    Service.objects.update(enabled=False)
    GiftCardType.objects.update(enabled=False, valid_days=1)
    Location.objects.update(enabled=False)
    till.settle(basket, cash=16000, token=seen.token)
    assert Membership.objects.get().sessions == 5
    assert Membership.objects.get().account.lots.get().last_day == date(2026, 5, 31)
    assert GiftCard.objects.get().account.lots.get().last_day == date(2026, 8, 29)


def test_a_program_that_is_switched_off_is_still_the_clients(
    till: Till, cashback: CashbackProgram, boris: Client, promised: Promised
) -> None:
    factories.TrialFactory()
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    TrialProgram.objects.update(enabled=False)
    CashbackProgram.objects.update(enabled=False, lifetime_days=1, limit_percent=1)
    visit = till.settle(basket, cash=1000, token=seen.token).visit
    assert (visit.discount_total, visit.earned_total) == (cents("10"), cents("0.30"))
    lot = Lot.objects.get()
    assert (int(lot.amount), lot.last_day, int(lot.limit_percent)) == (30, date(2026, 8, 29), 50)


def test_a_better_offer_that_came_since_waits_for_the_next_quote(till: Till, boris: Client, promised: Promised) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    factories.TrialFactory()
    assert till.settle(basket, cash=2000, token=seen.token).visit.discount_total == 0


def test_a_change_that_the_client_does_not_see_changes_nothing(till: Till, promised: Promised) -> None:
    basket = till.basket("session")
    seen = promised(basket)
    Service.objects.filter(code="towel").update(price=Money(900))
    assert till.settle(basket, cash=2000, token=seen.token).visit.to_pay == cents("20")


def test_a_promo_code_that_is_switched_off_or_ended_still_counts(till: Till, boris: Client, promised: Promised) -> None:
    spring = PromoCode.objects.create(code="SPRING", name="Spring", percent=10)
    basket = till.basket("session", client=boris, promo_codes=["spring"])
    first, second = promised(basket), promised(basket)
    spring.enabled = False
    spring.save()
    assert till.settle(basket, cash=1800, token=first.token).visit.discount_total == cents("2")
    spring.enabled, spring.to_day = True, date(2026, 3, 1)
    spring.save()
    assert till.settle(basket, cash=1800, token=second.token).visit.discount_total == cents("2")
    assert PromoUse.objects.filter(promo=spring).count() == 2


def test_the_client_climbs_by_the_rungs_that_were_promised(
    till: Till, cashback: CashbackProgram, boris: Client, promised: Promised
) -> None:
    basket = till.basket("9 x personal", client=boris)
    seen = promised(basket)
    CashbackTier.objects.update(percent=1)
    CashbackTier.objects.filter(name="Silver").update(from_spent=Money(90000))
    assert till.settle(basket, cash=54000, token=seen.token).visit.earned_total == cents("16.20")
    assert TierStanding.objects.get(client=boris).tier.name == "Silver"


def test_a_membership_of_a_plan_that_is_newer_than_the_promise_is_left_alone(
    till: Till, boris: Client, promised: Promised
) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    factories.PlanFactory()
    till.sell({"membership_plan": "five"}, client=boris)
    assert till.quote("session", client=boris).bill.to_pay == 0
    assert till.settle(basket, cash=2000, token=seen.token).visit.membership_total == 0


# --- what comes in ---------------------------------------------------------------------------------------------------


def test_bonuses_that_came_in_since_do_not_pay_more_than_was_said(
    till: Till, cashback: CashbackProgram, boris: Client, promised: Promised
) -> None:
    till.give(boris, "12", last_day=till.today)
    basket = till.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    later = till.later(minutes=5)
    later.give(boris, "3", last_day=till.today)
    assert later.quote("session", client=boris, redeem="max").bill.to_pay == cents("5")
    visit = later.settle(basket, cash=800, token=seen.token).visit
    assert (visit.bonus_total, visit.earned_total, later.balance(boris)) == (1200, 24, 324)
    assert check_ledger(now=later.now) == []


def test_bonuses_that_were_returned_since_do_not_either(till: Till, boris: Client, promised: Promised) -> None:
    till.give(boris, "15")
    sold = till.sell("personal", client=boris, redeem="10")
    till.now += timedelta(minutes=1)
    basket = till.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    later = till.later(minutes=1)
    later.refund(sold)
    assert later.quote("session", client=boris, redeem="max").bill.to_pay == cents("5")
    assert later.settle(basket, cash=1500, token=seen.token).visit.bonus_total == cents("5")
    assert later.balance(boris) == cents("10")


def test_a_membership_that_was_bought_since_covers_the_next_check(
    till: Till, five: Plan, boris: Client, promised: Promised
) -> None:
    basket = till.basket("session", client=boris)
    seen = promised(basket)
    later = till.later(minutes=1)
    later.sell({"membership_plan": "five"}, client=boris)
    assert later.quote("session", client=boris).bill.to_pay == 0
    assert later.settle(basket, cash=2000, token=seen.token).visit.membership_total == 0


# --- what the clock changes ------------------------------------------------------------------------------------------


def test_happy_hours_that_are_over_were_happy_when_it_was_said(till: Till, promised: Promised) -> None:
    hours = {"weekdays": "mon", "from_time": time(9), "to_time": time(12, 5)}
    Discount.objects.create(code="morning", name="Happy hours", kind="hours", percent=10, **hours)
    basket = till.basket("session")
    seen = promised(basket)
    later = till.later(minutes=6)
    assert later.quote("session").bill.to_pay == cents("20")
    assert later.settle(basket, cash=1800, token=seen.token).visit.discount_total == cents("2")


def test_bonuses_that_ended_at_midnight_pay_what_was_promised(late: Till, boris: Client, promised: Promised) -> None:
    late.give(boris, "12", last_day=late.today)
    basket = late.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    tomorrow = late.later(minutes=15)
    assert tomorrow.balance(boris) == 0
    visit = tomorrow.settle(basket, cash=800, token=seen.token).visit
    assert (visit.bonus_total, visit.at) == (cents("12"), tomorrow.now)
    spent = Entry.objects.get(visit=visit)
    assert (spent.amount, spent.remaining, spent.at) == (-1200, 0, tomorrow.now)
    assert check_ledger(now=tomorrow.now) == []


def test_if_the_night_has_taken_them_already_the_promise_cannot_be_kept(
    late: Till, boris: Client, promised: Promised
) -> None:
    from zoneinfo import ZoneInfo

    from loyalty.expiry import expire_lots
    from tests.till import VERA

    late.give(boris, "12", last_day=late.today)
    basket = late.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    tomorrow = late.later(minutes=15)
    assert expire_lots(today=tomorrow.today, zone=ZoneInfo("America/New_York"), by=VERA) == 1
    with pytest.raises(QuoteChanged):
        tomorrow.settle(basket, cash=800, token=seen.token)
    assert not Visit.objects.exists()


def test_the_last_day_of_a_campaign_earns_after_midnight_and_its_bonuses_begin_on_the_new_day(
    late: Till, boris: Client, promised: Promised
) -> None:
    campaign = {"trigger": "campaign", "amount": None, "percent": 20, "to_day": late.today, "lifetime_days": 30}
    factories.BonusProgramFactory(code="thanks", **campaign)
    basket = late.basket("session", client=boris)
    seen = promised(basket)
    tomorrow = late.later(minutes=15)
    assert tomorrow.settle(basket, cash=2000, token=seen.token).visit.earned_total == cents("4")
    assert list(Lot.objects.values_list("amount", "first_day", "last_day")) == [
        (400, date(2026, 3, 3), date(2026, 4, 2))
    ]
    assert BonusProgram.objects.get().to_day == date(2026, 3, 2)


def test_a_gift_card_and_a_membership_of_yesterday_are_taken_too(
    late: Till, gift: GiftCardType, five: Plan, boris: Client, promised: Promised
) -> None:
    code = late.sell({"gift_card_type": "gift", "amount": "50"}).revealed[1][0]["code"]
    late.sell({"membership_plan": "five"}, client=boris)
    Lot.objects.update(last_day=late.today)
    basket = late.basket("session", "personal", client=boris, gift_cards=[code])
    seen = promised(basket)
    tomorrow = late.later(minutes=15)
    visit = tomorrow.settle(basket, cash=1000, token=seen.token).visit
    assert (visit.membership_total, visit.gift_card_total, visit.to_pay) == (2000, 5000, 1000)


def test_nothing_that_begins_at_midnight_was_promised(late: Till, boris: Client, promised: Promised) -> None:
    late.give(boris, "12", first_day=late.today + timedelta(days=1))
    basket = late.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    tomorrow = late.later(minutes=15)
    assert tomorrow.quote("session", client=boris, redeem="max").bill.to_pay == cents("8")
    assert tomorrow.settle(basket, cash=2000, token=seen.token).visit.bonus_total == 0
    assert tomorrow.balance(boris) == cents("12")


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_quote_writes_nothing_and_is_kept_once(till: Till, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    quote(basket, now=till.now)
    assert not PromisedRules.objects.exists()
    first = len(statements(lambda: till.promise(basket)))
    assert len(statements(lambda: till.promise(basket))) == first - 1
    assert PromisedRules.objects.count() == 1


def test_the_same_moment_the_same_token(till: Till, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    assert quote(basket, now=till.now) == quote(basket, now=till.now)
    assert quote(basket, now=till.now).token != quote(basket, now=till.later(seconds=1).now).token


def test_a_token_costs_no_statement(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    token = till.promise(basket).token
    without = statements(lambda: till.settle(basket, cash=2000))
    assert len(statements(lambda: till.settle(basket, cash=2000, token=token))) == len(without)


def test_what_is_paid_is_what_was_promised(till: Till, promised: Promised) -> None:
    basket = till.basket("session")
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    with pytest.raises(PaymentMismatch) as refused:
        till.settle(basket, cash=2500, token=seen.token)
    assert refused.value.facts["to_pay"] == cents("20")


def test_the_same_operation_settles_a_promise_once(till: Till, boris: Client, promised: Promised) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="max")
    seen = promised(basket)
    Service.objects.update(price=Money(2500))
    first = till.settle(basket, key="once", token=seen.token)
    for later in (till, till.later(hours=1)):
        again = later.settle(basket, key="once", token=seen.token)
        assert (again.visit, again.is_repeat) == (first.visit, True)
    assert (Visit.objects.count(), till.balance(boris)) == (1, 0)
