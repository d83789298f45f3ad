"""A lot that stands for any number of sessions: nobody is shown how many it has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Sum

from clients.models import Client
from config.dashboard import _ending, _owed
from loyalty import letters
from loyalty.admin.records import in_unit, signed
from loyalty.api.shapes import entry_shape
from loyalty.closures import Closing, preview
from loyalty.letters import Notice
from loyalty.models import Entry
from loyalty.money import Money
from loyalty.rulebook import rulebook
from memberships.models import Plan
from memberships.plans import ENDLESS
from tests.memberships.conftest import buy
from tests.memberships.plans import plan
from tests.till import Till

pytestmark = pytest.mark.django_db


def test_an_entry_says_any_number(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("month", "session"))
    till.sell("2 x session", client=boris)
    rows = Entry.objects.filter(account=membership.account).select_related("account", "lot").order_by("pk")
    assert [entry_shape(entry, rulebook().house)["amount"] for entry in rows] == [None, "-2"]
    assert [signed(entry.amount, "session") for entry in rows] == ["+any number", "−2"]


def test_only_sessions_can_be_any_number() -> None:
    assert in_unit(ENDLESS, "stamp") == "1000000"
    assert in_unit(10_000, "session") == "10000"


def test_a_letter_says_any_number(till: Till) -> None:
    notice = Notice(operation="a", client=1, template=1, occasion="reminder", sessions=ENDLESS - 3)
    assert letters._amount(notice, rulebook().house, "en") == "any number of sessions"


def test_a_closure_sums_up_those_that_can_be_counted(till: Till, five: Plan, boris: Client) -> None:
    _sold, membership = buy(till, boris, five)
    buy(till, boris, plan("month", "session"))
    assert membership.sold_on is not None
    place = membership.sold_on.visit.location_id
    closing = Closing(place, till.today + timedelta(days=1), 5, till.now, rulebook().house.zone)
    (row,) = [one for one in preview(closing).sums if one.unit == "session"]
    assert (row.lots, row.accounts, row.left) == (2, 2, Money(5))
    assert Entry.objects.filter(kind="grant").aggregate(all=Sum("amount"))["all"] == ENDLESS + 5


def test_the_first_page_counts_those_that_can_be_counted(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, plan("month", "session", valid_days=7))
    assert [figure.value for figure in _owed(till.today) if figure.label == "sessions not used yet"] == ["0"]
    (notice,) = _ending(till.today)
    assert notice.text == "Sessions that end within two weeks: any number, of 1 client."

    buy(till, boris, five)
    assert [figure.value for figure in _owed(till.today) if figure.label == "sessions not used yet"] == ["5"]
