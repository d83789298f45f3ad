"""A subscription by the month: each period is a check of its own, and dates do not drift."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client, Message
from clients.refusals import Refusal
from loyalty.models import CashbackProgram, Event, Lot, Webhook
from loyalty.rulebook import rulebook
from memberships import renewing, returning
from memberships.calculation import calculation
from memberships.formulas import NothingLeftOfMembership
from memberships.models import Membership, Plan, Renewal
from memberships.renewal_returns import share
from memberships.returning import returnable
from tests.memberships.life import freeze, miss
from tests.memberships.subscribing import TASK, club, join, night, on, periods, renew
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(till: Till) -> Plan:
    return club()


def test_a_year_from_31_january_ends_each_period_where_its_month_ends(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    for _month in range(12):
        membership.refresh_from_db()
        assert membership.paid_until is not None
        night(membership.paid_until - timedelta(days=3))
        renew(on(membership.paid_until), membership)
    days = [(first, last) for _number, first, last, _state in periods(membership)]
    assert days == [
        ("2026-03-01", "2026-03-31"),
        ("2026-04-01", "2026-04-30"),
        ("2026-05-01", "2026-05-31"),
        ("2026-06-01", "2026-06-30"),
        ("2026-07-01", "2026-07-31"),
        ("2026-08-01", "2026-08-31"),
        ("2026-09-01", "2026-09-30"),
        ("2026-10-01", "2026-10-31"),
        ("2026-11-01", "2026-11-30"),
        ("2026-12-01", "2026-12-31"),
        ("2027-01-01", "2027-01-31"),
        ("2027-02-01", "2027-02-28"),
    ]
    assert Lot.objects.filter(account=membership.pk, amount=8).count() == 13


def test_what_is_due_is_written_three_days_before_and_told_once(plan: Plan, boris: Client) -> None:
    Webhook.objects.create(url="https://till.example/", events=["membership.ending"], by="staff:anna")
    membership = join(on("2026-01-31"), boris)
    night("2026-02-24")
    assert periods(membership) == []
    for day in ("2026-02-25", "2026-02-25", "2026-02-26"):
        night(day)
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "due")]
    renewal = Renewal.objects.get()
    assert (renewal.price, renewal.pay_by) == (cents("30"), date(2026, 2, 28))
    letter = Message.objects.get(client=boris, occasion="reminder")
    assert (letter.facts["amount"], letter.facts["program"]) == ("30.00", "Club")
    event = Event.objects.get()
    assert event.facts["membership"] == str(membership.pk)
    assert event.facts["renewal"] == {
        "number": 1,
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
        "price": "30.00",
    }


def test_its_check_grants_the_sessions_of_the_period_and_earns_as_memberships_do(
    plan: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    membership = join(on("2026-01-31"), boris)
    sold = renew(on("2026-02-28"), membership)
    assert (sold.visit.to_pay, sold.visit.earned_total, sold.visit.is_visit) == (cents("30"), cents("0.90"), False)
    lot = Lot.objects.filter(account=membership.pk).latest("pk")
    assert (lot.amount, f"{lot.first_day}", f"{lot.last_day}") == (8, "2026-03-01", "2026-03-31")
    assert on("2026-02-28").quote("session", client=boris).bill.to_pay == 0
    assert on("2026-03-01").quote("session", client=boris).bill.to_pay == 0


def test_bonuses_and_gift_cards_do_not_pay_it(plan: Plan, boris: Client) -> None:
    till = on("2026-01-31")
    till.give(boris, "100")
    membership = join(till, boris)
    quoted = on("2026-02-28").quote({"membership_renewal": membership.pk}, client=boris)
    assert (quoted.bill.bonus_spendable, quoted.bill.to_pay) == (0, cents("30"))


def test_a_price_that_was_told_stays(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    plan.price = cents("35")
    plan.save()
    assert renew(on("2026-02-28"), membership).visit.to_pay == cents("30")
    night("2026-03-28")
    assert renew(on("2026-03-31"), membership).visit.to_pay == cents("35")


def test_it_is_paid_one_period_ahead_at_most_and_once_a_day(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    renew(on("2026-02-10"), membership)
    for till in (on("2026-02-10"), on("2026-02-20")):
        with pytest.raises(Refusal) as refused:
            renew(till, membership)
        assert refused.value.code == "membership_not_renewable"
    night("2026-02-28")
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "paid")]
    renew(on("2026-03-01"), membership)
    assert periods(membership)[1:] == [(2, "2026-04-01", "2026-04-30", "paid")]


def test_one_check_pays_one_period(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    line = {"membership_renewal": str(membership.pk)}
    with pytest.raises(Refusal) as refused:
        on("2026-02-10").quote(line, line, client=boris)
    assert refused.value.field == "lines[1].membership_renewal"


def test_nobody_pays_for_another_client_s(plan: Plan, boris: Client, alice: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    with pytest.raises(Refusal) as refused:
        on("2026-02-28").quote({"membership_renewal": str(membership.pk)}, client=alice)
    assert (refused.value.code, refused.value.field) == ("not_found", "lines[0].membership_renewal")


def test_each_service_has_its_count_again(till: Till, boris: Client) -> None:
    from loyalty.models import Service

    plan = club(sessions=None, service=None)
    from tests import factories

    factories.PlanServiceFactory(plan=plan, service=Service.objects.get(code="session"), sessions=4)
    factories.PlanServiceFactory(plan=plan, service=Service.objects.get(code="personal"), sessions=1)
    membership = join(on("2026-01-31"), boris)
    on("2026-02-10").sell("session", "personal", client=boris)
    renew(on("2026-02-28"), membership)
    check = on("2026-03-01").quote("5 x session", "2 x personal", client=boris).bill
    assert (check.sessions_used, check.to_pay) == (5, cents("20") + cents("60"))


# --- missed, and taken up again --------------------------------------------------------------------------------------


def test_in_the_days_of_grace_nothing_is_covered_and_dates_stay(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    assert on("2026-03-02").quote("session", client=boris).bill.to_pay == cents("20")
    night("2026-03-03")
    renew(on("2026-03-03"), membership)
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "paid")]
    assert on("2026-03-03").quote("session", client=boris).bill.to_pay == 0


def test_after_them_it_is_suspended_and_whoever_pays_begins_anew(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    night("2026-03-03")
    assert periods(membership)[0][3] == "due"
    night("2026-03-04")
    membership.refresh_from_db()
    assert f"{membership.suspended_at:%Y-%m-%d %H:%M}" == "2026-03-04 05:00"  # midnight in New York
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "missed")]
    assert Message.objects.filter(client=boris).count() == 2
    renew(on("2026-03-20"), membership)
    membership.refresh_from_db()
    assert (membership.suspended_at, membership.paid_until) == (None, date(2026, 4, 20))
    assert periods(membership) == [(1, "2026-03-20", "2026-04-20", "paid")]
    renew(on("2026-04-20"), membership)
    assert periods(membership)[1] == (2, "2026-04-21", "2026-05-20", "paid")
    assert sorted(membership.changes.values_list("kind", flat=True)) == ["renewed", "suspended"]


def test_nights_that_were_missed_make_the_same_rows_but_write_no_letter_that_comes_too_late(
    plan: Plan, boris: Client
) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-03-20")
    membership.refresh_from_db()
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "missed")]
    assert f"{membership.suspended_at:%Y-%m-%d %H:%M}" == "2026-03-04 05:00"
    assert Message.objects.filter(client=boris).count() == 1


def test_time_decides_and_not_the_night(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    renew(on("2026-03-04"), membership)  # no night has run
    assert periods(membership) == [(1, "2026-03-04", "2026-04-04", "paid")]


# --- ended, and taken up again ---------------------------------------------------------------------------------------


def test_what_is_paid_stays_when_it_is_ended(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    till = on("2026-02-26")
    for _twice in range(2):
        renewing.end(membership=membership.pk, reason="moves away", by=TASK, now=till.now, key="end")
    assert periods(membership)[0][3] == "cancelled"
    assert till.quote("session", client=boris).bill.to_pay == 0
    with pytest.raises(Refusal):
        renew(till, membership)
    night("2026-03-10")
    membership.refresh_from_db()
    assert (membership.suspended_at, membership.renews) == (None, False)


def test_it_is_taken_up_again_before_its_end(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    now = on("2026-02-26").now
    renewing.end(membership=membership.pk, reason="moves away", by=TASK, now=now, key="end")
    renewing.take_up(membership=membership.pk, by=TASK, now=now, key="again")
    night("2026-02-27")
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "due")]
    renewing.end(membership=membership.pk, reason="moves away", by=TASK, now=now, key="end 2")
    with pytest.raises(Refusal):
        renewing.take_up(membership=membership.pk, by=TASK, now=on("2026-03-01").now, key="again 2")
    assert not Membership.objects.get().renews


# --- it comes back ---------------------------------------------------------------------------------------------------


def test_an_unused_period_comes_back_wholly_and_is_due_again(
    plan: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    membership = join(on("2026-01-31"), boris)
    sold = renew(on("2026-02-28"), membership)
    till = on("2026-03-02")
    refund = till.refund(sold)
    assert (refund.money, refund.bonus_taken_back) == (cents("30"), cents("0.90"))
    membership.refresh_from_db()
    assert (membership.paid_until, membership.voided_at) == (date(2026, 2, 28), None)
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "due")]
    assert till.quote("session", client=boris).bill.to_pay == cents("20")
    renew(till, membership)
    assert periods(membership) == [(1, "2026-03-01", "2026-03-31", "paid")]
    assert till.quote("session", client=boris).bill.to_pay == 0


def test_a_used_one_comes_back_in_proportion(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    sold = renew(on("2026-02-28"), membership)
    on("2026-03-02").sell("2 x session", client=boris)
    assert on("2026-03-03").refund(sold).money == cents("22.50")  # 6 of 8


def test_only_the_last_one_comes_back(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    first = renew(on("2026-02-10"), membership)
    second = renew(on("2026-03-10"), membership)
    with pytest.raises(Refusal):
        on("2026-03-11").refund(first)
    on("2026-03-11").refund(second)
    assert on("2026-03-11").refund(first).money == cents("30")
    membership.refresh_from_db()
    assert membership.paid_until == date(2026, 2, 28)


def test_what_comes_after_it_waits_until_it_is_paid_again(plan: Plan, boris: Client) -> None:
    membership = join(on("2026-01-31"), boris)
    sold = renew(on("2026-02-28"), membership)
    night("2026-03-28")
    assert [state for *_days, state in periods(membership)] == ["paid", "due"]
    on("2026-03-29").refund(sold)
    assert [state for *_days, state in periods(membership)] == ["due", "cancelled"]
    night("2026-03-30")
    assert [state for *_days, state in periods(membership)] == ["missed", "cancelled"]
    renew(on("2026-03-30"), membership)
    night("2026-04-28")
    assert periods(membership) == [(1, "2026-03-30", "2026-04-30", "paid"), (2, "2026-05-01", "2026-05-30", "due")]


def test_without_a_number_the_sold_period_is_as_it_was_before_the_next_was_paid(till: Till, boris: Client) -> None:
    """Sold for 10 January to 10 February, 32 days; what was paid next and returned is no part of it."""
    club(sessions=None)
    sold = on("2026-01-10").sell({"membership_plan": "club"}, client=boris)
    membership, line = Membership.objects.get(), sold.visit.lines.get()
    period = renew(on("2026-02-05"), membership)
    late = on("2026-02-06")
    assert late.refund(period).money == cents("30")
    for day, left in (("2026-02-07", 4), ("2026-02-09", 2)):
        assert returnable(line, date.fromisoformat(day)) == (left, 32)
    sheet = calculation(membership, rulebook().house, now=late.later(days=1).now)
    assert [int(one.comes_back) for one in sheet.outcomes] == [375, 3000, 0]
    with pytest.raises(NothingLeftOfMembership, match="has ended"):
        returnable(line, date(2026, 2, 15))
    assert late.later(days=1).refund(sold).money == cents("3.75")  # 4 of 32 days


def test_a_missed_appointment_of_a_period_is_a_used_session_of_it(till: Till, boris: Client) -> None:
    """Of 30.00 for a period 20.00 are used; the period that was sold before is not touched by it."""
    club(refund="used")
    membership = join(on("2026-01-31"), boris)
    sold = renew(on("2026-02-28"), membership)
    late = on("2026-03-02")
    miss(late, membership)
    assert returning.used_of(membership) == []
    assert late.refund(sold).money == cents("10")


def test_a_frozen_period_comes_back_by_its_days_as_they_are_now(till: Till, boris: Client) -> None:
    """12 February to 11 March, 28 days; frozen for 14 of them from 14 February it ends on 25 March."""
    club(sessions=None, freeze_days=20)
    membership = join(on("2026-01-11"), boris)
    sold = renew(on("2026-02-10"), membership)
    on("2026-02-12").sell("session", client=boris)
    freeze(on("2026-02-13"), membership, days=14)
    membership.refresh_from_db()
    assert membership.paid_until == date(2026, 3, 25)
    assert share(sold.visit.lines.get(), date(2026, 2, 28)) == (26, 28)
    with pytest.raises(Refusal, match="paid until 25 March"):
        renew(on("2026-02-10"), membership)
    assert on("2026-03-12").refund(sold).money == cents("15")  # 14 of 28 days
