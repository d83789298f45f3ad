"""A prize costs bonuses; it waits until it is handed over, or comes back with everything it took."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty import prizes
from loyalty.models import Entry, FreeService, HouseRules, Lot, Prize, PrizeClaim, PrizeStock
from loyalty.money import Money
from tests import factories
from tests.conftest import Together
from tests.presents import factories as presents
from tests.presents.conftest import assert_proved, free_of
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def take(till: Till, client: Client, prize: Prize, key: str | None = None, **more: Any) -> PrizeClaim:
    till.account(client)
    key = key or f"test:prize:{next(till.operations)}"
    return prizes.claim(client=client, prize=prize, by=VERA, now=till.now, key=key, **more)


def refused(work: Any, code: str) -> Refusal:
    before = (PrizeClaim.objects.count(), Entry.objects.count(), list(PrizeStock.objects.values_list("taken")))
    with pytest.raises(Refusal) as refusal:
        work()
    assert refusal.value.code == code
    assert before == (PrizeClaim.objects.count(), Entry.objects.count(), list(PrizeStock.objects.values_list("taken")))
    return refusal.value


def remaining(lot: Lot) -> int:
    lot.refresh_from_db()
    return int(lot.remaining)


def test_a_thing_costs_its_price_and_waits(till: Till, boris: Client) -> None:
    bottle = presents.PrizeFactory(free_days=30)
    later = till.give(boris, "80", last_day=till.today + timedelta(days=60))
    sooner = till.give(boris, "30", last_day=till.today + timedelta(days=6))
    taken = take(till, boris, bottle)
    assert (taken.state, taken.price, taken.last_day) == ("waiting", 5000, date(2026, 4, 1))
    assert (remaining(sooner), remaining(later)) == (0, 6000)
    assert prizes.waiting_for(boris) == [taken]
    assert prizes.number_of(taken) == f"P{taken.pk:05d}"
    assert_proved()


def test_no_limit_of_a_check_applies(till: Till, boris: Client) -> None:
    till.give(boris, "50", limit_percent=10, min_check="500")
    take(till, boris, presents.PrizeFactory())
    assert till.balance(boris) == 0


def test_pending_and_ended_bonuses_buy_nothing(till: Till, boris: Client) -> None:
    till.give(boris, "49.99")
    till.give(boris, "50", first_day=till.today + timedelta(days=1))
    till.give(boris, "50", first_day=till.today - timedelta(days=9), last_day=till.today - timedelta(days=1))
    bottle = presents.PrizeFactory()
    refusal = refused(lambda: take(till, boris, bottle), "insufficient_balance")
    assert (refusal.facts["max"], str(refusal)) == (4999, "“Bottle” costs 50.00 bonuses; there are 49.99.")


def test_what_is_owed_is_repaid_first(till: Till, boris: Client, cashback: Any) -> None:
    sold = till.sell("5 x session", client=boris)  # earns 3.00
    cheap, bottle = presents.PrizeFactory(code="cheap", price=cents("3")), presents.PrizeFactory()
    take(till, boris, cheap)
    till.refund(sold)
    till.give(boris, "52")
    refused(lambda: take(till, boris, bottle), "insufficient_balance")
    till.give(boris, "1")
    take(till, boris, bottle)
    assert till.balance(boris) == 0
    assert_proved()


def test_sent_twice_it_is_taken_once(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    bottle = presents.PrizeFactory(stock=5)
    assert take(till, boris, bottle, "same") == take(till, boris, bottle, "same")
    assert (till.balance(boris), PrizeStock.objects.get().taken) == (5000, 1)


def test_there_are_no_more_than_there_are(till: Till, boris: Client, alice: Client) -> None:
    till.give(boris, "100")
    till.give(alice, "100")
    bottle = presents.PrizeFactory(stock=1)
    take(till, boris, bottle)
    refused(lambda: take(till, alice, bottle), "prize_sold_out")
    bottle.stock = 2
    bottle.save()
    take(till, alice, bottle)
    assert prizes.left_of(Prize.objects.get()) == 0


def test_a_client_has_no_more_than_one_may(till: Till, boris: Client) -> None:
    till.give(boris, "200")
    bottle = presents.PrizeFactory(per_client=1)
    taken = take(till, boris, bottle)
    refused(lambda: take(till, boris, bottle), "prize_not_available")
    prizes.cancel(claim=taken, reason="wrong colour", by=VERA, now=till.now)
    take(till, boris, bottle)


@pytest.mark.parametrize("values", [{"enabled": False}, {"segment": True}])
def test_it_is_for_whom_it_is(till: Till, boris: Client, values: dict[str, Any]) -> None:
    if "segment" in values:
        values = {"segment": factories.SegmentFactory(visits_min=1)}
    till.give(boris, "100")
    bottle = presents.PrizeFactory(**values)
    refused(lambda: take(till, boris, bottle), "prize_not_available")


def test_what_is_at_the_desk_only_clients_do_not_take_themselves(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    bottle = presents.PrizeFactory(by_client=False)
    refused(lambda: take(till, boris, bottle, by_client=True), "prize_not_available")
    assert prizes.catalogue(boris, Money(10000), now=till.now, by_client=True) == []
    take(till, boris, bottle)


def test_a_service_is_there_at_once(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    session = presents.PrizeFactory(code="session", name="A session", service=factories.ServiceFactory(), free_days=10)
    taken = take(till, boris, session)
    free = FreeService.objects.get()
    assert (taken.state, taken.closed_by, free.services, free.name) == (
        "handed_over",
        "staff:vera",
        ["session"],
        "A session",
    )
    assert till.later(days=10).quote("session", client=boris).bill.to_pay == 0
    assert till.later(days=11).quote("session", client=boris).bill.to_pay == 2000
    assert_proved()


def test_the_catalogue_says_what_the_client_can_have(till: Till, boris: Client) -> None:
    presents.PrizeFactory(priority=1)
    presents.PrizeFactory(code="gone", name="Gone", stock=0, priority=2)
    presents.PrizeFactory(code="dear", name="Dear", price=cents("90"), priority=3)
    presents.PrizeFactory(code="vip", name="For others", segment=factories.SegmentFactory())
    till.account(boris)
    offers = prizes.catalogue(boris, cents("60"), now=till.now)
    assert [(offer.prize.name, offer.left, offer.missing, offer.why_not) for offer in offers] == [
        ("Bottle", None, 0, ""),
        ("Gone", 0, 0, "None is left."),
        ("Dear", None, 3000, "30.00 more bonuses are needed."),
    ]


# --- what becomes of it ---


def test_it_is_handed_over_once(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    taken = take(till, boris, presents.PrizeFactory())
    given = prizes.hand_over(claim=taken, by=VERA, now=till.now)
    assert (given.state, given.closed_at, given.closed_by) == ("handed_over", till.now, "staff:vera")
    refused(lambda: prizes.hand_over(claim=taken, by=VERA, now=till.now), "prize_closed")
    refused(lambda: prizes.cancel(claim=taken, reason="no", by=VERA, now=till.now), "prize_closed")
    assert prizes.waiting_for(boris) == []


def test_it_is_kept_until_its_last_day(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    taken = take(till, boris, presents.PrizeFactory(free_days=3))
    late = till.later(days=4)
    refusal = refused(lambda: prizes.hand_over(claim=taken, by=VERA, now=late.now), "prize_closed")
    assert str(refusal) == "“Bottle” was kept until 5 March 2026. Take it back to return the bonuses."
    prizes.cancel(claim=taken, reason="too late", by=VERA, now=late.now)
    assert late.balance(boris) == 10000


def test_taken_back_it_returns_everything(till: Till, boris: Client) -> None:
    bottle = presents.PrizeFactory(stock=3)
    later = till.give(boris, "80", last_day=till.today + timedelta(days=60))
    sooner = till.give(boris, "30", last_day=till.today + timedelta(days=6))
    taken = take(till, boris, bottle)
    back = prizes.cancel(claim=taken, reason=" wrong colour ", by=VERA, now=till.now)
    assert (back.state, back.reason, PrizeStock.objects.get().taken) == ("cancelled", "wrong colour", 0)
    assert (remaining(sooner), remaining(later)) == (3000, 8000)
    assert (sooner.last_day, later.last_day) == (date(2026, 3, 8), date(2026, 5, 1))
    refused(lambda: prizes.cancel(claim=taken, reason="again", by=VERA, now=till.now), "prize_closed")
    assert_proved()


def test_bonuses_live_longer_by_the_days_that_a_prize_held_them_and_no_more(till: Till, boris: Client) -> None:
    lot = till.give(boris, "80", last_day=till.today + timedelta(days=6))
    taken = take(till, boris, presents.PrizeFactory())
    back = till.later(days=4)
    prizes.cancel(claim=taken, reason="no", by=VERA, now=back.now)
    assert remaining(lot) == 8000
    assert lot.last_day == till.today + timedelta(days=10)
    for _time in range(3):
        prizes.cancel(claim=take(back, boris, presents.PrizeFactory()), reason="no", by=VERA, now=back.now)
    assert remaining(lot) == 8000
    assert lot.last_day == till.today + timedelta(days=10)


def test_what_had_ended_meanwhile_stays_ended(till: Till, boris: Client) -> None:
    lot = till.give(boris, "80", last_day=till.today + timedelta(days=6))
    taken = take(till, boris, presents.PrizeFactory())
    late = till.later(days=10)
    prizes.cancel(claim=taken, reason="late", by=VERA, now=late.now)
    assert remaining(lot) == 5000
    assert_proved()


def test_an_unused_service_comes_back_and_a_used_one_does_not(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    session = presents.PrizeFactory(code="session", service=factories.ServiceFactory(), stock=2)
    first, second = take(till, boris, session), take(till, boris, session)
    till.sell("session", client=boris)
    refused(lambda: prizes.cancel(claim=first, reason="no", by=VERA, now=till.now), "prize_closed")
    prizes.cancel(claim=second, reason="no", by=VERA, now=till.now)
    assert (free_of(boris), till.balance(boris), PrizeStock.objects.get().taken) == (0, 5000, 1)
    assert_proved()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 251])
def test_taking_back_needs_a_reason(till: Till, boris: Client, reason: str) -> None:
    till.give(boris, "100")
    taken = take(till, boris, presents.PrizeFactory())
    with pytest.raises(Invalid):
        prizes.cancel(claim=taken, reason=reason, by=VERA, now=till.now)
    assert till.balance(boris) == 5000


def test_bought_and_returned_again_and_again(till: Till, boris: Client, house_rules: HouseRules) -> None:
    house_rules.allow_debt = False
    house_rules.save()
    till.give(boris, "60")
    bottle = presents.PrizeFactory(stock=1)
    for _time in range(3):
        prizes.cancel(claim=take(till, boris, bottle), reason="no", by=VERA, now=till.now)
    assert till.balance(boris) == 6000
    assert_proved()


# --- at many places at once ---


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_last_one_is_one_clients(till: Till, boris: Client, alice: Client, together: Together) -> None:
    bottle = presents.PrizeFactory(stock=1)
    for client in (boris, alice):
        till.give(client, "100")
    answers = together(*[lambda c=c: take(till, c, bottle, f"by {c.pk}") for c in (boris, alice)])
    assert sorted(type(answer).__name__ for answer in answers) == ["PrizeClaim", "PrizeSoldOut"]
    assert (PrizeClaim.objects.count(), PrizeStock.objects.get().taken) == (1, 1)
    assert sorted([int(till.balance(boris)), int(till.balance(alice))]) == [5000, 10000]
    assert_proved()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_bonuses_buy_one(till: Till, boris: Client, together: Together) -> None:
    bottle = presents.PrizeFactory()
    till.give(boris, "60")
    answers = together(*[lambda n=n: take(till, boris, bottle, f"time {n}") for n in range(2)])
    assert sorted(type(answer).__name__ for answer in answers) == ["InsufficientBalance", "PrizeClaim"]
    assert till.balance(boris) == 1000


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_first_checks_at_once_open_one_card_of_stamps(till: Till, boris: Client, together: Together) -> None:
    presents.StampProgramFactory()
    basket = till.basket("2 x session", client=boris)
    together(*[lambda n=n: till.settle(basket, cash=4000, key=f"till {n}") for n in range(2)])
    assert free_of(boris) == 1
    assert_proved()
