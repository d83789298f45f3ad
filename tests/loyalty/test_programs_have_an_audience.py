"""Bonus programs are for a segment, at some locations; one that does not act says why."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client, Location
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from loyalty.registration import register
from loyalty.rulebook import rulebook
from tests import factories
from tests.till import VERA, Till, cents, statements

pytestmark = pytest.mark.django_db

ON_CHECKS: list[dict[str, Any]] = [
    {"trigger": "campaign", "amount": None, "percent": 5},
    {"trigger": "nth_visit", "nth": 1},
    {"trigger": "first_check"},
    {"trigger": "spent", "reaches": Money(1000)},
]


def told(till: Till, client: Client, service: str = "session") -> list[tuple[str, int]]:
    bill = till.quote(service, client=client).bill
    return [(note.code, int(note.amount)) for note in bill.notes if note.code.startswith("occasion.")]


@pytest.mark.parametrize("program", ON_CHECKS, ids=lambda program: program["trigger"])
def test_a_program_is_for_a_segment(till: Till, boris: Client, alice: Client, program: dict[str, Any]) -> None:
    friends = factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    boris.tags.create(name="friend")
    factories.BonusProgramFactory(code="one", segment=friends, **program)
    assert told(till, boris) == [("occasion.percent", 100) if "percent" in program else ("occasion.amount", 10000)]
    assert told(till, alice) == [("occasion.not_for", 0)]
    till.sell("session", client=alice)
    assert not Lot.objects.exists()


@pytest.mark.parametrize("program", ON_CHECKS, ids=lambda program: program["trigger"])
def test_a_program_is_at_some_locations(till: Till, boris: Client, program: dict[str, Any]) -> None:
    row: BonusProgram = factories.BonusProgramFactory(code="one", locations=["riverside"], **program)
    assert told(till, boris) == [("occasion.elsewhere", 0)]
    row.locations = ["riverside", "main"]
    row.save()
    assert [code for code, _amount in told(till, boris)] in (["occasion.percent"], ["occasion.amount"])


def test_a_segment_is_asked_of_the_state_before_the_check(till: Till, boris: Client) -> None:
    """The fifth visit makes a regular; the campaign for regulars begins with the sixth."""
    regulars = factories.SegmentFactory(visits_min=2)
    factories.BonusProgramFactory(code="week", trigger="campaign", amount=Money(100), segment=regulars)
    for _visit in range(3):
        till.sell("session", client=boris)
    assert Lot.objects.filter(program="week").count() == 1


def test_what_is_not_due_says_nothing(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="fifth", trigger="nth_visit", nth=5, locations=["riverside"])
    factories.BonusProgramFactory(code="sum", trigger="spent", reaches=Money(99999), locations=["riverside"])
    factories.BonusProgramFactory(code="later", trigger="campaign", from_day=till.later(days=1).today)
    assert told(till, boris) == []


def joined(till: Till, **details: Any) -> Client:
    return register(details={"first_name": "Boris", **details}, by=VERA, now=till.now)


def test_a_welcome_goes_by_where_the_client_joins(till: Till, location: Location) -> None:
    factories.BonusProgramFactory(code="welcome", locations=["main"])
    riverside = factories.LocationFactory(code="riverside", name="Riverside")
    assert till.balance(joined(till, home=location)) == cents("100")
    assert till.balance(joined(till, home=riverside)) == 0
    assert till.balance(joined(till)) == 0  # nobody knows where


def test_a_welcome_is_for_a_segment(till: Till) -> None:
    friends = factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    factories.BonusProgramFactory(code="welcome", segment=friends)
    assert till.balance(joined(till, tags=["friend"])) == cents("100")
    assert till.balance(joined(till)) == 0


def test_a_welcome_for_everybody_asks_nothing_of_segments(till: Till) -> None:
    factories.BonusProgramFactory(code="welcome")
    plain = statements(lambda: joined(till))
    factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    rulebook()
    assert len(statements(lambda: joined(till))) <= len(plain)


def test_a_trial_is_for_a_segment(till: Till, boris: Client, alice: Client) -> None:
    friends = factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    boris.tags.create(name="friend")
    factories.TrialFactory(segment=friends)
    assert till.quote("session", client=boris).bill.to_pay == cents("10")
    bill = till.quote("session", client=alice).bill
    assert bill.to_pay == cents("20")
    assert "trial.not_for" in [note.code for note in bill.notes]
