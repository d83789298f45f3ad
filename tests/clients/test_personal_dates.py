"""Days of a client that come every year: said, replaced, and each change recorded with its author."""

from __future__ import annotations

from datetime import date

import pytest
from auditlog.models import LogEntry

from clients.dates import Dated, dates_of
from clients.models import Client, PersonalDate
from clients.refusals import Invalid
from loyalty.registration import amend, register
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db

CHILD = {"name": "child", "day": "2015-05-31"}


def test_whoever_registers_may_have_dates(till: Till) -> None:
    client = register(details={"first_name": "Dora", "dates": [CHILD]}, by=VERA, now=till.now)
    assert dates_of(client) == [Dated("child", date(2015, 5, 31))]


def test_all_that_is_said_stands(till: Till, boris: Client) -> None:
    amend(client=boris, changes={"dates": [CHILD, {"name": "child", "day": "2018-01-02"}]}, by=VERA, now=till.now)
    kept = PersonalDate.objects.get(day=date(2015, 5, 31)).pk
    amend(client=boris, changes={"dates": [CHILD]}, by=VERA, now=till.now)
    assert [(row.pk, row.day_on) for row in PersonalDate.objects.all()] == [(kept, 531)]
    changes = [entry.changes["dates"] for entry in LogEntry.objects.filter(changes__has_key="dates").order_by("pk")]
    assert changes == [["", "child 2015-05-31, child 2018-01-02"], ["child 2015-05-31, child 2018-01-02", CHILD_TEXT]]


CHILD_TEXT = "child 2015-05-31"


def test_the_same_again_changes_and_records_nothing(till: Till, boris: Client) -> None:
    for _time in range(2):
        amend(client=boris, changes={"dates": [CHILD]}, by=VERA, now=till.now)
    assert LogEntry.objects.filter(changes__has_key="dates").count() == 1


def test_a_day_may_be_ten_years_ahead_and_no_more(till: Till, boris: Client) -> None:
    amend(client=boris, changes={"dates": [{"name": "wedding", "day": "2036-12-31"}]}, by=VERA, now=till.now)
    with pytest.raises(Invalid) as refusal:
        amend(client=boris, changes={"dates": [{"name": "wedding", "day": "2037-01-01"}]}, by=VERA, now=till.now)
    assert refusal.value.field == "dates[0].day"
    assert PersonalDate.objects.get().day == date(2036, 12, 31)
