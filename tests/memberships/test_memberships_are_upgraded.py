"""Another plan is bought, and the unused part of the earlier membership is taken off (`memberships.upgrading`)."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import QuoteChanged, Settled, quote
from loyalty.models import Visit
from loyalty.proof import prove
from memberships.models import Change, Membership, Plan
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.life import freeze, frozen_plan, pass_on, remaining
from tests.memberships.subscribing import club, join, on, renew
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def to(plan: Plan, old: Membership) -> dict[str, Any]:
    return {"membership_plan": plan.code, "upgrade": str(old.pk)}


def upgraded(till: Till, client: Client, plan: Plan, old: Membership) -> tuple[Settled, Membership]:
    sold = till.sell(to(plan, old), client=client)
    return sold, Membership.objects.get(sold_on__visit=sold.visit)


def test_the_unused_part_is_taken_off(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    sold, new = upgraded(till, boris, ten, old)
    old.refresh_from_db()
    assert (sold.visit.to_pay, sold.visit.list_total) == (cents("106"), cents("106"))
    assert (new.origin, new.paid, new.credit, new.session_price) == (old, cents("160"), cents("54"), cents("16"))
    assert (old.voided_at, old.paid, old.sessions, remaining(old), remaining(new)) == (till.now, 3600, 2, 0, 10)
    change = Change.objects.get()
    assert (change.kind, change.membership, change.facts["credit"]) == ("upgraded", old, 5400)
    notes = [note for note in till.quote("towel", client=boris).bill.notes if note.code == "membership.credited"]
    assert notes == []
    assert prove() == []


def test_the_check_says_what_was_credited(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, five)
    notes = till.quote(to(ten, old), client=boris).bill.notes
    (note,) = [note for note in notes if note.code == "membership.credited"]
    assert (note.amount, dict(note.facts)) == (
        cents("90"),
        {"old": "5 sessions", "part": 5, "whole": 5, "name": "10 sessions", "price": cents("160")},
    )


def test_untouched_it_comes_back_and_the_old_one_stands_again(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    first, old = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    sold, new = upgraded(till, boris, ten, old)
    assert till.refund(sold).money == cents("106")
    old.refresh_from_db()
    assert (old.voided_at, old.paid, old.sessions, remaining(old), remaining(new)) == (None, 9000, 5, 3, 0)
    assert till.sell("session", client=boris).visit.to_pay == 0
    assert till.refund(first).money == cents("36")
    assert prove() == []


def test_used_it_brings_back_no_more_than_was_paid_in_money(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    sold, _new = upgraded(till, boris, ten, old)
    till.sell("3 x session", client=boris)
    assert till.refund(sold).money == cents("106")  # 7/10 of 160.00 is 112.00
    old.refresh_from_db()
    assert (old.voided_at is None, remaining(old)) == (False, 0)
    assert prove() == []


def test_more_credit_than_the_price_costs_nothing(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, ten)
    (note,) = [note for note in till.quote(to(five, old), client=boris).bill.notes if note.stage == "membership"]
    assert (note.code, note.facts["over"]) == ("membership.credited_over", cents("70"))
    sold, new = upgraded(till, boris, five, old)
    assert (sold.visit.to_pay, new.paid, new.credit) == (0, cents("90"), cents("90"))
    old.refresh_from_db()
    assert old.paid == 0
    assert prove() == []


def test_of_a_frozen_used_up_or_foreign_one_nothing_is_credited(
    till: Till, five: Plan, ten: Plan, boris: Client, alice: Client
) -> None:
    frozen_plan(five, 10)
    (_sold, frozen), (_sold, foreign), (_sold, gone) = (buy(till, who, five) for who in (boris, alice, boris))
    freeze(till, frozen, days=2)
    pass_on(till, gone, alice)
    visits = Visit.objects.count()
    for old in (frozen, foreign, gone):
        with pytest.raises(Refusal) as refused:
            till.quote(to(ten, old), client=boris)
        assert refused.value.field == "lines[0].upgrade"
    with pytest.raises(Refusal, match="named twice"):
        till.quote(to(ten, foreign), to(ten, foreign), client=alice)
    assert Visit.objects.count() == visits


def test_used_meanwhile_it_is_another_check(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, five)
    basket = till.basket(to(ten, old), client=boris)
    token = till.promise(basket).token
    till.sell("session", client=boris)
    with pytest.raises(QuoteChanged) as refused:
        till.settle(basket, cash=cents("70"), token=token)
    assert refused.value.facts["quote"].bill.to_pay == cents("88")
    old.refresh_from_db()
    assert old.voided_at is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_used_or_upgraded(
    till: Till, five: Plan, ten: Plan, boris: Client, together: Together
) -> None:
    _sold, old = buy(till, boris, five)
    basket = till.basket(to(ten, old), client=boris)
    token, visit = till.promise(basket).token, till.basket("session", client=boris)
    seen = quote(visit, now=till.now).token
    changed, used = together(
        lambda: till.settle(basket, cash=cents("70"), key="change", token=token),
        lambda: till.settle(visit, key="visit", token=seen),
    )
    assert isinstance(changed, Settled) is not isinstance(used, Settled)
    old.refresh_from_db()
    assert (old.voided_at is not None) is isinstance(changed, Settled)
    assert prove() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_it_is_upgraded_once(till: Till, five: Plan, ten: Plan, boris: Client, together: Together) -> None:
    _sold, old = buy(till, boris, five)
    basket = till.basket(to(ten, old), client=boris)
    answers = together(*[lambda n=n: till.settle(basket, cash=cents("70"), key=f"till {n}") for n in range(2)])
    assert sorted(isinstance(answer, Settled) for answer in answers) == [False, True]
    assert Membership.objects.filter(origin=old).count() == 1
    assert prove() == []


def test_what_is_changed_covers_nothing_on_the_same_check(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, old = buy(till, boris, five)
    bill = till.quote("session", to(ten, old), client=boris).bill
    assert [note.code for note in bill.notes if note.stage == "membership"] == [
        "membership.being_changed",
        "membership.credited",
    ]
    sold = till.sell("session", to(ten, old), client=boris)
    assert sold.visit.to_pay == cents("90")  # 20.00, and 160.00 less 90.00
    _sold, other = buy(till, boris, five)
    with pytest.raises(Refusal, match="so it covers nothing"):
        till.quote("session", to(ten, other), client=boris, memberships=[str(other.pk)])
    assert prove() == []


# --- a subscription --------------------------------------------------------------------------------------------------


def test_paid_ahead_it_is_changed_only_after_that_period_was_returned(till: Till, ten: Plan, boris: Client) -> None:
    club()
    membership = join(on("2026-01-31"), boris)
    ahead = renew(on("2026-02-10"), membership)
    late = on("2026-02-11")
    with pytest.raises(Refusal, match=r"“Club” is paid ahead until 31 March 2026\. Return that period first\."):
        late.quote(to(ten, membership), client=boris)
    assert late.refund(ahead).money == cents("30")
    with pytest.raises(Refusal, match="its next period cannot be paid"):
        late.quote(to(ten, membership), {"membership_renewal": str(membership.pk)}, client=boris)
    assert late.sell(to(ten, membership), client=boris).visit.to_pay == cents("130")
    assert prove() == []


def test_a_later_period_is_credited_at_its_own_price(till: Till, ten: Plan, boris: Client) -> None:
    """Sold for 30.00, renewed for 40.00 with 2 of 8 used: 30.00 of that; the sale of the first is left as it is."""
    plan = club()
    membership = join(on("2026-01-31"), boris)
    plan.price = cents("40")
    plan.save()
    period = renew(on("2026-02-28"), membership)
    late = on("2026-03-02")
    late.sell("2 x session", client=boris)
    sold, _new = upgraded(late, boris, ten, membership)
    membership.refresh_from_db()
    assert (sold.visit.to_pay, membership.paid, membership.sessions) == (cents("130"), cents("30"), 8)
    assert late.refund(sold).money == cents("130")
    membership.refresh_from_db()
    assert (membership.voided_at, membership.paid, membership.sessions) == (None, cents("30"), 8)
    assert late.refund(period).money == cents("30")
    assert prove() == []
