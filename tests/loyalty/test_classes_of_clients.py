"""Recency, frequency and money: scores by limits, one class for each field of the grid, a scale that fits."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Business, Client
from loyalty.classes import LEAST, class_counts, fit, make_segments
from loyalty.models import Segment, Standing
from loyalty.money import Money
from loyalty.rfm import Class, Scale, class_of, fields_of, grows
from loyalty.segments import members
from tests import factories
from tests.till import statements

NOW = factories.NOW
SCALE = Scale()


@pytest.mark.parametrize(
    ("days", "score"), [(-1, 5), (0, 5), (14, 5), (15, 4), (30, 4), (31, 3), (60, 3), (61, 2), (120, 2), (121, 1)]
)
def test_the_limit_of_recency_belongs_to_its_score(days: int, score: int) -> None:
    assert SCALE.recency(days) == score


@pytest.mark.parametrize(
    ("visits", "spent", "both"),
    [
        (1, 0, 2),
        (2, 4999, 3),
        (2, 5000, 4),
        (3, 19999, 4),
        (4, 20000, 6),
        (8, 50000, 8),
        (14, 99999, 8),
        (15, 100000, 10),
    ],
)
def test_the_limits_of_visits_and_money_belong_to_their_scores(visits: int, spent: int, both: int) -> None:
    assert SCALE.value(visits, spent) == both


def test_the_example_of_the_module() -> None:
    assert [SCALE.class_of(days, 9, 30000) for days in (20, 60, 121)] == [Class.CHAMPIONS, Class.LOYAL, Class.AT_RISK]


@pytest.mark.parametrize(
    ("recency", "classes"),
    [
        (5, "new promising promising loyal loyal champions champions champions champions"),
        (4, "new promising promising loyal loyal champions champions champions champions"),
        (3, "sleeping promising promising loyal loyal loyal loyal loyal loyal"),
        (2, "sleeping sleeping sleeping at_risk at_risk at_risk at_risk at_risk at_risk"),
        (1, "lost lost lost at_risk at_risk at_risk at_risk at_risk at_risk"),
    ],
)
def test_the_grid(recency: int, classes: str) -> None:
    """From F and M together 2 to 10: 3 is a mean of 1.5, so 2."""
    assert [class_of(recency, both).value for both in range(2, 11)] == classes.split()


def test_every_field_has_exactly_one_class() -> None:
    for recency, both in product(range(1, 6), range(2, 11)):
        of = [one for one in Class for r, low, high in fields_of(one) if r == recency and low <= both <= high]
        assert of == [class_of(recency, both)]


# --- in the database --------------------------------------------------------------------------------------------------


def came(days: int, visits: int, spent: int, **facts: object) -> Client:
    one: Client = factories.ClientFactory(card=None, **facts)
    Standing.objects.create(client=one, visits=visits, total_spent=spent, last_visit_at=NOW - timedelta(days=days))
    return one


@pytest.mark.django_db
def test_the_counts_are_those_of_the_segments(location: object) -> None:
    for days, visits, spent in (
        (0, 1, 0),
        (3, 20, 200000),
        (20, 9, 30000),
        (200, 9, 30000),
        (200, 1, 100),
        (70, 2, 5000),
    ):
        came(days, visits, spent)
    came(1, 0, 0)
    came(1, 9, 30000, erased_at=NOW)
    factories.ClientFactory(card=None)
    counts = class_counts(now=NOW)
    assert counts == {
        Class.CHAMPIONS: 2,
        Class.LOYAL: 0,
        Class.PROMISING: 0,
        Class.NEW: 1,
        Class.AT_RISK: 1,
        Class.SLEEPING: 1,
        Class.LOST: 1,
    }
    made = make_segments()
    assert {Class(one.rfm): members(one, now=NOW).count() for one in made} == counts
    assert len([sql for sql in statements(lambda: class_counts(now=NOW)) if "GROUP BY" in sql]) == 1


@pytest.mark.django_db
def test_the_seven_segments_are_made_once_and_named_in_the_language_of_the_house(location: object) -> None:
    Segment.objects.create(code="rfm-loyal", name="Our own", visits_min=3)
    made = make_segments()
    assert [(one.code, one.name, one.rfm) for one in made] == [
        ("rfm-champions", "Champions", "champions"),
        ("rfm-promising", "Promising", "promising"),
        ("rfm-new", "New", "new"),
        ("rfm-at-risk", "At risk", "at_risk"),
        ("rfm-sleeping", "Sleeping", "sleeping"),
        ("rfm-lost", "Lost", "lost"),
    ]
    assert make_segments() == []
    assert Segment.objects.get(code="rfm-loyal").name == "Our own"
    assert Business.objects.get().language == "en"


@pytest.mark.django_db
def test_a_scale_fits_when_a_fifth_of_the_clients_has_each_score(location: object) -> None:
    for n in range(1, 21):
        came(days=n * 10, visits=n, spent=n * 1000)
    scale = Scale((40, 80, 120, 160), (17, 13, 9, 5), tuple(map(Money, (17000, 13000, 9000, 5000))))
    assert fit(now=NOW) == scale
    scores = [scale.recency(n * 10) for n in range(1, 21)]
    assert [scores.count(score) for score in range(1, 6)] == [4] * 5


@pytest.mark.django_db
def test_where_most_are_alike_each_score_is_still_for_somebody_else(location: object) -> None:
    for _n in range(9):
        came(days=3, visits=1, spent=0)
    came(days=400, visits=50, spent=90000)
    assert fit(now=NOW) == Scale((3, 4, 5, 6), (5, 4, 3, 2), tuple(map(Money, (4, 3, 2, 1))))


@pytest.mark.django_db
def test_too_few_clients_make_no_scale(location: object) -> None:
    for _n in range(LEAST - 1):
        came(days=3, visits=1, spent=2000)
    assert fit(now=NOW) is None
    came(days=3, visits=1, spent=2000)
    assert fit(now=NOW) is not None


@pytest.mark.django_db
def test_fitting_is_done_in_the_database(location: object) -> None:
    for n in range(30):
        came(days=n, visits=n + 1, spent=n)
    fit(now=NOW)
    assert len(statements(lambda: fit(now=NOW))) == 5  # the revision of the settings, the count, three columns


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60), st.integers(0, 10**6)), min_size=LEAST, max_size=30))
def test_limits_always_rise(rows: list[tuple[int, int, int]]) -> None:
    """As the section `rfm` asks of them."""
    from loyalty.classes import _rising

    for column in zip(*rows, strict=True):
        assert grows(_rising(sorted(column)[:4], least=1))
