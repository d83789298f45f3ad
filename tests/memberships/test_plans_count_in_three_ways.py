"""One count for all together, one for each service, or any number."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from clients.refusals import Refusal
from loyalty.models import CashbackProgram, Entry
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.holding import memberships_of
from memberships.plans import ENDLESS
from tests.memberships.conftest import buy
from tests.memberships.plans import codes, left_of, plan
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_each_service_has_its_own_count(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("spa", "session x 3", "personal x 1", price="100"))
    assert (membership.sessions, membership.session_price, membership.paid) == (4, cents("25"), cents("100"))
    check = till.sell("2 x session", "2 x personal", client=boris)
    assert (check.visit.membership_total, check.visit.to_pay) == (cents("100"), cents("60"))
    assert left_of(membership) == [1, 0]
    assert codes(till, "personal", client=boris) == ["count_used_up"]
    assert till.quote("2 x session", client=boris).bill.to_pay == cents("20")
    till.refund(check)
    assert left_of(membership) == [3, 1]
    assert prove() == []


def test_a_count_that_is_used_up_is_said_when_it_is_named(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("spa", "session x 3", "personal x 1"))
    till.sell("personal", client=boris)
    with pytest.raises(Refusal, match="“Spa” has no sessions left of what is on this check") as refused:
        till.sell("personal", client=boris, memberships=[membership.pk])
    assert (refused.value.code, refused.value.field) == ("membership_not_applicable", "memberships[0]")
    assert left_of(membership) == [3, 0]


def test_a_client_sees_each_count(till: Till, boris: Client) -> None:
    buy(till, boris, plan("spa", "session x 3", "personal x 1"))
    till.sell("session", client=boris)
    (state,) = memberships_of(boris, rulebook().house, till.now)
    assert [(one.service, one.remaining, one.sessions) for one in state.counts] == [
        ("session", 2, 3),
        ("personal", 1, 1),
    ]
    assert (state.remaining, state.sessions) == (3, 4)


def test_any_number_is_covered_and_each_use_is_an_entry(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("month", "session", price="50"))
    assert (membership.sessions, membership.session_price, membership.paid) == (None, None, cents("50"))
    visit = till.sell("7 x session", client=boris).visit
    assert (visit.to_pay, visit.facts["sessions_used"], visit.earned_total) == (0, 7, 0)
    assert left_of(membership) == [ENDLESS - 7]
    assert Entry.objects.get(visit=visit, account=membership.account).amount == -7
    (state,) = memberships_of(boris, rulebook().house, till.now)
    facts = state.facts()
    assert (facts["remaining"], facts["sessions"], facts["status"]) == (None, None, "active")
    assert codes(till, "session", client=boris) == ["covered_endless"]
    assert codes(till, "towel", client=boris) == ["covers_nothing_endless"]
    assert prove() == []


def test_a_category_covers_all_that_is_in_it(till: Till, boris: Client) -> None:
    buy(till, boris, plan("train", categories=["training"], sessions=3))
    bill = till.quote("session", "personal", "towel", client=boris).bill
    assert [line.covered for line in bill.lines] == [1, 1, 0]


def test_the_ends_of_all_counts_are_one(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("spa", "session x 3", "personal x 1", valid_days=30))
    assert len({lot.last_day for lot in membership.account.lots.all()}) == 1
    assert till.later(days=31).quote("personal", client=boris).bill.to_pay == cents("60")


@pytest.mark.parametrize("count", [1, 20])
def test_covering_asks_no_more_for_many_memberships(till: Till, boris: Client, count: int) -> None:
    for number in range(count):
        buy(till, boris, plan(f"plan{number}", "session x 2", "personal x 2", per_day=1))
    till.quote("session", client=boris)
    with CaptureQueriesContext(connection) as queries:
        till.quote("3 x session", "personal", client=boris)
    assert len([query for query in queries if "memberships_" in query["sql"]]) == 2  # whose, and which
