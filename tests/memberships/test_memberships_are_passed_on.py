"""A membership, or some of its sessions, becomes another client's (`memberships.transferring`)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.checkout import Settled
from loyalty.checkout.quote import ClientErased
from loyalty.models import Entry, Service
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships import transferring
from memberships.calculation import calculation
from memberships.changes import CannotChange
from memberships.models import Change, Membership, Plan, PlanService
from memberships.transferring import NotTransferable
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.life import ends, freeze, frozen_plan, pass_on, remaining
from tests.memberships.subscribing import club, join, on, renew
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def figures(*memberships: Membership) -> list[tuple[int | None, int, int]]:
    """Sessions it stands for, those that are left, what was paid for them."""
    rows = [Membership.objects.get(pk=one.pk) for one in memberships]
    return [(row.sessions, remaining(row), int(row.paid)) for row in rows]


def test_sessions_go_with_their_price_and_their_last_day(till: Till, ten: Plan, boris: Client, alice: Client) -> None:
    _sold, old = buy(till, boris, ten)
    till.sell("2 x session", client=boris)
    new = pass_on(till.later(days=5), old, alice, sessions=3)
    assert figures(old, new) == [(7, 5, 11200), (3, 3, 4800)]
    lot = new.account.lots.get()
    assert (lot.first_day, lot.last_day, lot.program) == (till.later(days=5).today, ends(old), "ten")
    assert (new.client, new.origin, new.sold_on, new.session_price) == (alice, old, None, cents("16"))
    assert till.later(days=5).sell("session", client=alice).visit.to_pay == 0
    kinds = Entry.objects.filter(operation__startswith=f"membership:{old.pk}:transfer").values_list("kind", "amount")
    assert sorted(kinds) == [("transfer", -3), ("transfer", 3)]
    assert Change.objects.get().facts == {
        "to": new.pk,
        "client": alice.pk,
        "sessions": 3,
        "whole": False,
        "paid": 4800,
    }
    assert prove() == []


def test_nothing_is_lost_of_a_price_that_does_not_part(till: Till, ten: Plan, boris: Client, alice: Client) -> None:
    ten.price, ten.sessions = cents("100"), 7
    ten.save()
    _sold, old = buy(till, boris, ten)
    news = [pass_on(till, old, alice, sessions=2) for _turn in range(3)]
    assert [paid for _all, _left, paid in figures(old, *news)] == [1429, 2857, 2857, 2857]


def test_all_of_it_goes_and_the_old_one_is_void(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    frozen_plan(five, 10)
    _sold, old = buy(till, boris, five)
    freeze(till, old, days=4)
    late = till.later(days=10)
    new = pass_on(late, old, alice)
    old.refresh_from_db()
    assert figures(old, new) == [(0, 0, 0), (5, 5, 9000)]
    assert (old.voided_at, new.freeze_days) == (late.now, 6)
    assert late.quote("session", client=boris).bill.to_pay == 2000
    assert prove() == []


def test_a_visit_before_it_comes_back_to_the_old_holder(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    sold, old = buy(till, boris, five)
    visit = till.sell("session", client=boris)
    new = pass_on(till, old, alice)
    with pytest.raises(Refusal):
        till.refund(sold)
    till.refund(visit)
    old.refresh_from_db()
    assert (old.voided_at, figures(old, new)) == (None, [(1, 1, 1800), (4, 4, 7200)])
    assert till.refund(sold).money == cents("18")
    assert prove() == []


def test_of_any_number_the_days_that_are_left_go(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    five.sessions, five.valid_days, five.price = None, 29, cents("30")
    five.save()
    _sold, old = buy(till, boris, five)
    with pytest.raises(Invalid, match="as a whole"):
        pass_on(till, old, alice, sessions=2)
    late = till.later(days=10)
    new = pass_on(late, old, alice)
    assert [row.paid for row in Membership.objects.order_by("pk")] == [1000, 2000]
    assert (new.sessions, late.quote("session", client=alice).bill.to_pay) == (None, 0)
    assert prove() == []


def test_a_count_of_each_service_stays_one(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    five.sessions = None
    five.save()
    PlanService.objects.filter(plan=five).update(sessions=3)
    personal = Service.objects.get(code="personal")
    PlanService.objects.create(plan=five, service=personal, sessions=2)
    _sold, old = buy(till, boris, five)
    with pytest.raises(Invalid, match="its own count") as refused:
        pass_on(till, old, alice, sessions=1)
    assert refused.value.field == "service"
    transferring.transfer(
        membership=old.pk,
        client=alice,
        reason="x",
        sessions=1,
        service=personal.pk,
        by=VERA,
        now=till.now,
        key="personal",
    )
    quoted = till.quote("personal", "session", client=alice).bill
    assert [line.covered for line in quoted.lines] == [1, 0]
    assert prove() == []


def test_who_cannot_have_it_and_what_cannot_go(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    frozen_plan(five, 10)
    _sold, old = buy(till, boris, five)
    with pytest.raises(Invalid, match="their own"):
        pass_on(till, old, boris)
    with pytest.raises(Invalid, match="5 sessions are left"):
        pass_on(till, old, alice, sessions=6)
    freeze(till, old, days=3)
    with pytest.raises(NotTransferable, match="End the freeze first"):
        pass_on(till, old, alice)
    five.transferable = False
    five.save()
    with pytest.raises(NotTransferable, match="stays with whoever bought it"):
        pass_on(till.later(days=9), old, alice)
    alice.erased_at = timezone.now()
    alice.save()
    five.transferable = True
    five.save()
    with pytest.raises(ClientErased):
        pass_on(till.later(days=9), old, alice)
    assert (Membership.objects.count(), Change.objects.filter(kind="transferred").count()) == (1, 0)


def test_what_was_given_stays_with_whoever_got_it(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    _sold, old = buy(till, boris, five)
    Membership.objects.filter(pk=old.pk).update(given_by="referral")
    with pytest.raises(NotTransferable, match="was given, not bought"):
        pass_on(till, old, alice, sessions=2)
    assert (remaining(old), Membership.objects.count()) == (5, 1)


def test_the_same_operation_passes_on_once(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    _sold, old = buy(till, boris, five)
    for _turn in range(2):
        pass_on(till, old, alice, sessions=2, key="once")
    assert figures(old) == [(3, 3, 5400)]
    assert Membership.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_last_session_is_used_or_passed_on(
    till: Till, five: Plan, boris: Client, alice: Client, together: Together
) -> None:
    _sold, old = buy(till, boris, five)
    till.sell("4 x session", client=boris)
    basket = till.basket("session", client=boris)
    used, gone = together(lambda: till.settle(basket, key="use"), lambda: pass_on(till, old, alice))
    assert isinstance(used, Settled) is not isinstance(gone, Membership)
    if isinstance(used, Settled):
        assert isinstance(gone, CannotChange)
    assert sum(remaining(one) for one in Membership.objects.all()) == (0 if isinstance(used, Settled) else 1)
    assert prove() == []


# --- a subscription --------------------------------------------------------------------------------------------------


def test_paid_ahead_it_is_passed_on_only_after_that_period_was_returned(
    till: Till, boris: Client, alice: Client
) -> None:
    club()
    old = join(on("2026-01-31"), boris)
    ahead = renew(on("2026-02-10"), old)
    late = on("2026-02-11")
    for sessions in (8, None):
        with pytest.raises(CannotChange, match="paid ahead until 31 March 2026"):
            pass_on(late, old, alice, sessions=sessions)
    assert figures(old) == [(8, 16, 3000)]
    assert late.refund(ahead).money == cents("30")
    new = pass_on(late, old, alice, sessions=8)
    assert figures(old, new) == [(0, 0, 0), (8, 8, 3000)]
    sheet = calculation(Membership.objects.get(pk=old.pk), rulebook().house, now=late.now)
    assert [int(one.comes_back) for one in sheet.outcomes] == [0, 0, 0]
    assert prove() == []


@pytest.mark.parametrize(("formula", "money"), [("proportional", "20"), ("used", "10")])
def test_sessions_of_a_later_period_take_their_part_of_its_price_along(
    till: Till, boris: Client, alice: Client, formula: str, money: str
) -> None:
    """A period of 8 for 80.00, 5 passed on with 50.00: 30.00 stands for 3, of which one was used at 20.00."""
    plan = club(refund=formula)
    old = join(on("2026-01-31"), boris)
    plan.price = cents("80")
    plan.save()
    period = renew(on("2026-02-28"), old)
    late = on("2026-03-02")
    new = pass_on(late, old, alice, sessions=5)
    late.sell("session", client=boris)
    assert figures(old, new) == [(8, 10, 3000), (5, 5, 5000)]  # 8 are of the first period, which is over
    assert late.refund(period).money == cents(money)
    assert prove() == []
