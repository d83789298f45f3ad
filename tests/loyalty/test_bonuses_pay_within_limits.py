"""How much of a check bonuses may pay (`domain.md` section 4.4)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from clients.refusals import Invalid
from loyalty import ledger
from loyalty.bonuses import RedeemExceedsLimit
from loyalty.expiry import expire_lots
from loyalty.ledger import InsufficientBalance
from loyalty.models import CashbackProgram, Entry, HouseRules, Service, Visit
from loyalty.proof import check_ledger
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def give_salon_lots(till: Till, boris: Client, birthday: str) -> None:
    day = till.today
    till.give(boris, "300", program="cashback", limit_percent=10, last_day=day + timedelta(days=150))
    till.give(boris, "40", program="second", limit_percent=15, last_day=day + timedelta(days=20))
    till.give(boris, birthday, program="birthday", limit_percent=15, last_day=day + timedelta(days=5))


def used(till: Till, boris: Client) -> dict[str | None, int]:
    bill = till.quote("haircut", client=boris, redeem="max").bill
    return {lot.program: int(amount) for lot, amount in bill.plans["bonuses"].takes}


def test_half_of_a_check_from_50_may_be_paid(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "100", program="cumulative", limit_percent=50, min_check="50")
    bill = till.quote("personal", client=boris, redeem="max").bill
    assert (bill.bonus_spendable, bill.bonus_total, bill.to_pay) == (cents("30"), cents("30"), cents("30"))
    assert bill.earned_total == cents("0.90")


def test_a_check_below_the_minimum_takes_no_bonuses(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "100", program="cumulative", limit_percent=50, min_check="50")
    bill = till.quote("2 x session", client=boris, redeem="max").bill
    assert (bill.bonus_total, bill.to_pay, bill.earned_total) == (0, cents("40"), cents("1.20"))
    assert "bonus.check_too_small" in [note.code for note in bill.notes]


def test_the_minimum_check_includes_its_limit(till: Till, boris: Client) -> None:
    till.give(boris, "100", limit_percent=50, min_check="60")
    assert till.quote("personal", client=boris, redeem="max").bill.bonus_total == cents("30")


def test_the_soonest_to_end_goes_first(till: Till, boris: Client, haircut: Service) -> None:
    give_salon_lots(till, boris, birthday="1000")
    assert used(till, boris) == {"birthday": 30000}


def test_each_program_pays_up_to_its_own_limit_and_all_up_to_the_highest(
    till: Till, boris: Client, haircut: Service
) -> None:
    give_salon_lots(till, boris, birthday="120")
    assert used(till, boris) == {"birthday": 12000, "second": 4000, "cashback": 14000}


def test_the_house_has_a_limit_of_its_own(till: Till, boris: Client, haircut: Service) -> None:
    HouseRules.objects.update(bonus_limit_percent=5)
    give_salon_lots(till, boris, birthday="1000")
    assert used(till, boris) == {"birthday": 10000}


def test_lines_that_accept_no_bonuses_do_not_count_for_the_base(till: Till, boris: Client) -> None:
    till.give(boris, "100", limit_percent=50)
    bill = till.quote("personal", "2 x towel", client=boris, redeem="max").bill
    assert [line.bonus for line in bill.lines] == [cents("30"), 0]


def test_bonuses_are_spread_over_lines_to_the_cent(till: Till, boris: Client) -> None:
    till.give(boris, "10")
    bill = till.quote("session", "session", "session", client=boris, redeem="10.00").bill
    assert [line.bonus for line in bill.lines] == [cents("3.34"), cents("3.33"), cents("3.33")]


def test_pending_and_ended_lots_cannot_be_used(till: Till, boris: Client) -> None:
    till.give(boris, "10", first_day=till.today + timedelta(days=1))
    till.give(boris, "5", first_day=till.today - timedelta(days=9), last_day=till.today - timedelta(days=1))
    assert till.quote("session", client=boris, redeem="max").bill.bonus_total == 0


def test_a_lot_can_be_used_to_the_end_of_its_last_day(till: Till, boris: Client) -> None:
    till.give(boris, "5", last_day=till.today)
    one_minute_to_midnight = till.later(hours=11, minutes=59)
    assert one_minute_to_midnight.quote("session", client=boris, redeem="max").bill.bonus_total == cents("5")
    assert till.later(hours=12).quote("session", client=boris, redeem="max").bill.bonus_total == 0


def test_more_than_the_client_has_is_refused_with_the_most_there_is(till: Till, boris: Client) -> None:
    till.give(boris, "7")
    with pytest.raises(InsufficientBalance) as refused:
        till.quote("session", client=boris, redeem="7.01")
    assert refused.value.facts["max"] == cents("7")


def test_more_than_the_limit_is_refused_with_the_limit(till: Till, boris: Client) -> None:
    till.give(boris, "100", limit_percent=50)
    with pytest.raises(RedeemExceedsLimit) as refused:
        till.quote("session", client=boris, redeem="10.01")
    assert refused.value.facts["max"] == cents("10")


def test_bonuses_where_nothing_accepts_them_are_refused(till: Till, boris: Client) -> None:
    till.give(boris, "100")
    with pytest.raises(Invalid):
        till.quote("towel", client=boris, redeem="1.00")


def test_what_a_debt_owes_cannot_be_spent(till: Till, boris: Client) -> None:
    lot = till.give(boris, "10")
    till.sell("session", client=boris, redeem="10.00")
    adjust_debt(till, boris, "4")
    till.give(boris, "6")
    assert till.balance(boris) == cents("2")
    assert till.quote("session", client=boris, redeem="max").bill.bonus_total == cents("2")
    sold = till.sell("session", client=boris, redeem="max")
    assert till.balance(boris) == 0
    kinds = Entry.objects.filter(visit=sold.visit).exclude(lot=lot).order_by("pk").values_list("kind", "amount")
    assert list(kinds) == [("transfer", -400), ("spend", -200), ("transfer", 400)]


def test_a_lot_that_has_ended_repays_what_was_owed_before_any_night(till: Till, boris: Client) -> None:
    adjust_debt(till, boris, "4")
    till.give(boris, "10", last_day=till.today)
    tomorrow = till.later(days=1)
    assert (till.balance(boris), tomorrow.balance(boris)) == (cents("6"), 0)
    tomorrow.give(boris, "3")
    assert tomorrow.quote("session", client=boris, redeem="max").bill.bonus_total == cents("3")
    tomorrow.sell("session", client=boris, redeem="max")
    assert tomorrow.balance(boris) == 0
    assert expire_lots(today=tomorrow.today, zone=ZoneInfo("America/New_York"), by=VERA) == 1
    assert list(Entry.objects.filter(kind="expire").values_list("amount", flat=True)) == [-600]
    assert check_ledger(now=tomorrow.now) == []


def adjust_debt(till: Till, boris: Client, amount: str) -> None:
    debt = ledger.Grant("test:debt", till.account(boris), -cents(amount), till.today, kind=Entry.Kind.TAKE_BACK)
    ledger.post([debt], at=till.now, by=VERA)


def test_a_quote_writes_nothing(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "100")
    entries = Entry.objects.count()
    first = till.quote("personal", client=boris, redeem="max")
    assert first.token == till.quote("personal", client=boris, redeem="max").token
    assert (Visit.objects.count(), Entry.objects.count()) == (0, entries)
