"""Events: a membership that was sold, and one that was used."""

from __future__ import annotations

from typing import Any

import pytest

from clients.actors import Actor
from clients.models import Client
from loyalty import events
from loyalty.models import Event
from tests.memberships.conftest import buy
from tests.memberships.plans import plan
from tests.till import Till

pytestmark = pytest.mark.django_db


def told(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("facts", flat=True))


def test_sold_and_used(till: Till, boris: Client) -> None:
    events.add(url="https://till.example/hook", events=events.NAMES, by=Actor.staff("anna"))
    sold, membership = buy(till, boris, plan("five", "session", sessions=5, price="90", valid_days=90))
    used = till.sell("2 x session", client=boris)
    assert told("membership.sold") == [
        {
            "membership": str(membership.pk),
            "plan": "five",
            "client": str(boris.pk),
            "visit": str(sold.visit.pk),
            "line": 1,
            "sessions": 5,
            "paid": "90.00",
            "first_day": "2026-03-02",
            "last_day": "2026-05-31",
        }
    ]
    assert told("membership.used") == [
        {
            "membership": str(membership.pk),
            "plan": "five",
            "holder": str(boris.pk),
            "client": str(boris.pk),
            "visit": str(used.visit.pk),
            "line": 1,
            "service": "session",
            "sessions": 2,
        }
    ]


def test_any_number_that_waits_has_neither_a_count_nor_an_end(till: Till, boris: Client) -> None:
    events.add(url="https://till.example/hook", events=events.NAMES, by=Actor.staff("anna"))
    buy(till, boris, plan("month", "session", starts="first_visit"))
    (facts,) = told("membership.sold")
    assert (facts["sessions"], facts["last_day"]) == (None, None)
