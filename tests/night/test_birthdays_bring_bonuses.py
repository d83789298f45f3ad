"""A birthday brings bonuses once: so many days before it, in the year it belongs to, also when a night was missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from loyalty.birthdays import grant_birthday_bonuses
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.night.value import NEW_YORK, TASK, account_of

pytestmark = pytest.mark.django_db


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
    return grant_birthday_bonuses(day=day, zone=NEW_YORK, by=TASK)


def granted(first: date, last: date) -> list[tuple[str, date]]:
    """Operations with the nights that granted them, from the first to the last."""
    found = []
    for i in range((last - first).days + 1):
        day = first + timedelta(days=i)
        known = set(Lot.objects.values_list("operation", flat=True))
        night(day)
        found += [(o, day) for o in Lot.objects.values_list("operation", flat=True) if o not in known]
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

    years = [operation.split(":")[1] for operation, _day in granted(date(2027, 1, 1), date(2029, 12, 31))]

    assert years == ["2027", "2028", "2029"]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_birthday_is_a_date_in_every_time_zone(zone: str) -> None:
    born(date(1990, 3, 9))

    counts = [
        grant_birthday_bonuses(day=date(2026, 3, 1) + timedelta(days=i), zone=ZoneInfo(zone), by=TASK) for i in range(4)
    ]

    assert counts == [0, 1, 0, 0]


def test_whoever_joins_within_the_days_before_gets_it_in_the_next_night() -> None:
    born(date(1990, 3, 9), created_at=datetime(2026, 3, 4, 20, 0, tzinfo=UTC))

    assert [day for _operation, day in granted(date(2026, 3, 1), date(2026, 3, 20))] == [date(2026, 3, 4)]


def test_another_date_of_birth_brings_no_second_one_within_a_year() -> None:
    boris = born(date(1990, 3, 9))
    night(date(2026, 3, 2))
    Client.objects.filter(pk=boris.pk).update(birthday=date(1990, 6, 1))

    assert granted(date(2026, 3, 3), date(2026, 12, 31)) == []


def test_a_corrected_date_of_birth_counts_in_the_year_after() -> None:
    boris = born(date(1990, 3, 9))
    night(date(2026, 3, 2))
    Client.objects.filter(pk=boris.pk).update(birthday=date(1990, 6, 1))

    assert [day for _operation, day in granted(date(2027, 5, 1), date(2027, 6, 30))] == [date(2027, 5, 25)]


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
