"""Lists, ranges, bonuses, services, classes, memberships, friends: the database finds whom the till would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.actors import Actor
from clients.models import Client
from loyalty import ledger, lists
from loyalty.checkout.quote import person_of
from loyalty.checkout.traits import with_traits
from loyalty.ledger import Grant
from loyalty.mechanics import conditions, mechanics
from loyalty.models import Account, Entry, Lot, RfmScale, Segment, Service, Standing, Visit
from loyalty.money import Money
from loyalty.rfm import Class
from loyalty.rulebook import rulebook
from loyalty.segments import crowd, members
from memberships.models import Membership, Plan
from referrals.models import Referral
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.NOW
TODAY = date(2026, 3, 2)
ANNA = Actor.staff("anna")


def at_the_till(segment: Segment, now: datetime) -> set[int]:
    """Asked for each client as a quote asks it."""
    book = rulebook()
    rule = book.house.segments.get(segment.pk)
    people = (with_traits(person_of(one.pk)[0], book, now) for one in Client.objects.filter(erased_at=None))
    today, zone = book.house.day(now), book.house.zone
    return {one.id for one in people if rule is not None and not rule.gaps(one, today, zone, frozenset())}


def in_the_database(segment: Segment, now: datetime) -> set[int]:
    return set(members(segment, now=now).values_list("pk", flat=True))


def segment(**conditions: Any) -> Segment:
    return Segment.objects.create(code=f"s{Segment.objects.count()}", name="Segment", **conditions)


def client(name: str, **figures: Any) -> Client:
    """`visits`, `total_spent`, `days` (since the last visit) make a standing; without any there is none."""
    one: Client = factories.ClientFactory(
        first_name=name, last_name="", card=None, erased_at=figures.pop("erased_at", None)
    )
    if figures:
        days = figures.pop("days", None)
        last = None if days is None else NOW - timedelta(days=days)
        Standing.objects.create(client=one, last_visit_at=last, **figures)
    return one


def lot(one: Client, amount: int, *, first: int = 0, last: int | None = None, spent: int = 0) -> None:
    """A bonus lot, or below zero a debt; first and last day are so many days from today."""
    account, _made = Account.objects.get_or_create(client=one, unit="bonus", defaults={"operation": f"b{one.pk}"})
    operation = f"lot:{Lot.objects.count()}:{one.pk}"
    grant = Grant(
        operation=operation,
        account=account.pk,
        amount=Money(amount),
        first_day=TODAY + timedelta(days=first),
        last_day=None if last is None else TODAY + timedelta(days=last),
        kind=Entry.Kind.TAKE_BACK if amount < 0 else Entry.Kind.GRANT,
    )
    found = ledger.post([grant], at=NOW, by=ANNA).lots[operation]
    if spent:
        Lot.objects.filter(pk=found).update(remaining=amount - spent)


def had(one: Client, code: str, *, came_back: str = "") -> None:
    """A visit with this service; `came_back` "whole" or "partly" refunds it."""
    visit: Visit = factories.VisitFactory(client=one, line=None)
    service = Service.objects.get(code=code)
    factories.VisitLineFactory(visit=visit, service=service, code=code)
    if came_back:
        visit.refunds.create(operation=f"r{visit.pk}", at=NOW, by="staff:vera", is_whole=came_back == "whole")


def holds(one: Client, plan: str, *, left: int = 5, first: int = 0, last: int | None = 30, void: bool = False) -> None:
    number = Membership.objects.count()
    account = Account.objects.create(client=one, unit="session", operation=f"m{number}")
    operation = f"session:{number}"
    begins, ends = (None if days is None else TODAY + timedelta(days=days) for days in (first, last))
    assert begins is not None
    grant = Grant(operation=operation, account=account.pk, amount=Money(5), first_day=begins, last_day=ends)
    found = ledger.post([grant], at=NOW, by=ANNA).lots[operation]
    Lot.objects.filter(pk=found).update(remaining=left)
    row = Plan.objects.get(code=plan)
    voided = NOW if void else None
    Membership.objects.create(
        client=one, plan=row, account=account, sessions=5, session_price=Money(1800), voided_at=voided
    )


def brought(one: Client, friends: int) -> None:
    for n in range(friends):
        Referral.objects.create(friend=client(f"friend {n} of {one}"), referrer=one, by="staff:vera")


@pytest.fixture
def house(session: Service, location: Any) -> None:
    """Three services in two categories, two plans."""
    factories.ServiceFactory(code="personal", name="Personal", category="training")
    factories.ServiceFactory(code="towel", name="Towel", category="shop")
    factories.PlanFactory(code="five", sessions=5)
    factories.PlanFactory(code="ten", sessions=10)


@dataclass(frozen=True)
class Case:
    """A condition, and who meets it among these clients."""

    name: str
    conditions: dict[str, Any]
    belong: Iterable[str]


def person(make: Callable[[Client], None], **figures: Any) -> Callable[[str], Client]:
    def made(name: str) -> Client:
        one = client(name, **figures)
        make(one)
        return one

    return made


def nothing(_one: Client) -> None: ...


def owes(one: Client) -> None:
    lot(one, 1000)
    lot(one, -1)


def owes_and_has_an_ended_lot(one: Client) -> None:
    """The ended lot repays 4.00 of the 5.00 owed, so 9.00 of the 10.00 can be spent."""
    lot(one, 400, first=-30, last=-1)
    lot(one, -500, first=-10)
    lot(one, 1000, first=-1)


PEOPLE: dict[str, Callable[[str], Client]] = {
    "nobody knows her": person(nothing),
    "one visit today": person(nothing, visits=1, total_spent=2000, days=0),
    "four visits": person(nothing, visits=4, total_spent=20000, days=31),
    "nine visits": person(nothing, visits=9, total_spent=30000, days=20),
    "gave all back": person(nothing, visits=0, total_spent=0, days=5),
    "10.00 bonuses": person(lambda one: lot(one, 1000, last=0)),
    "9.99 bonuses": person(lambda one: lot(one, 1000, spent=1)),
    "ended yesterday": person(lambda one: lot(one, 1000, first=-9, last=-1)),
    "begins tomorrow": person(lambda one: lot(one, 1000, first=1)),
    "owes": person(owes),
    "owes and an ended lot repays": person(owes_and_has_an_ended_lot),
    "had a session": person(lambda one: had(one, "session")),
    "had a towel": person(lambda one: had(one, "towel")),
    "gave the towel back": person(lambda one: had(one, "towel", came_back="whole")),
    "gave a part back": person(lambda one: had(one, "towel", came_back="partly")),
    "holds five": person(lambda one: holds(one, "five")),
    "used five up": person(lambda one: holds(one, "five", left=0)),
    "five ended": person(lambda one: holds(one, "five", first=-30, last=-1)),
    "five ends today": person(lambda one: holds(one, "five", first=-30, last=0)),
    "five begins tomorrow": person(lambda one: holds(one, "five", first=1)),
    "five void": person(lambda one: holds(one, "five", void=True)),
    "holds ten for ever": person(lambda one: holds(one, "ten", last=None)),
    "brought two": person(lambda one: brought(one, 2)),
    "brought one": person(lambda one: brought(one, 1)),
    "forgotten": person(lambda one: brought(one, 3), visits=9, total_spent=30000, days=1, erased_at=NOW),
}
WITH_VISITS = {"one visit today", "four visits", "nine visits"}
FRIENDS = {"friend 0 of brought two", "friend 1 of brought two", "friend 0 of brought one"}
FRIENDS |= {f"friend {n} of forgotten" for n in range(3)}
EVERYBODY = set(PEOPLE) - {"forgotten"} | FRIENDS

CASES = [
    Case("at most no visit", {"visits_max": 0}, EVERYBODY - WITH_VISITS),
    Case("at most 4 visits", {"visits_max": 4}, EVERYBODY - {"nine visits"}),
    Case("2 to 8 visits", {"visits_min": 2, "visits_max": 8}, {"four visits"}),
    Case("at most nothing spent", {"spent_max": 0}, EVERYBODY - WITH_VISITS),
    Case("200.00 to 200.00", {"spent_min": 20000, "spent_max": 20000}, {"four visits"}),
    Case("no bonuses", {"balance_min": 0}, EVERYBODY),
    Case("10.00 bonuses", {"balance_min": 1000}, {"10.00 bonuses"}),
    Case(
        "9.00 bonuses",
        {"balance_min": 900},
        {"10.00 bonuses", "9.99 bonuses", "owes", "owes and an ended lot repays"},
    ),
    Case("9.01 bonuses", {"balance_min": 901}, {"10.00 bonuses", "9.99 bonuses", "owes"}),
    Case("had a towel", {"service": "towel"}, {"had a towel", "gave a part back"}),
    Case("had training", {"service": "training"}, {"had a session"}),
    Case("had what is not there", {"service": "sauna"}, set()),
    Case("champions", {"rfm": "champions"}, {"nine visits"}),
    Case("promising", {"rfm": "promising"}, set()),
    Case("loyal", {"rfm": "loyal"}, {"four visits"}),
    Case("new", {"rfm": "new"}, {"one visit today"}),
    Case("lost", {"rfm": "lost"}, set()),
    Case("a class that there is not", {"rfm": "heroes"}, set()),
    Case("five", {"further": {"membership": "five"}}, {"holds five", "five ends today"}),
    Case("ten", {"further": {"membership": "ten"}}, {"holds ten for ever"}),
    Case("a plan that there is not", {"further": {"membership": "none"}}, set()),
    Case("two friends", {"further": {"referrals_min": 2}}, {"brought two"}),
    Case("a friend", {"further": {"referrals_min": 1}}, {"brought two", "brought one"}),
    Case("a condition that nobody knows", {"further": {"stars": 3}}, set()),
    Case("a friend and five", {"further": {"referrals_min": 1, "membership": "five"}}, set()),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_condition_finds_whom_the_till_would(house: None, case: Case) -> None:
    for name, make in PEOPLE.items():
        make(name)
    asked = segment(**case.conditions)
    names = set(members(asked, now=NOW).values_list("first_name", flat=True))
    assert names == set(case.belong)
    assert in_the_database(asked, NOW) == at_the_till(asked, NOW)


def test_every_condition_of_a_mechanic_is_compared_here() -> None:
    assert set(conditions()) == {"membership", "referrals_min"}


def test_what_may_be_missed_by_one_has_a_hint() -> None:
    texts = {code for mechanic in mechanics() for code in mechanic.explanations}
    assert {f"hint.{key}" for key, one in conditions().items() if one.choices is None} <= texts


def test_whoever_is_on_the_list_belongs_and_nobody_else(house: None) -> None:
    boris, alice, gone = client("Boris", visits=9), client("Alice", visits=9), client("Gone", erased_at=NOW)
    asked, other = segment(is_static=True), segment(is_static=True, visits_min=1000)
    lists.put_on(segment=other, clients=[alice.pk], by=ANNA, now=NOW)
    assert lists.put_on(segment=asked, clients=[boris.pk, gone.pk, 999_999], by=ANNA, now=NOW) == 1
    assert in_the_database(asked, NOW) == at_the_till(asked, NOW) == {boris.pk}
    assert in_the_database(other, NOW) == at_the_till(other, NOW) == {alice.pk}
    assert crowd(Segment(is_static=True), now=NOW).count == 0


# --- any segment, any clients -----------------------------------------------------------------------------------------

MAYBE = st.none() | st.integers(0, 4)
CONDITIONS = st.fixed_dictionaries(
    {
        "visits_min": MAYBE,
        "visits_max": MAYBE,
        "spent_min": st.none() | st.sampled_from([0, 999, 20000]),
        "spent_max": st.none() | st.sampled_from([0, 999, 20000]),
        "balance_min": st.none() | st.sampled_from([0, 1, 500, 600, 1000]),
        "service": st.sampled_from(["", "", "session", "towel", "training"]),
        "rfm": st.sampled_from(["", "", *Class.values]),
        "further": st.fixed_dictionaries(
            {}, optional={"membership": st.sampled_from(["five", "ten"]), "referrals_min": st.integers(1, 2)}
        ),
    }
).filter(lambda drawn: sum(bool(value) for value in drawn.values()) <= 3)
DAYS = st.integers(-3, 1)
LOTS = st.lists(
    st.tuples(st.sampled_from([500, 600, 1000, -500, -100]), DAYS, st.none() | st.integers(0, 3)), max_size=4
)
A_CLIENT = st.fixed_dictionaries(
    {
        "figures": st.none()
        | st.fixed_dictionaries(
            {
                "visits": st.integers(0, 16),
                "total_spent": st.sampled_from([0, 999, 1000, 5000, 20000, 50000, 100000]),
                "days": st.none() | st.sampled_from([0, 13, 14, 15, 30, 31, 60, 120, 121]),
            }
        ),
        "lots": LOTS,
        "had": st.lists(
            st.tuples(st.sampled_from(["session", "towel"]), st.sampled_from(["", "whole", "partly"])), max_size=2
        ),
        "holds": st.lists(
            st.tuples(st.sampled_from(["five", "ten"]), st.sampled_from([0, 5]), DAYS, st.booleans()), max_size=2
        ),
        "brought": st.integers(0, 2),
        "erased": st.sampled_from([False, False, False, True]),
    }
)


def make(facts: dict[str, Any]) -> None:
    one = client("X", erased_at=NOW if facts["erased"] else None, **(facts["figures"] or {}))
    for amount, first, length in facts["lots"]:
        if amount < 0:
            lot(one, amount, first=min(first, 0))
        else:
            lot(one, amount, first=first, last=None if length is None else first + length)
    for code, came_back in facts["had"]:
        had(one, code, came_back=came_back)
    for plan, left, first, void in facts["holds"]:
        holds(one, plan, left=left, first=first, last=first + 1, void=void)
    brought(one, facts["brought"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(conditions=CONDITIONS, people=st.lists(A_CLIENT, min_size=1, max_size=3))
def test_any_segment_finds_whom_the_till_would(house: None, conditions: Any, people: Any) -> None:
    with transaction.atomic():
        for facts in people:
            make(facts)
        asked = segment(**conditions)
        assert in_the_database(asked, NOW) == at_the_till(asked, NOW)
        transaction.set_rollback(True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(lots=LOTS, least=st.sampled_from([1, 100, 400, 500, 600, 900, 1000]))
def test_bonuses_are_those_that_can_be_spent(house: None, lots: Any, least: int) -> None:
    with transaction.atomic():
        make({"figures": None, "erased": False, "lots": lots, "had": [], "holds": [], "brought": 0})
        asked = segment(balance_min=least)
        assert in_the_database(asked, NOW) == at_the_till(asked, NOW)
        transaction.set_rollback(True)


def test_the_scale_of_the_house_decides(house: None) -> None:
    client("four visits", visits=4, total_spent=20000, days=31)
    loyal, champions = segment(rfm="loyal"), segment(rfm="champions")
    assert (crowd(loyal, now=NOW).count, crowd(champions, now=NOW).count) == (1, 0)
    RfmScale.objects.create(recency_days=[31, 60, 90, 120], visits=[4, 3, 2, 1], spent=[20000, 3000, 2000, 1000])
    assert (crowd(loyal, now=NOW).count, crowd(champions, now=NOW).count) == (0, 1)
    assert at_the_till(champions, NOW) == in_the_database(champions, NOW)


# --- by ranges of ids -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "conditions",
    [
        {"visits_min": 1, "rfm": "new"},
        {"is_static": True},
        {"service": "session", "balance_min": 1},
        {"further": {"membership": "five", "referrals_min": 1}},
        {"visits_max": 3, "spent_max": 3},
    ],
    ids=" ".join,
)
def test_a_range_of_members_is_one_query(house: None, conditions: dict[str, Any]) -> None:
    asked = segment(**conditions)
    ranged = members(asked, now=NOW).filter(pk__gt=0).order_by("pk")[:1000]
    with CaptureQueriesContext(connection) as queries:
        list(ranged.values_list("pk", flat=True))
    assert len(queries) == 1
