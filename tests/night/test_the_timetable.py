"""Beat's rows are there after `migrate`, in the business's time zone, and the owner's hours stay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from clients.models import Business
from config import timetable
from config.celery import app
from tests.night.value import NEW_YORK

pytestmark = pytest.mark.django_db
OURS = [timetable.CATCH_UP, *(nightly.task for nightly in timetable.NIGHTLY)]


def zones() -> set[str]:
    rows = PeriodicTask.objects.filter(task__in=OURS, crontab__isnull=False)
    return {str(zone) for zone in rows.values_list("crontab__timezone", flat=True)}


def test_every_task_has_its_row_and_exists() -> None:
    app.loader.import_default_modules()

    assert sorted(PeriodicTask.objects.filter(task__in=OURS).values_list("task", flat=True)) == sorted(OURS)
    assert set(OURS) <= set(app.tasks)


def test_catching_up_comes_every_five_minutes() -> None:
    row = PeriodicTask.objects.select_related("interval").get(task="loyalty.catch_up")

    assert (str(row.interval), row.expire_seconds) == ("every 5 minutes", 300)


def test_without_a_business_the_hours_are_in_utc() -> None:
    assert (timetable.follow_the_business(), zones()) == (0, {"UTC"})


def test_the_hours_follow_the_business(business: Business) -> None:
    assert timetable.follow_the_business() == len(timetable.NIGHTLY)
    assert zones() == {"America/New_York"}

    business.timezone = "Europe/Moscow"
    business.save()

    assert (timetable.follow_the_business(), timetable.follow_the_business()) == (len(timetable.NIGHTLY), 0)
    assert zones() == {"Europe/Moscow"}


def test_the_hour_that_the_owner_chose_stays(business: Business) -> None:
    birthdays = PeriodicTask.objects.get(task="loyalty.grant_birthday_bonuses")
    birthdays.crontab = CrontabSchedule.objects.create(hour="9", minute="30", day_of_week="1-5", timezone="UTC")
    birthdays.save()

    timetable.follow_the_business()

    birthdays.refresh_from_db()
    crontab = birthdays.crontab
    kept = (crontab.hour, crontab.minute, crontab.day_of_week, str(crontab.timezone))
    assert kept == ("9", "30", "1-5", "America/New_York")


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        pytest.param((7, 0, 40), (8, 0, 39), False, id="a minute before"),
        pytest.param((7, 0, 40), (8, 0, 40), True, id="to the minute"),
        pytest.param((8, 0, 41), (9, 0, 39), False, id="a minute before, after a day of 23 hours"),
        pytest.param((8, 0, 41), (9, 0, 40), True, id="to the minute, after a day of 23 hours"),
        pytest.param((2, 9, 0), (9, 0, 1), True, id="days late at any hour"),
    ],
)
def test_an_hour_comes_once_a_day_where_the_business_is(
    since: tuple[int, int, int], now: tuple[int, int, int], expected: bool, business: Business
) -> None:
    """The task stands at 00:40 in New York, where the clocks go forward on 8 March 2026 at 02:00."""
    timetable.follow_the_business()
    last_run, moment = (datetime(2026, 3, *local, tzinfo=NEW_YORK).astimezone(UTC) for local in (since, now))

    assert timetable.has_come("loyalty.expire_lots", last_run, moment) is expected


def test_the_migration_goes_back_and_forth() -> None:
    timetable.remove_timetable(apps, None)
    assert not PeriodicTask.objects.filter(task__in=OURS).exists()

    for _again in range(2):
        timetable.make_timetable(apps, None)

    assert PeriodicTask.objects.filter(task__in=OURS).count() == len(OURS)
