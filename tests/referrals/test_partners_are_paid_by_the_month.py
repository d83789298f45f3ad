"""Statements of partners (`referrals.statements`): a share of what their clients paid, a month at a time, made once."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from clients.models import Client
from clients.refusals import Invalid
from loyalty.models import Refund, Visit
from loyalty.money import Money
from loyalty.night import run_daily
from loyalty.rulebook import rulebook
from referrals.models import Partner, PartnerClient, PartnerStatement
from referrals.statements import AlreadyPaid, checks_of, make_statements, mark_paid, share
from tests import factories
from tests.conftest import Together
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
NAMED = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def yoga(till: Till) -> Partner:
    return Partner.objects.create(code="City-Yoga", name="City Yoga", percent=Decimal(10))


def brought(partner: Partner, named_at: datetime = NAMED) -> Client:
    client: Client = factories.ClientFactory()
    PartnerClient.objects.create(client=client, partner=partner, named_at=named_at, by="page:join")
    return client


def paid(client: Client, amount: str, day: date, hour: int = 17, *, is_visit: bool = True) -> Visit:
    at = datetime(day.year, day.month, day.day, hour, 0, tzinfo=UTC)
    base = cents(amount)
    visit: Visit = factories.VisitFactory(
        client=client, at=at, is_visit=is_visit, list_total=base, check_total=base, to_pay=base, base=base, spent=base
    )
    return visit


def back(visit: Visit, amount: str, day: date, *, is_whole: bool = False) -> None:
    at = datetime(day.year, day.month, day.day, 17, 0, tzinfo=UTC)
    Refund.objects.create(
        operation=f"test:refund:{visit.pk}:{day}",
        visit=visit,
        at=at,
        by="staff:vera",
        is_whole=is_whole,
        base=cents(amount),
    )


def make(today: date) -> int:
    return make_statements(today=today, house=rulebook().house, now=factories.NOW)


def amounts(partner: Partner) -> list[tuple[str, Money, Money]]:
    rows = PartnerStatement.objects.filter(partner=partner).order_by("month")
    return [(f"{row.month:%Y-%m}", row.carried, row.amount) for row in rows]


def test_the_worked_example(yoga: Partner) -> None:
    ann, bob = brought(yoga), brought(yoga)
    first = paid(ann, "100.00", date(2026, 1, 20))
    paid(bob, "50.00", date(2026, 1, 25))
    back(first, "50.00", date(2026, 2, 3))
    paid(bob, "200.00", date(2026, 3, 10))

    assert make(date(2026, 4, 1)) == 3
    assert amounts(yoga) == [
        ("2026-01", cents("0"), cents("15.00")),
        ("2026-02", cents("0"), cents("-5.00")),
        ("2026-03", cents("-5.00"), cents("15.00")),
    ]
    january, february, march = PartnerStatement.objects.order_by("month")
    assert (january.clients, january.visits, january.paid_in, january.refunded) == (2, 2, 15000, 0)
    assert (february.clients, february.visits, february.paid_in, february.refunded) == (0, 0, 0, 5000)
    assert (march.clients, march.visits, march.paid_in, march.percent) == (1, 1, 20000, Decimal(10))


def test_a_month_is_made_when_it_is_over_by_the_clock_of_the_house(yoga: Partner) -> None:
    ann = brought(yoga)
    paid(ann, "10.00", date(2026, 2, 1), hour=4)  # 23:00 on 31 January in New York
    paid(ann, "20.00", date(2026, 2, 1), hour=6)  # 01:00 on 1 February there
    assert make(date(2026, 1, 31)) == 0
    assert make(date(2026, 2, 1)) == 1
    assert amounts(yoga) == [("2026-01", cents("0"), cents("1.00"))]


def test_what_was_made_stays_and_is_not_made_again(yoga: Partner) -> None:
    ann = brought(yoga)
    paid(ann, "10.00", date(2026, 1, 20))
    make(date(2026, 2, 1))
    paid(ann, "90.00", date(2026, 1, 21))
    Partner.objects.update(percent=Decimal(50))
    assert make(date(2026, 2, 1)) == 0
    assert amounts(yoga) == [("2026-01", cents("0"), cents("1.00"))]


def test_a_late_night_makes_up_missed_months_and_ends_the_same(yoga: Partner) -> None:
    ann = brought(yoga)
    for month in range(1, 6):
        paid(ann, "10.00", date(2026, month, 20))
    make(date(2026, 3, 2))
    assert make(date(2026, 6, 15)) == 3
    assert [amount for _month, _carried, amount in amounts(yoga)] == [cents("1.00")] * 5


def test_a_month_without_anybody_is_stated_too(yoga: Partner) -> None:
    brought(yoga)
    assert make(date(2026, 3, 1)) == 2
    assert [amount for _month, _carried, amount in amounts(yoga)] == [0, 0]


def test_a_partner_without_clients_has_no_statements(yoga: Partner) -> None:
    assert make(date(2026, 3, 1)) == 0


def test_only_the_first_months_from_the_day_of_naming_count(yoga: Partner) -> None:
    Partner.objects.update(months=1)
    ann = brought(yoga)  # until 15 February, its end included
    counts = paid(ann, "10.00", date(2026, 2, 15))
    too_late = paid(ann, "100.00", date(2026, 2, 16))
    back(counts, "5.00", date(2026, 3, 5))
    back(too_late, "50.00", date(2026, 3, 5))
    make(date(2026, 4, 1))
    assert amounts(yoga)[1:] == [
        ("2026-02", cents("0"), cents("1.00")),
        ("2026-03", cents("0"), cents("-0.50")),
    ]


def test_what_was_paid_before_the_partner_was_named_does_not_count(yoga: Partner) -> None:
    ann = brought(yoga, named_at=datetime(2026, 1, 20, 12, 0, tzinfo=UTC))
    paid(ann, "100.00", date(2026, 1, 19))
    paid(factories.ClientFactory(), "100.00", date(2026, 1, 25))
    make(date(2026, 2, 1))
    assert amounts(yoga) == [("2026-01", cents("0"), cents("0"))]


def test_a_check_without_a_service_pays_and_is_no_visit(yoga: Partner) -> None:
    ann = brought(yoga)
    paid(ann, "90.00", date(2026, 1, 20), is_visit=False)
    gone = paid(ann, "30.00", date(2026, 1, 21))
    back(gone, "30.00", date(2026, 1, 22), is_whole=True)
    make(date(2026, 2, 1))
    row = PartnerStatement.objects.get()
    assert (row.clients, row.visits, row.paid_in, row.refunded, row.amount) == (0, 0, 12000, 3000, cents("9.00"))


@pytest.mark.parametrize(
    ("amount", "percent", "expected"), [(99, "10", 9), (-99, "10", -9), (1, "10", 0), (-1, "10", 0), (1000, "7.5", 75)]
)
def test_shares_are_rounded_towards_zero(amount: int, percent: str, expected: int) -> None:
    assert share(amount, Decimal(percent)) == expected


def test_a_statement_is_marked_as_paid_once(yoga: Partner) -> None:
    paid(brought(yoga), "100.00", date(2026, 1, 20))
    make(date(2026, 2, 1))
    row = mark_paid(statement=PartnerStatement.objects.get(), note=" transfer 17 ", by=VERA, now=factories.NOW)
    assert (row.paid_at, row.paid_by, row.paid_note) == (factories.NOW, "staff:vera", "transfer 17")
    with pytest.raises(AlreadyPaid, match="marked as paid on 2 March 2026"):
        mark_paid(statement=row, note="again", by=VERA, now=factories.NOW)
    assert PartnerStatement.objects.get().paid_note == "transfer 17"


def test_nothing_is_paid_where_nothing_is_to_pay(yoga: Partner) -> None:
    brought(yoga)
    make(date(2026, 2, 1))
    with pytest.raises(Invalid, match="nothing to pay out"):
        mark_paid(statement=PartnerStatement.objects.get(), note="", by=VERA, now=factories.NOW)
    assert PartnerStatement.objects.get().paid_at is None


def test_the_night_makes_them(yoga: Partner) -> None:
    paid(brought(yoga), "100.00", date(2026, 2, 20))
    run_daily(now=factories.NOW)
    run_daily(now=factories.NOW)
    assert amounts(yoga)[-1] == ("2026-02", cents("0"), cents("10.00"))
    assert PartnerStatement.objects.count() == 2


def test_a_check_that_is_written_down_late_counts_in_the_first_open_month(till: Till, yoga: Partner) -> None:
    ann = brought(yoga)
    make(date(2026, 3, 2))
    sold = till.sell("personal", client=ann, at="2026-02-27T12:00:00-05:00")
    assert f"{sold.visit.at:%Y-%m}" == "2026-02"
    assert make(date(2026, 3, 2)) == 0
    till.refund(sold, (1, 1))
    other = till.sell("session", client=ann)
    make(date(2026, 5, 1))
    _january, february, march, april = PartnerStatement.objects.order_by("month")
    assert (february.visits, february.paid_in, february.amount) == (0, 0, 0)
    assert (march.visits, march.paid_in, march.refunded, march.amount) == (1, 8000, 6000, cents("2.00"))
    assert (april.visits, april.paid_in, april.refunded, april.amount) == (0, 0, 0, 0)
    found = [(check.number, check.base) for check in checks_of(march, rulebook().house)]
    assert found == [(sold.visit.pk, 6000), (other.visit.pk, 2000), (sold.visit.pk, -6000)]
    assert checks_of(february, rulebook().house) == []


def test_each_check_is_in_one_statement_whenever_it_is_written_down(yoga: Partner) -> None:
    ann = brought(yoga)
    months = [date(2026, month, 20) for month in (1, 2, 3)]
    for n, today in enumerate([date(2026, 2, 1), date(2026, 3, 1), date(2026, 6, 1), date(2026, 7, 1)]):
        for day in months:
            paid(ann, f"{10**n}.00", day)  # 1, 10, 100 and 1,000 for each of the months
        make(today)
    rows = PartnerStatement.objects.order_by("month")
    assert [row.paid_in for row in rows] == [100, 100 + 2000, 100 + 1000 + 30000, 0, 0, 300000]
    house = rulebook().house
    counted = [check.number for row in rows for check in checks_of(row, house)]
    assert sorted(counted) == sorted(Visit.objects.values_list("pk", flat=True))


def test_a_statement_of_which_nobody_knows_what_it_counted_is_followed_by_its_month_alone(yoga: Partner) -> None:
    ann = brought(yoga)
    paid(ann, "10.00", date(2026, 1, 20))
    make(date(2026, 2, 1))
    PartnerStatement.objects.update(last_visit=None)
    paid(ann, "20.00", date(2026, 2, 20))
    make(date(2026, 3, 1))
    assert [row.paid_in for row in PartnerStatement.objects.order_by("month")] == [1000, 2000]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_check_that_is_being_settled_while_the_statement_is_made_is_not_lost(
    till: Till, yoga: Partner, together: Together
) -> None:
    """It has its number, and a later check of another client is there before it: the statement waits for it."""
    ann = brought(yoga)
    basket = till.basket("personal", client=ann, at="2026-02-27T12:00:00-05:00")
    settled, other_is_there = threading.Event(), threading.Event()

    def settle_slowly() -> None:
        with transaction.atomic():
            till.settle(basket, cash=6000)
            settled.set()
            assert other_is_there.wait(10)
            time.sleep(0.3)  # the statement is being made

    def make_meanwhile() -> None:
        assert settled.wait(10)
        paid(factories.ClientFactory(), "10.00", date(2026, 3, 2))
        other_is_there.set()
        make(date(2026, 3, 2))

    assert together(settle_slowly, make_meanwhile) == [None, None]
    make(date(2026, 4, 1))
    assert sum(row.paid_in for row in PartnerStatement.objects.all()) == 6000


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tasks_at_once_state_a_month_once(yoga: Partner, together: Together) -> None:
    ann = brought(yoga)
    gone = paid(ann, "10.00", date(2026, 1, 20))
    back(gone, "10.00", date(2026, 2, 3), is_whole=True)
    paid(ann, "30.00", date(2026, 3, 5))
    made = together(lambda: make(date(2026, 4, 1)), lambda: make(date(2026, 4, 1)))
    assert sorted(made) == [0, 3]
    assert [amount for _month, _carried, amount in amounts(yoga)] == [cents("1.00"), cents("-1.00"), cents("2.00")]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_pay_at_once_pay_once(yoga: Partner, together: Together) -> None:
    paid(brought(yoga), "100.00", date(2026, 1, 20))
    make(date(2026, 2, 1))
    row = PartnerStatement.objects.get()
    answers = together(*[lambda: mark_paid(statement=row, note="", by=VERA, now=factories.NOW)] * 2)
    assert sum(isinstance(answer, AlreadyPaid) for answer in answers) == 1
