"""A birthday brings bonuses once: so many days before it, in the year it belongs to, also when a night was missed."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from clients.models.people import calendar_day
from loyalty.birthdays import grant_birthday_bonuses
from loyalty.dates import Window, kept_on
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.night.value import account_of, tonight

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 15, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def birthday(business: object) -> BonusProgram:
    """1000 bonuses 7 days before, valid two weeks, for 15 % of a check."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="birthday",
        name="Birthday",
        trigger="birthday",
        amount=Money(100000),
        days_before=7,
        lifetime_days=14,
        limit_percent=15,
    )
    return program


def born(day: date, **facts: object) -> Client:
    client: Client = factories.ClientFactory(birthday=day, **facts)
    account_of(client)
    return client


def night(day: date) -> int:
    return grant_birthday_bonuses(tonight(day))


def granted(first: date, last: date) -> list[tuple[str, date]]:
    """Operations with the nights that granted them, from the first to the last."""
    found: list[tuple[str, date]] = []
    for i in range((last - first).days + 1):
        day = first + timedelta(days=i)
        if count := night(day):
            newest = list(Lot.objects.order_by("-pk").values_list("operation", flat=True)[:count])
            found += [(operation, day) for operation in reversed(newest)]
    return found


def test_2_january_is_granted_on_26_december_for_the_coming_year() -> None:
    boris = born(date(1990, 1, 2))

    assert granted(date(2026, 12, 1), date(2027, 1, 31)) == [
        (f"birthday:2027:birthday:client:{boris.pk}", date(2026, 12, 26))
    ]


def test_the_lot_has_the_terms_of_the_program() -> None:
    born(date(1990, 3, 9))
    night(date(2026, 3, 2))

    lot = Lot.objects.get()
    assert (lot.amount, lot.first_day, lot.last_day) == (100000, date(2026, 3, 2), date(2026, 3, 16))
    assert (lot.program, lot.name, lot.limit_percent) == ("birthday", "Birthday", Decimal(15))
    assert lot.created_at == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        pytest.param(2027, date(2027, 2, 21), id="28 February in other years"),
        pytest.param(2028, date(2028, 2, 22), id="29 February in a leap year"),
    ],
)
def test_29_february_is_kept_on_28_february_in_other_years(year: int, expected: date) -> None:
    born(date(1996, 2, 29))

    assert [day for _operation, day in granted(date(year, 2, 1), date(year, 3, 15))] == [expected]


def test_28_february_is_not_29_february_in_a_leap_year() -> None:
    born(date(1996, 2, 28))

    assert [day for _operation, day in granted(date(2028, 2, 1), date(2028, 3, 15))] == [date(2028, 2, 21)]


def test_every_year_brings_one_and_no_night_a_second() -> None:
    born(date(1996, 2, 29))

    found = [one for year in (2027, 2028, 2029) for one in granted(date(year, 2, 10), date(year, 3, 10))]

    assert [operation.split(":")[1] for operation, _day in found] == ["2027", "2028", "2029"]


ZONES = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Europe/Moscow",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]


@pytest.mark.parametrize("zone", ZONES)
def test_each_year_brings_one_in_every_time_zone(zone: str) -> None:
    """From 2024 to 2032: the nights before the notice begins, of its first days, and about the birthday itself."""
    people = {born(day, created_at=LONG_AGO).pk: day for day in (date(1996, 2, 29), date(1990, 1, 2))}
    keeps = [kept_on(day, year) for day in people.values() for year in range(2024, 2033)]

    for keep in sorted(keeps):
        for ahead in (8, 7, 6, 0, -1):
            grant_birthday_bonuses(tonight(keep - timedelta(days=ahead), ZoneInfo(zone)))

    first_days = dict(Lot.objects.values_list("operation", "first_day"))
    assert first_days == {
        f"birthday:{year}:birthday:client:{client}": kept_on(day, year) - timedelta(days=7)
        for client, day in people.items()
        for year in range(2024, 2033)
    }


@pytest.mark.parametrize("notice", [0, 7, 180])
def test_every_night_from_2024_to_2032_looks_at_every_birthday_of_its_notice_in_its_year(notice: int) -> None:
    """For each of the 366 birthdays: as many nights in a row as the notice has, the last of them the day itself."""
    program = BonusProgram(days_before=notice)
    leap_year = [date(1996, 1, 1) + timedelta(days=i) for i in range(366)]
    by_calendar_day = {calendar_day(day): day for day in leap_year}
    seen = defaultdict(list)

    night = date(2024, 1, 1)
    while night <= date(2032, 12, 31):
        window = Window.of(program, night)
        for found in window.calendar_days():
            seen[by_calendar_day[found], window.year_of(by_calendar_day[found])].append(night)
        night += timedelta(days=1)

    for day in leap_year:
        for year in range(2025, 2033):
            keep = kept_on(day, year)
            assert seen[day, year] == [keep - timedelta(days=ahead) for ahead in range(notice, -1, -1)]


@pytest.mark.parametrize("month", range(1, 13))
def test_outages_change_nothing(month: int) -> None:
    """Some nights in time, others made up in one go: the same lots as if every night had come in time."""
    for day in (3, 17, 28):
        born(date(1990, month, day), created_at=LONG_AGO)
    nights = [date(2026, month, 1) + timedelta(days=i) for i in range(-10, 31)]

    for number, night_of in enumerate(nights):
        grant_birthday_bonuses(tonight(night_of, days_late=31 - number if number % 9 > 3 and number < 31 else 0))

    lots = Lot.objects.order_by("first_day").values_list("first_day", "last_day")
    assert list(lots) == [
        (date(2026, month, day) - timedelta(days=7), date(2026, month, day) + timedelta(days=7)) for day in (3, 17, 28)
    ]


def test_whoever_joins_within_the_days_before_gets_it_in_the_next_night() -> None:
    born(date(1990, 3, 9), created_at=datetime(2026, 3, 4, 20, 0, tzinfo=UTC))

    assert [day for _operation, day in granted(date(2026, 3, 1), date(2026, 3, 20))] == [date(2026, 3, 4)]


def test_a_night_that_is_made_up_gives_to_nobody_who_was_not_here_yet() -> None:
    born(date(1990, 3, 9), created_at=datetime(2026, 3, 4, 20, 0, tzinfo=UTC))

    assert grant_birthday_bonuses(tonight(date(2026, 3, 4), days_late=2)) == 0
    assert grant_birthday_bonuses(tonight(date(2026, 3, 5), days_late=1)) == 1
    assert Lot.objects.get().first_day == date(2026, 3, 5)


def test_another_date_of_birth_brings_no_second_one_within_a_year() -> None:
    boris = born(date(1990, 3, 9))
    night(date(2026, 3, 2))
    boris.birthday = date(1990, 6, 1)
    boris.save()

    assert granted(date(2026, 5, 20), date(2026, 6, 10)) == []


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        (date(1990, 6, 1), date(2027, 5, 25)),
        (date(1990, 3, 8), date(2027, 3, 1)),
        (date(1990, 2, 7), date(2027, 1, 31)),
    ],
)
def test_a_corrected_date_of_birth_counts_in_the_year_after(corrected: date, expected: date) -> None:
    boris = born(date(1990, 3, 9))
    night(date(2026, 3, 2))
    boris.birthday = corrected
    boris.save()

    assert [day for _operation, day in granted(date(2026, 3, 3), date(2027, 12, 31))] == [expected]


def test_a_date_of_birth_across_new_year_brings_no_second_one_right_after() -> None:
    boris = born(date(1990, 12, 30))
    assert len(granted(date(2026, 12, 20), date(2026, 12, 24))) == 1
    boris.birthday = date(1990, 1, 3)
    boris.save()

    assert granted(date(2026, 12, 25), date(2027, 6, 1)) == []


def test_only_whoever_registered_long_enough_before(birthday: BonusProgram) -> None:
    birthday.registered_days = 30
    birthday.days_before = 0
    birthday.save()
    born(date(1990, 3, 9), created_at=datetime(2026, 2, 7, 12, 0, tzinfo=UTC))  # 30 days before, to the day
    born(date(1990, 3, 9), created_at=datetime(2026, 2, 8, 12, 0, tzinfo=UTC))

    assert granted(date(2026, 3, 1), date(2026, 3, 31)) == [
        (f"birthday:2026:birthday:client:{Client.objects.earliest('created_at').pk}", date(2026, 3, 9))
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"enabled": False}, id="switched off"),
        pytest.param({"from_day": date(2026, 3, 10)}, id="not begun"),
        pytest.param({"to_day": date(2026, 3, 1)}, id="over"),
    ],
)
def test_a_program_that_does_not_run_gives_nothing(change: dict[str, object], birthday: BonusProgram) -> None:
    for name, value in change.items():
        setattr(birthday, name, value)
    birthday.save()
    born(date(1990, 3, 9))

    assert night(date(2026, 3, 2)) == 0


def test_the_erased_and_the_unknown_celebrate_nothing() -> None:
    born(date(1990, 3, 9), erased_at=factories.NOW)
    account_of(factories.ClientFactory(birthday=None))

    assert night(date(2026, 3, 2)) == 0


def test_each_of_two_programs_gives_its_own() -> None:
    factories.BonusProgramFactory(
        code="cake", name="Cake", trigger="birthday", amount=Money(500), days_before=0, lifetime_days=1
    )
    born(date(1990, 3, 9))

    assert [operation.split(":")[2] for operation, _day in granted(date(2026, 3, 1), date(2026, 3, 10))] == [
        "birthday",
        "cake",
    ]
