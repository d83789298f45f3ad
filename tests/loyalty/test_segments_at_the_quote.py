"""What segments ask of a client at the quote: how many queries, what the trace says, bonuses of this moment."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from loyalty.models import Segment, Service
from tests import factories
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db


def segment(**conditions: Any) -> Segment:
    return Segment.objects.create(code=f"s{Segment.objects.count()}", name="Segment", **conditions)


@pytest.fixture
def house(session: Service, location: Any) -> None:
    factories.ServiceFactory(code="towel", name="Towel", category="shop")
    factories.PlanFactory(code="five", sessions=5)


def test_a_quote_asks_as_much_for_many_segments_as_for_one_of_each(till: Till, house: None, boris: Client) -> None:
    kinds: list[dict[str, Any]] = [
        {"is_static": True},
        {"service": "towel"},
        {"balance_min": 1},
        {"rfm": "loyal"},
        {"tag": "VIP"},
        {"further": {"membership": "five"}},
        {"further": {"referrals_min": 1}},
    ]
    till.quote("session", client=boris)
    none = len(statements(lambda: till.quote("session", client=boris)))
    for kind in kinds:
        segment(**kind)
    till.quote("session", client=boris)
    one_each = len(statements(lambda: till.quote("session", client=boris)))
    # One for tags, cards, places, services and lists together; one each for memberships and referrals.
    assert one_each == none + 3
    for _n in range(7):
        for kind in kinds:
            segment(**kind)
    till.quote("session", client=boris)
    assert len(statements(lambda: till.quote("session", client=boris))) == one_each


def test_without_such_a_segment_nothing_is_asked(till: Till, house: None, boris: Client) -> None:
    till.quote("session", client=boris)
    none = len(statements(lambda: till.quote("session", client=boris)))
    segment(visits_max=3)
    segment(rfm="new")
    segment(spent_max=3)
    till.quote("session", client=boris)
    assert len(statements(lambda: till.quote("session", client=boris))) == none


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"is_static": True}, {"discount.not_listed"}),
        ({"visits_max": 0}, {"discount.outside"}),
        ({"service": "towel"}, {"discount.outside"}),
        ({"rfm": "lost"}, {"discount.outside"}),
        ({"further": {"membership": "five"}}, {"discount.outside"}),
        ({"further": {"referrals_min": 1}}, {"discount.outside", "hint.referrals_min"}),
        ({"further": {"referrals_min": 2}}, {"discount.outside"}),
        ({"balance_min": 1500}, {"discount.outside", "hint.more_bonuses"}),
    ],
)
def test_the_trace_says_why_not_and_what_is_missing(
    till: Till, house: None, boris: Client, conditions: dict[str, Any], said: set[str]
) -> None:
    till.give(boris, "10")
    till.sell("session", client=boris)
    factories.DiscountFactory(code="off", kind="permanent", percent=10, segment=segment(**conditions))
    notes = {note.code: note for note in till.later(hours=1).quote("session", client=boris).bill.notes}
    assert {code for code in notes if code.startswith(("discount.", "hint."))} == said
    if "hint.more_bonuses" in said:
        assert notes["hint.more_bonuses"].facts["missing"] == cents("5")


def test_bonuses_count_as_they_are_at_this_moment(till: Till, house: None, boris: Client) -> None:
    rich = segment(balance_min=1000)
    factories.DiscountFactory(code="off", kind="permanent", percent=10, segment=rich)
    till.give(boris, "10")
    assert till.quote("session", client=boris).bill.to_pay == cents("18")
    till.sell("session", client=boris, redeem="5.00")
    assert till.quote("session", client=boris).bill.to_pay == cents("20")
