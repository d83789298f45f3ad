"""Whatever nights are run or missed, twice or out of order, and whenever somebody pays: each day belongs to one period,
each period is paid once, and between two of them there is a gap only where the first of them was missed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import Client
from loyalty.models import Lot
from memberships.models import Membership, Plan, Renewal
from memberships.subscriptions import NotToRenew, Row, State, Subscription
from tests.memberships.subscribing import club, join, night, on, renew
from tests.till import Till, cents

BEGAN = date(2026, 1, 31)
Days = st.integers(0, 150)
Acts = st.lists(st.tuples(st.sampled_from(["night", "night", "pay"]), Days), max_size=14)


@pytest.fixture
def plan(till: Till) -> Plan:
    return club()


@pytest.mark.django_db
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=Acts, grace=st.integers(0, 5))
def test_whatever_nights_are_run(plan: Plan, boris: Client, acts: list[tuple[str, int]], grace: int) -> None:
    with transaction.atomic():
        plan.grace_days = grace
        plan.save()
        live(boris, acts, grace)
        transaction.set_rollback(True)


def live(boris: Client, acts: list[tuple[str, int]], grace: int) -> None:
    membership = join(on(BEGAN), boris)
    paid = 0
    for what, after in sorted(acts, key=lambda act: act[1]):  # time does not run backwards at the till
        day = BEGAN + timedelta(days=after)
        if what == "night":
            night(day)
            night(day)
            continue
        with suppress(NotToRenew):
            renew(on(day), membership)
            paid += 1
    rows = list(Renewal.objects.filter(membership=membership).order_by("number"))
    lots = list(Lot.objects.filter(account=membership.pk).order_by("pk"))
    settled = [row for row in rows if row.state == State.PAID]
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert len(settled) == paid == len(lots) - 1
    assert len({row.line_id for row in settled}) == paid
    assert [(lot.first_day, lot.last_day) for lot in lots[1:]] == [(row.first_day, row.last_day) for row in settled]
    end = lots[0].last_day
    for row in settled:
        assert end is not None
        late = (row.first_day - end).days - 1
        assert late == 0 or late >= grace
        end = row.last_day
    membership = Membership.objects.get(pk=membership.pk)
    assert membership.paid_until == end
    assert sum(row.state != State.PAID for row in rows) <= 1
    assert (membership.suspended_at is not None) == any(row.state == State.MISSED for row in rows)


@given(
    began=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    days=st.none() | st.integers(1, 400),
    months=st.integers(1, 14),
    moved=st.lists(st.integers(0, 40), min_size=1, max_size=12),
)
def test_the_next_period_begins_where_the_last_one_ends(
    began: date, days: int | None, months: int, moved: list[int]
) -> None:
    """Each moved by so many days of a freeze."""
    plan = Plain(days, None if days is not None else months)
    rows: list[Row] = []
    one = subscription(plan, began, rows, began)
    until = one._end(began, 1)
    for number, freeze in enumerate(moved, start=1):
        until += timedelta(days=freeze)
        first, last = subscription(plan, began, rows, until).next_period()
        assert first == until + timedelta(days=1)
        assert last >= first
        rows.append(Row(number, first, last, until, cents("1"), State.PAID))
        until = last
    if not any(moved):
        assert until == one._end(began, len(moved) + 1)


class Plain:
    def __init__(self, days: int | None, months: int | None) -> None:
        self.valid_days, self.valid_months, self.grace_days = days, months, 3


def subscription(plan: Plain, began: date, rows: list[Row], until: date) -> Subscription:
    state = {"renews": True, "is_void": False, "is_suspended": False}
    return Subscription("Club", plan, cents("30"), began, until, rows=tuple(rows), **state)
