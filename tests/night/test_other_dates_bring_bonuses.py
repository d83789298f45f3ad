"""The anniversary of joining and personal dates bring bonuses once a year, so many days before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client, PersonalDate
from loyalty import occasions
from loyalty.dates import Window, grant_date_bonuses, kept_on
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.night.value import NEW_YORK, account_of, tonight

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 15, 15, 0, tzinfo=UTC)


def program(**facts: object) -> BonusProgram:
    made: BonusProgram = factories.BonusProgramFactory(
        **{"code": "jubilee", "name": "Jubilee", "trigger": "anniversary", "amount": Money(50000), **facts}
    )
    return made


def joined(at: datetime) -> Client:
    client: Client = factories.ClientFactory(created_at=at)
    account_of(client)
    return client


def told(client: Client, day: date, name: str = "child") -> PersonalDate:
    account_of(client)
    return PersonalDate.objects.create(client=client, name=name, day=day)


def nights(first: date, last: date, zone: ZoneInfo = NEW_YORK) -> list[tuple[str, date]]:
    """Operations with the nights that granted them."""
    found: list[tuple[str, date]] = []
    for i in range((last - first).days + 1):
        day = first + timedelta(days=i)
        if count := grant_date_bonuses(tonight(day, zone)):
            newest = list(Lot.objects.order_by("-pk").values_list("operation", flat=True)[:count])
            found += [(operation, day) for operation in reversed(newest)]
    return found


# --- the anniversary of joining -----------------------------------------------------------------------------------


def test_the_first_anniversary_comes_a_year_after_joining(business: object) -> None:
    program(days_before=3)
    boris = joined(datetime(2025, 3, 10, 15, 0, tzinfo=UTC))

    assert nights(date(2025, 3, 1), date(2025, 3, 31)) == []
    assert nights(date(2026, 3, 1), date(2026, 3, 31)) == [(f"date:2026:jubilee:client:{boris.pk}", date(2026, 3, 7))]


def test_each_year_brings_one(business: object) -> None:
    program(days_before=3)
    boris = joined(datetime(2024, 12, 31, 15, 0, tzinfo=UTC))

    found = [one for year in (2025, 2026, 2027) for one in nights(date(year, 12, 25), date(year + 1, 1, 3))]

    expected = [(f"date:{year}:jubilee:client:{boris.pk}", date(year, 12, 28)) for year in (2025, 2026, 2027)]
    assert found == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("America/New_York", date(2026, 3, 9)), ("Asia/Tokyo", date(2026, 3, 10)), ("UTC", date(2026, 3, 10))],
)
def test_the_day_of_joining_is_a_day_of_the_business(zone: str, expected: date, business: object) -> None:
    program()
    joined(datetime(2024, 3, 10, 1, 0, tzinfo=UTC))  # the evening of the 9th in New York

    assert [day for _operation, day in nights(date(2026, 3, 7), date(2026, 3, 12), ZoneInfo(zone))] == [expected]


@pytest.mark.parametrize(
    ("year", "expected"), [(2026, date(2026, 2, 28)), (2027, date(2027, 2, 28)), (2028, date(2028, 2, 29))]
)
def test_whoever_joined_on_29_february_is_remembered_on_the_28th(year: int, expected: date, business: object) -> None:
    program()
    joined(datetime(2024, 2, 29, 15, 0, tzinfo=UTC))

    assert [day for _operation, day in nights(date(year, 2, 25), date(year, 3, 3))] == [expected]


def test_only_whoever_joined_on_the_day_is_remembered_on_29_february(business: object) -> None:
    program()
    for day in (date(2025, 2, 28), date(2025, 3, 1), date(2024, 2, 29)):
        joined(datetime(day.year, day.month, day.day, 15, 0, tzinfo=UTC))

    assert [day for _operation, day in nights(date(2028, 2, 27), date(2028, 3, 2))] == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]


@pytest.mark.parametrize("notice", [0, 7])
def test_every_night_looks_at_the_days_of_joining_that_it_keeps(notice: int) -> None:
    """Eight years of nights, each asked about the days around those of earlier years, one by one."""
    program = BonusProgram(days_before=notice)
    for i in range(366 * 8):
        window = Window.of(program, date(2024, 1, 1) + timedelta(days=i))
        for years in (1, 2, 3, 4):
            around = [window.first - timedelta(days=round(365.25 * years) - j) for j in range(-3, notice + 4)]
            kept = [day for day in around if window.first <= kept_on(day, day.year + years) <= window.last]
            span = window.years_ago(years)
            assert kept == ([] if span is None else [day for day in around if span[0] <= day <= span[1]])
            assert all(window.year_of(day) == day.year + years for day in kept)


# --- personal dates -----------------------------------------------------------------------------------------------


@pytest.fixture
def child(business: object) -> BonusProgram:
    return program(code="child", trigger="personal_date", date_name="child", days_before=2)


def test_a_date_of_the_name_brings_bonuses_each_year(child: BonusProgram, boris: Client) -> None:
    row = told(boris, date(2020, 5, 10))
    told(boris, date(2020, 5, 20), name="wedding")

    found = [one for year in (2026, 2027) for one in nights(date(year, 5, 1), date(year, 5, 31))]

    assert found == [(f"date:{year}:child:client:{boris.pk}:{row.pk}", date(year, 5, 8)) for year in (2026, 2027)]


def test_each_child_has_its_own(child: BonusProgram, boris: Client) -> None:
    twins = [told(boris, date(2020, 5, 10)), told(boris, date(2022, 5, 10)), told(boris, date(2021, 5, 11))]

    found = nights(date(2026, 5, 1), date(2026, 5, 31))

    days = [date(2026, 5, 8), date(2026, 5, 8), date(2026, 5, 9)]
    assert found == [(f"date:2026:child:client:{boris.pk}:{row.pk}", day) for row, day in zip(twins, days, strict=True)]


def test_new_year_belongs_to_the_coming_year(child: BonusProgram) -> None:
    boris = joined(LONG_AGO)
    rows = [told(boris, date(2020, 1, 1)), told(boris, date(2020, 12, 31))]

    found = [one for year in (2025, 2026) for one in nights(date(year, 12, 25), date(year + 1, 1, 3))]

    assert found == [
        (f"date:2025:child:client:{boris.pk}:{rows[1].pk}", date(2025, 12, 29)),
        (f"date:2026:child:client:{boris.pk}:{rows[0].pk}", date(2025, 12, 30)),
        (f"date:2026:child:client:{boris.pk}:{rows[1].pk}", date(2026, 12, 29)),
        (f"date:2027:child:client:{boris.pk}:{rows[0].pk}", date(2026, 12, 30)),
    ]


def test_a_date_told_anew_with_another_day_brings_no_second_one(child: BonusProgram, boris: Client) -> None:
    told(boris, date(2020, 5, 10))
    nights(date(2026, 5, 8), date(2026, 5, 8))
    PersonalDate.objects.all().delete()
    again = told(boris, date(2020, 6, 10))

    assert nights(date(2026, 5, 9), date(2026, 6, 15)) == []
    assert nights(date(2027, 6, 1), date(2027, 6, 30)) == [
        (f"date:2027:child:client:{boris.pk}:{again.pk}", date(2027, 6, 8))
    ]


def test_of_two_dates_told_anew_for_one_only_the_missing_one_is_given(child: BonusProgram, boris: Client) -> None:
    gone = told(boris, date(2020, 5, 10))
    nights(date(2026, 5, 8), date(2026, 5, 8))
    gone.delete()
    kept = [told(boris, date(2020, 6, 10)), told(boris, date(2021, 6, 10))]

    assert nights(date(2026, 6, 1), date(2026, 6, 30)) == [
        (f"date:2026:child:client:{boris.pk}:{kept[0].pk}", date(2026, 6, 8))
    ]


def test_a_date_that_is_still_to_come_is_kept_on_its_day_first(child: BonusProgram, boris: Client) -> None:
    told(boris, date(2027, 5, 10))

    found = [one for year in (2026, 2027) for one in nights(date(year, 5, 1), date(year, 5, 20))]

    assert [day for _operation, day in found] == [date(2027, 5, 8)]


@pytest.mark.parametrize(("year", "expected"), [(2027, date(2027, 2, 26)), (2028, date(2028, 2, 27))])
def test_a_child_of_29_february(year: int, expected: date, child: BonusProgram, boris: Client) -> None:
    told(boris, date(2024, 2, 29))

    assert [day for _operation, day in nights(date(year, 2, 20), date(year, 3, 5))] == [expected]


def test_only_whoever_registered_long_enough_before(child: BonusProgram) -> None:
    BonusProgram.objects.update(registered_days=30)
    early, late = (joined(datetime(2026, 4, day, 15, 0, tzinfo=UTC)) for day in (8, 11))
    told(early, date(2020, 5, 10))
    told(late, date(2020, 5, 10))

    found = [operation.split(":")[4] for operation, _day in nights(date(2026, 5, 8), date(2026, 5, 10))]
    assert found == [str(early.pk)]


def test_many_dates_are_read_in_pages_and_none_is_lost(child: BonusProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occasions, "PAGE", 3)
    monkeypatch.setattr(occasions, "AT_ONCE", 2)
    for many in (1, 2, 1, 3, 1):  # the fourth client alone fills a page
        client = factories.ClientFactory()
        for age in range(many):
            told(client, date(2015 + age, 5, 10))

    assert (grant_date_bonuses(tonight(date(2026, 5, 9))), grant_date_bonuses(tonight(date(2026, 5, 9)))) == (8, 0)
