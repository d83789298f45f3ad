"""A membership may begin on a date that is said at the sale, or at the first visit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.models import Entry, Visit
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.holding import memberships_of
from memberships.models import Membership
from tests.memberships.conftest import buy
from tests.memberships.plans import codes, left_of, plan
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 10)


def bought(till: Till, client: Client, code: str, first_day: object) -> Membership:
    sold = till.sell({"membership_plan": code, "first_day": first_day}, client=client)
    return Membership.objects.get(sold_on__visit=sold.visit)


def test_on_a_date(till: Till, boris: Client) -> None:
    plan("spring", "session", sessions=5, starts="date", valid_days=30)
    membership = bought(till, boris, "spring", "2026-03-10")
    lot = membership.account.lots.get()
    assert (lot.first_day, lot.last_day) == (FIRST, date(2026, 4, 9))
    (state,) = memberships_of(boris, rulebook().house, till.now)
    assert (state.status, state.remaining, state.first_day) == ("pending", 5, FIRST)
    assert codes(till, "session", client=boris) == ["not_begun"]
    with pytest.raises(Refusal, match="“Spring” begins on 10 March 2026"):
        till.sell("session", client=boris, memberships=[membership.pk])
    assert till.later(days=8).quote("session", client=boris).bill.to_pay == 0


def test_on_a_date_that_is_not_said_is_today(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("spring", "session", sessions=5, starts="date"))
    assert membership.account.lots.get().first_day == till.today


@pytest.mark.parametrize("said", ["2026-03-01", "2027-03-04", "10 March", 10, "2026-13-01"])
def test_a_date_that_cannot_be_is_refused(till: Till, boris: Client, said: object) -> None:
    plan("spring", "session", sessions=5, starts="date")
    with pytest.raises(Invalid) as refused:
        bought(till, boris, "spring", said)
    assert (refused.value.field, Visit.objects.count()) == ("lines[0].first_day", 0)


def test_only_a_plan_that_begins_on_a_date_takes_one(till: Till, boris: Client) -> None:
    plan("now", "session", sessions=5)
    with pytest.raises(Invalid) as refused:
        bought(till, boris, "now", "2026-03-10")
    assert refused.value.field == "lines[0].first_day"


def test_the_first_visit_begins_it(till: Till, boris: Client) -> None:
    """Ten days after the sale: its 30 days count from then, for every count."""
    _sold, membership = buy(till, boris, plan("spa", "session x 3", "personal x 1", starts="first_visit"))
    assert {lot.last_day for lot in membership.account.lots.all()} == {None}
    (state,) = memberships_of(boris, rulebook().house, till.now)
    assert (state.waits, state.last_day, state.status) == (True, None, "active")
    later = till.later(days=10)
    assert later.quote("session", client=boris).bill.to_pay == 0
    later.sell("session", client=boris)
    membership.refresh_from_db()
    assert not membership.waits
    assert {lot.last_day for lot in membership.account.lots.all()} == {later.today + timedelta(days=30)}
    assert left_of(membership) == [2, 1]
    begun = Entry.objects.filter(account=membership.account, kind="adjust").values_list("amount", "note", "by")
    assert list(begun) == [(0, "begins with the first visit", "staff:vera")] * 2
    later.later(days=5).sell("session", client=boris)
    assert {lot.last_day for lot in membership.account.lots.all()} == {later.today + timedelta(days=30)}
    assert till.later(days=41).quote("session", client=boris).bill.to_pay == cents("20")
    assert prove() == []


def test_it_waits_as_long_as_nobody_comes(till: Till, boris: Client) -> None:
    buy(till, boris, plan("month", "session", starts="first_visit"))
    assert till.later(days=400).quote("session", client=boris).bill.to_pay == 0


def test_one_that_comes_back_stays_begun(till: Till, boris: Client) -> None:
    """The client has been there: its days go on."""
    _sold, membership = buy(till, boris, plan("month", "session", sessions=5, starts="first_visit"))
    till.refund(till.sell("session", client=boris))
    membership.refresh_from_db()
    assert (membership.waits, left_of(membership)) == (False, [5])
    assert membership.account.lots.get().last_day == till.today + timedelta(days=30)


def test_one_that_waits_comes_back_wholly(till: Till, boris: Client) -> None:
    check, _membership = buy(till, boris, plan("month", "session", price="50", starts="first_visit"))
    assert till.later(days=100).refund(check).money == cents("50")
