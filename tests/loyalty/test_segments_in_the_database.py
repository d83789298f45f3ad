"""Who belongs to a segment, asked of the database for all clients, is who would belong at the till, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import Business, Client, ClientTag, Location
from loyalty.checkout.quote import person_of
from loyalty.checkout.traits import with_traits
from loyalty.mechanics import mechanics
from loyalty.models import CashbackProgram, CashbackTier, Segment, Standing, TierStanding, Visit
from loyalty.money import Money
from loyalty.rulebook import rulebook
from loyalty.segments import Crowd, crowd, members
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
NOW = factories.NOW


def at_the_till(segment: Segment, now: datetime) -> set[int]:
    """Asked for each client as a quote asks it (`loyalty.checkout.quote`, `loyalty.audience`)."""
    book = rulebook()
    rule = book.house.segments.get(segment.pk)
    today = book.house.day(now)
    found = set()
    for client in Client.objects.filter(erased_at=None):
        person = with_traits(person_of(client.pk)[0], book, now)
        ranks = frozenset(name for m in mechanics() for name in m.ranks(book.rules[m.code], person, today))
        if rule is not None and not rule.gaps(person, today, book.house.zone, ranks):
            found.add(client.pk)
    return found


def in_the_database(segment: Segment, now: datetime) -> set[int]:
    return set(members(segment, now=now).values_list("pk", flat=True))


def segment(**conditions: Any) -> Segment:
    return Segment.objects.create(code=f"s{Segment.objects.count()}", name="Segment", **conditions)


def client(name: str, *, at: Location | None = None, tags: Iterable[str] = (), **facts: Any) -> Client:
    """`visits`, `spent`, `last_visit_at` make a standing; without any there is none."""
    figures = {key: facts.pop(key) for key in ("visits", "total_spent", "last_visit_at") if key in facts}
    one: Client = factories.ClientFactory(first_name=name, last_name="", card=None, home=at, **facts)
    if figures:
        Standing.objects.create(client=one, **figures)
    ClientTag.objects.bulk_create(ClientTag(client=one, name=tag) for tag in tags)
    return one


def ago(*, days: int = 0, hours: int = 0) -> datetime:
    return NOW - timedelta(days=days, hours=hours)


@dataclass
class World:
    """Two places, and cashback: by all that was spent, by the last year, one not running yet, one switched off."""

    main: Location
    riverside: Location
    ladder: CashbackProgram
    year: CashbackProgram
    tiers: dict[str, CashbackTier]


def tier(program: CashbackProgram, name: str, start: int, **more: Any) -> CashbackTier:
    made: CashbackTier = factories.CashbackTierFactory(program=program, name=name, from_spent=Money(start), **more)
    return made


@pytest.fixture
def world(location: Location) -> World:
    ladder = factories.CashbackFactory()
    year = factories.CashbackFactory(code="year", name="This year", window_days=365)
    soon = factories.CashbackFactory(code="soon", name="Soon", from_day=date(2026, 3, 3))
    off = factories.CashbackFactory(code="off", name="Off", enabled=False)
    tiers = {
        "bronze": tier(ladder, "Bronze", 1000),
        "silver": tier(ladder, "Silver", 50000),
        "old": tier(ladder, "Old", 70000, enabled=False),
        "gold": tier(ladder, "Gold", 100000),
        "start": tier(year, "Start", 0),
        "friend": tier(year, "Friend", 20000),
        "gold of the year": tier(year, "Gold", 90000),
        "past": tier(year, "Past", 100, enabled=False),
    }
    tier(soon, "Early", 0)
    tier(off, "Never", 0)
    riverside = factories.LocationFactory(code="riverside", name="Riverside")
    return World(main=location, riverside=riverside, ladder=ladder, year=year, tiers=tiers)


def stands(one: Client, on: CashbackTier, *, falls: Sequence[tuple[int, CashbackTier | None]] = ()) -> Client:
    """`falls`: so many days from today to these tiers, whether or not a night has written it down."""
    coming = [((NOW.date() + timedelta(days=days)).isoformat(), tier and tier.pk, "2026-02-01") for days, tier in falls]
    TierStanding.objects.create(
        client=one,
        program=on.program,
        tier=on,
        since=date(2026, 1, 1),
        falls=coming,
        falls_on=coming[0][0] if coming else None,
    )
    return one


def came(one: Client, at: Location, *, is_visit: bool = True, came_back: str = "") -> Client:
    """A visit; `came_back` "whole" or "partly" refunds it."""
    visit: Visit = factories.VisitFactory(client=one, location=at, is_visit=is_visit, line=None)
    if came_back:
        visit.refunds.create(operation=f"r{visit.pk}", at=NOW, by="staff:vera", is_whole=came_back == "whole")
    return one


@dataclass(frozen=True)
class Case:
    """A condition, and who meets it among these clients."""

    name: str
    conditions: dict[str, Any]
    belong: set[str]


PEOPLE: dict[str, Callable[[World], Client]] = {
    "nobody knows her": lambda w: client("a"),
    "never came": lambda w: client("b", visits=0, total_spent=0),
    "5 visits, 500.00": lambda w: client("c", visits=5, total_spent=cents("500"), last_visit_at=ago(days=30)),
    "4 visits, 499.99": lambda w: client("d", visits=4, total_spent=cents("499.99"), last_visit_at=ago(days=31)),
    "came at 00:00 today": lambda w: client("e", visits=1, last_visit_at=ago(hours=12)),
    "came at 23:59 yesterday": lambda w: client("f", visits=1, last_visit_at=ago(hours=12) - timedelta(minutes=1)),
    "came 61 days ago": lambda w: client("g", visits=9, last_visit_at=ago(days=61)),
    "1,000.00 spent": lambda w: client("h", visits=2, total_spent=cents("1000"), last_visit_at=ago(days=2)),
    "kept silver": lambda w: stands(client("i", visits=1, total_spent=cents("3")), w.tiers["silver"]),
    "on a tier taken away": lambda w: stands(client("j", visits=1, total_spent=cents("5000")), w.tiers["old"]),
    "friend of the year": lambda w: stands(client("k", visits=1, total_spent=cents("1")), w.tiers["friend"]),
    "past of the year": lambda w: stands(client("l", visits=1), w.tiers["past"]),
    "gold of the year": lambda w: stands(client("m", visits=1), w.tiers["gold of the year"]),
    "falls to bronze today": lambda w: stands(client("1"), w.tiers["silver"], falls=[(0, w.tiers["bronze"])]),
    "falls tomorrow": lambda w: stands(client("2"), w.tiers["silver"], falls=[(1, w.tiers["bronze"]), (9, None)]),
    "fell to nothing": lambda w: stands(
        client("3"), w.tiers["silver"], falls=[(-9, w.tiers["bronze"]), (-1, None), (1, w.tiers["gold"])]
    ),
    "fell to a tier taken away": lambda w: stands(client("4"), w.tiers["silver"], falls=[(-1, w.tiers["old"])]),
    "born in May": lambda w: client("n", birthday=date(1990, 5, 31)),
    "born on 29 February": lambda w: client("o", birthday=date(1992, 2, 29)),
    "VIP": lambda w: client("p", tags=["VIP", "evenings"]),
    "vip": lambda w: client("q", tags=["vip"]),
    "registered at Riverside": lambda w: client("r", at=w.riverside),
    "came to Riverside": lambda w: came(client("s", at=w.main), w.riverside),
    "bought a card at Riverside": lambda w: came(client("t"), w.riverside, is_visit=False),
    "gave Riverside back": lambda w: came(client("u"), w.riverside, came_back="whole"),
    "gave a part back": lambda w: came(client("v"), w.riverside, came_back="partly"),
    "forgotten": lambda w: client("w", visits=50, total_spent=cents("9000"), last_visit_at=NOW, erased_at=NOW),
}
EVERYBODY = set(PEOPLE) - {"forgotten"}
RIVERSIDE = {"registered at Riverside", "came to Riverside", "gave a part back"}
ON_RECORD = {"friend of the year", "past of the year", "gold of the year"}

CASES = [
    Case("no condition", {}, EVERYBODY),
    Case("off", {"enabled": False}, set()),
    Case("at least no visit", {"visits_min": 0}, EVERYBODY),
    Case("5 visits", {"visits_min": 5}, {"5 visits, 500.00", "came 61 days ago"}),
    Case("at least nothing spent", {"spent_min": 0}, EVERYBODY),
    Case("500.00", {"spent_min": 50000}, {"5 visits, 500.00", "1,000.00 spent", "on a tier taken away"}),
    Case("today", {"last_visit_days_max": 0}, {"came at 00:00 today"}),
    Case(
        "yesterday at the latest",
        {"last_visit_days_min": 1, "last_visit_days_max": 1},
        {"came at 23:59 yesterday"},
    ),
    Case(
        "within 30 days",
        {"last_visit_days_max": 30},
        {"5 visits, 500.00", "came at 00:00 today", "came at 23:59 yesterday", "1,000.00 spent"},
    ),
    Case("31 to 60 days ago", {"last_visit_days_min": 31, "last_visit_days_max": 60}, {"4 visits, 499.99"}),
    Case("at least 61 days ago", {"last_visit_days_min": 61}, {"came 61 days ago"}),
    Case("longer ago than anybody lives", {"last_visit_days_min": 2_000_000_000}, set()),
    Case(
        "not longer ago than anybody lives",
        {"last_visit_days_max": 2_000_000_000},
        {
            "5 visits, 500.00",
            "4 visits, 499.99",
            "came at 00:00 today",
            "came at 23:59 yesterday",
            "came 61 days ago",
            "1,000.00 spent",
        },
    ),
    Case("bronze by what was spent", {"tier": "Bronze"}, {"4 visits, 499.99", "falls to bronze today"}),
    Case(
        "silver",
        {"tier": "Silver"},
        {
            "5 visits, 500.00",
            "kept silver",
            "on a tier taken away",
            "falls tomorrow",
            "fell to a tier taken away",
        },
    ),
    Case("gold of either program", {"tier": "Gold"}, {"1,000.00 spent", "gold of the year"}),
    Case("the first tier of the year", {"tier": "Start"}, EVERYBODY - ON_RECORD | {"past of the year"}),
    Case("a tier with a record", {"tier": "Friend"}, {"friend of the year"}),
    Case("a tier that was taken away", {"tier": "Old"}, set()),
    Case("a tier of a program that has not begun", {"tier": "Early"}, set()),
    Case("a tier of a program that is off", {"tier": "Never"}, set()),
    Case("a tier in other letters", {"tier": "gold"}, set()),
    Case("born in May", {"birthday_month": 5}, {"born in May"}),
    Case("born in February", {"birthday_month": 2}, {"born on 29 February"}),
    Case("a tag, letter by letter", {"tag": "VIP"}, {"VIP"}),
    Case("a tag that nobody has", {"tag": "V"}, set()),
    Case("a location", {"location": "riverside"}, RIVERSIDE),
    Case("a tag and a visit count", {"tag": "VIP", "visits_min": 1}, set()),
    Case("silver and 5 visits", {"tier": "Silver", "visits_min": 5}, {"5 visits, 500.00"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_condition_finds_whom_the_till_would(world: World, case: Case) -> None:
    people = {name: make(world).pk for name, make in PEOPLE.items()}
    conditions = dict(case.conditions)
    if "location" in conditions:
        conditions["location"] = world.riverside
    asked = segment(**conditions)
    assert in_the_database(asked, NOW) == {people[name] for name in case.belong}
    assert in_the_database(asked, NOW) == at_the_till(asked, NOW)


def test_a_quote_says_the_same(till: Till, boris: Client, alice: Client) -> None:
    asked = segment(visits_min=1, spent_min=2000, last_visit_days_max=0)
    till.sell("session", client=boris)
    later = till.later(hours=1)
    gaps = {one.pk: later.quote("session", client=one).scene.gaps(asked.pk) for one in (boris, alice)}
    assert in_the_database(asked, later.now) == {pk for pk, missing in gaps.items() if not missing} == {boris.pk}


# --- any segment, any clients -----------------------------------------------------------------------------------------

MAYBE_FEW = st.none() | st.integers(0, 4)
CONDITIONS = st.fixed_dictionaries(
    {
        "enabled": st.sampled_from([True, True, True, False]),
        "visits_min": MAYBE_FEW,
        "spent_min": st.none() | st.sampled_from([0, 1, 999, 1000, 20000, 50000, 100000]),
        "last_visit_days_max": MAYBE_FEW,
        "last_visit_days_min": MAYBE_FEW,
        "tier": st.sampled_from(["", "", "Bronze", "Silver", "Gold", "Start", "Friend", "Old", "Early", "gold"]),
        "birthday_month": st.none() | st.sampled_from([1, 2]),
        "tag": st.sampled_from(["", "", "VIP", "vip"]),
        "location": st.sampled_from([None, None, "main", "riverside"]),
    }
)
TIERS = ("bronze", "silver", "old", "gold", "start", "friend", "gold of the year", "past")
A_CLIENT = st.fixed_dictionaries(
    {
        "figures": st.none()
        | st.fixed_dictionaries(
            {
                "visits": st.integers(0, 4),
                "total_spent": st.sampled_from([0, 999, 1000, 19999, 49999, 50000, 99999, 100000]),
                "last_visit_at": st.none()
                | st.timedeltas(timedelta(0), timedelta(days=5)).map(lambda time: NOW - time),
            }
        ),
        "birthday": st.none() | st.sampled_from([date(1990, 1, 31), date(1992, 2, 29)]),
        "tags": st.lists(st.sampled_from(["VIP", "vip"]), unique=True),
        "at": st.sampled_from([None, "main", "riverside"]),
        "stands": st.lists(st.sampled_from(TIERS), max_size=2),
        "came": st.none() | st.tuples(st.sampled_from(["main", "riverside"]), st.sampled_from(["", "whole", "partly"])),
        "erased": st.sampled_from([False, False, False, True]),
    }
)


def make(world: World, facts: dict[str, Any]) -> None:
    places = {None: None, "main": world.main, "riverside": world.riverside}
    one = client(
        "X",
        at=places[facts["at"]],
        tags=facts["tags"],
        birthday=facts["birthday"],
        erased_at=NOW if facts["erased"] else None,
        **(facts["figures"] or {}),
    )
    for row in {world.tiers[name].program_id: world.tiers[name] for name in facts["stands"]}.values():
        stands(one, row)
    if facts["came"] is not None:
        place = places[facts["came"][0]]
        assert place is not None
        came(one, place, came_back=facts["came"][1])


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(conditions=CONDITIONS, people=st.lists(A_CLIENT, min_size=1, max_size=4))
def test_any_segment_finds_whom_the_till_would(world: World, conditions: Any, people: Any) -> None:
    with transaction.atomic():
        for facts in people:
            make(world, facts)
        place = conditions["location"]
        asked = segment(**{**conditions, "location": getattr(world, place) if place else None})
        assert in_the_database(asked, NOW) == at_the_till(asked, NOW)
        transaction.set_rollback(True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    zone=st.sampled_from(["Pacific/Kiritimati", "America/New_York", "Asia/Kathmandu", "Asia/Beirut", "Africa/Cairo"]),
    came_at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001  # made aware below
    asked_after=st.timedeltas(timedelta(0), timedelta(days=8)),
    low=MAYBE_FEW,
    high=MAYBE_FEW,
)
def test_days_are_those_of_the_business(
    world: World, zone: str, came_at: datetime, asked_after: timedelta, low: int | None, high: int | None
) -> None:
    """Whatever the clocks do: some of these zones skip midnight in spring and have 23 o'clock twice in autumn."""
    with transaction.atomic():
        Business.objects.update(timezone=zone)
        came_at = came_at.replace(tzinfo=NOW.tzinfo)
        client("X", visits=1, last_visit_at=came_at)
        asked = segment(last_visit_days_min=low, last_visit_days_max=high)
        assert in_the_database(asked, came_at + asked_after) == at_the_till(asked, came_at + asked_after)
        transaction.set_rollback(True)


# --- the crowd --------------------------------------------------------------------------------------------------------


def test_a_crowd_has_a_count_and_a_few_names(world: World) -> None:
    for name in ("Anna", "Boris", "Clara", "Dora", "Egor", "Fedor", "Gleb"):
        client(name, tags=["VIP"])
    client("Hugo")
    assert crowd(segment(tag="VIP"), now=NOW) == Crowd(7, ("Gleb", "Fedor", "Egor", "Dora", "Clara"))
    assert crowd(Segment(tag="VIP", enabled=False), now=NOW) == Crowd(0, ())


def test_asking_takes_few_questions(world: World) -> None:
    asked = segment(visits_min=1, tier="Gold", tag="VIP", location=world.riverside, birthday_month=2)
    rulebook()
    for name in ("Anna", "Boris"):
        client(name, visits=1, total_spent=cents("1000"), tags=["VIP"], at=world.riverside, birthday=date(1990, 2, 1))
    with CaptureQueriesContext(connection) as queries:
        assert crowd(asked, now=NOW).count == 2
    assert len(queries) == 3
