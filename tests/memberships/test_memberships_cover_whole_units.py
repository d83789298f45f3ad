"""Covering (`domain.md` 4.2): whole units before any discount, the membership that ends soonest first."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from clients.refusals import Invalid, Refusal
from loyalty.models import CashbackProgram, Entry, Visit
from memberships.models import Plan
from tests import factories
from tests.memberships.conftest import buy, left
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_a_covered_unit_costs_nothing_and_earns_nothing(
    till: Till, five: Plan, cashback: CashbackProgram, boris: Client
) -> None:
    _sold, membership = buy(till, boris, five)
    visit = till.sell("session", "towel", client=boris).visit
    assert (visit.list_total, visit.membership_total, visit.check_total) == (2300, 2000, 300)
    assert (visit.to_pay, visit.base, visit.earned_total, visit.is_visit) == (300, 300, 9, True)
    assert left(membership) == 4
    entry = Entry.objects.get(visit=visit, account=membership.account)
    assert (entry.kind, entry.amount, entry.operation) == (
        "spend",
        -1,
        f"visit:{visit.pk}:memberships:use:{membership.pk}:1",
    )


def test_units_beyond_the_sessions_left_are_paid(till: Till, personal_only: Plan, boris: Client) -> None:
    buy(till, boris, personal_only)
    bill = till.quote("3 x personal", client=boris).bill
    assert (bill.lines[0].covered, bill.membership_total, bill.to_pay, bill.sessions_used) == (2, 12000, 6000, 2)


def test_the_soonest_to_end_goes_first_whatever_was_bought_first(
    till: Till, five: Plan, ten: Plan, boris: Client
) -> None:
    _sold, longer = buy(till, boris, ten)
    _sold, shorter = buy(till, boris, five)
    till.sell("7 x session", client=boris)
    assert (left(shorter), left(longer)) == (0, 8)
    uses = Entry.objects.filter(operation__contains=":use:").order_by("pk").values_list("account", "amount")
    assert list(uses) == [(shorter.pk, -5), (longer.pk, -2)]


def test_lines_are_covered_in_their_order(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    bill = till.quote("3 x session", "towel", "4 x session", client=boris).bill
    assert [line.covered for line in bill.lines] == [3, 0, 2]
    assert bill.to_pay == cents("43")
    notes = [(note.code, int(note.amount), dict(note.facts)) for note in bill.notes if note.stage == "membership"]
    assert notes == [
        ("membership.covered", 6000, {"name": "5 sessions", "units": 3, "service": "Training session", "left": 2}),
        ("membership.covered", 4000, {"name": "5 sessions", "units": 2, "service": "Training session", "left": 0}),
    ]


def test_what_the_plan_does_not_cover_is_paid_and_said(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    bill = till.quote("personal", client=boris).bill
    assert (bill.to_pay, bill.sessions_used) == (6000, 0)
    assert [note.code for note in bill.notes if note.stage == "membership"] == ["membership.covers_nothing"]


def test_a_trial_discount_finds_only_units_that_are_not_covered(till: Till, personal_only: Plan, boris: Client) -> None:
    factories.TrialFactory(service=None)
    factories.TrialServiceFactory(
        trial=factories.TrialFactory(service=None), service=factories.ServiceFactory(code="personal")
    )
    buy(till, boris, personal_only)
    assert till.quote("2 x personal", client=boris).bill.discount_total == 0
    assert till.quote("3 x personal", client=boris).bill.discount_total == cents("30")


def test_nothing_is_covered_for_nobody_or_somebody_else(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    buy(till, boris, five)
    assert till.quote("session").bill.to_pay == 2000
    assert till.quote("session", client=alice).bill.to_pay == 2000


def test_the_last_day_counts_and_the_next_does_not(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    assert till.later(days=90).quote("session", client=boris).bill.to_pay == 0
    assert till.later(days=91).quote("session", client=boris).bill.to_pay == 2000


def test_named_memberships_are_used_alone_and_in_their_order(till: Till, five: Plan, ten: Plan, boris: Client) -> None:
    _sold, shorter = buy(till, boris, five)
    _sold, longer = buy(till, boris, ten)
    till.sell("session", client=boris, memberships=[str(longer.pk)])
    assert (left(shorter), left(longer)) == (5, 9)
    till.sell("10 x session", client=boris, memberships=[longer.pk, str(shorter.pk)])
    assert (left(shorter), left(longer)) == (4, 0)


def test_an_empty_list_uses_none(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    assert till.quote("session", client=boris, memberships=[]).bill.to_pay == 2000


def test_a_named_membership_that_cannot_be_used_is_refused(
    till: Till, five: Plan, personal_only: Plan, boris: Client, alice: Client
) -> None:
    _sold, other = buy(till, alice, five)
    _sold, useless = buy(till, boris, personal_only)
    _sold, used_up = buy(till, boris, five)
    till.sell("5 x session", client=boris)
    _sold, ended = buy(till.later(days=-100), boris, five)
    visits = Visit.objects.count()
    for membership in (other, useless, used_up, ended):
        with pytest.raises(Refusal) as refused:
            till.sell("session", client=boris, memberships=[str(membership.pk)])
        assert (refused.value.code, refused.value.field) == ("membership_not_applicable", "memberships[0]")
    with pytest.raises(Refusal) as refused:
        till.sell("session", memberships=[str(other.pk)])
    assert refused.value.code == "membership_not_applicable"
    assert (Visit.objects.count(), left(other), left(useless)) == (visits, 5, 2)


@pytest.mark.parametrize("said", ["all", [None], [True], ["-1"], ["1.5"], [[]], {}, ["9" * 19], list(range(1, 30))])
def test_memberships_are_auto_or_a_list_of_ids(till: Till, boris: Client, said: object) -> None:
    with pytest.raises(Invalid) as refused:
        till.quote("session", client=boris, memberships=said)
    assert refused.value.field.startswith("memberships")


def test_covering_takes_one_query_and_none_without_a_membership(
    till: Till, five: Plan, boris: Client, alice: Client
) -> None:
    buy(till, boris, five)
    counts = []
    for client in (alice, boris):
        till.quote("session", client=client)
        with CaptureQueriesContext(connection) as queries:
            till.quote("session", client=client)
        counts.append(len([q for q in queries if 'FROM "memberships_membership"' in q["sql"]]))
    assert counts == [0, 1]


def test_a_client_sees_what_is_left(till: Till, five: Plan, boris: Client) -> None:
    from loyalty.wallet import wallet

    _sold, membership = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    held = [h.balance["memberships"] for h in wallet(boris, now=till.now).holdings if "memberships" in h.balance]
    assert held == [
        [
            {
                "id": str(membership.pk),
                "plan": "five",
                "name": "5 sessions",
                "remaining": 3,
                "sessions": 5,
                "counts": [],
                "first_day": till.today,
                "last_day": membership.account.lots.get().last_day,
                "status": "active",
                "waits": False,
                "frozen_until": None,
                "people": [],
            }
        ]
    ]


def test_a_plan_whose_code_was_changed_still_covers(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    five.code = "five-new"
    five.save()
    assert till.quote("session", client=boris).bill.sessions_used == 1
