"""The last nights: when, how long, how many of what, and what went wrong with what to do about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clients.models import Business, Staff
from loyalty import night, watermarks
from loyalty.models import Lot, NightRun
from tests.admin.conftest import Gym, SignIn

pytestmark = pytest.mark.django_db
PAGE = "admin:loyalty_nightrun_changelist"
TASK = "loyalty.expire_lots"


def ran(task: str, at: datetime, *, count: int = 0, failure: str = "", took_ms: int = 400) -> NightRun:
    run = watermarks.begin_run(task, Business.objects.get().day(at), at)
    watermarks.end_run(run, at=at + timedelta(milliseconds=took_ms), count=count, failure=failure)
    return run


def test_a_night_says_what_it_did(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    gym.till.give(gym.boris, "12.34", last_day=gym.till.today + timedelta(days=1))
    now = timezone.now()
    night.run_daily(now=now + timedelta(days=3), day=gym.till.today + timedelta(days=2))

    seen, *_earlier = sign_in(anna).get(reverse(PAGE)).context["nights"]

    assert [row.run.task for row in seen.rows] == [duty.task for duty in night.duties()]
    assert [(row.name, row.count) for row in seen.did] == [("Bonuses, gift cards and memberships that ended", "1")]
    assert seen.told.startswith("Done on ")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (watermarks.INTERRUPTED, "It was stopped halfway: the worker was restarted or killed."),
        (watermarks.TOO_LONG, "It took longer than nine minutes and was stopped."),
        ("OperationalError: connection refused", "The database did not answer."),
        ("OverflowError: date value out of range", "It is tried again every five minutes."),
    ],
)
def test_a_failure_says_what_to_do(failure: str, said: str, gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    ran(TASK, timezone.now() - timedelta(hours=1), failure=failure)

    text = sign_in(anna).get(reverse(PAGE)).content.decode()

    assert said in text
    assert ("OverflowError" in text) is ("OverflowError" in failure)


def test_a_failure_that_was_made_good_is_told_as_such(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    ran(TASK, timezone.now() - timedelta(minutes=20), failure="OperationalError: gone")
    ran(TASK, timezone.now() - timedelta(minutes=15), count=7)

    [seen] = sign_in(anna).get(reverse(PAGE)).context["nights"]

    assert (seen.failed, [row.trouble for row in seen.rows]) == (False, ["Made good since.", ""])


def test_what_is_at_work_is_no_failure(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    watermarks.begin_run(TASK, gym.till.today, timezone.now())

    [seen] = sign_in(anna).get(reverse(PAGE)).context["nights"]

    assert (seen.failed, seen.told) == (False, "It is at work.")


def test_nights_are_chosen_by_task_and_by_failure(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, now = sign_in(anna), timezone.now()
    ran("loyalty.review_tiers", now - timedelta(days=1))
    ran(TASK, now - timedelta(days=2), failure="gone")

    def days(query: str) -> list[date]:
        return [one.day for one in browser.get(reverse(PAGE) + query).context["nights"]]

    today = gym.till.today
    yesterday, before = today - timedelta(days=1), today - timedelta(days=2)
    assert (days(""), days("?failed=1")) == ([yesterday, before], [before])
    assert (days(f"?task={TASK}"), days("?task=loyalty.review_tiers&failed=1")) == ([before], [])
    assert days("?task=nonsense&p=99&failed=2") == [yesterday, before]


@pytest.mark.parametrize(("who", "expected"), [("anna", 200), ("olga", 200), ("mike", 403), ("vera", 302)])
def test_who_sees_the_nights(who: str, expected: int, gym: Gym, request: Any, sign_in: SignIn) -> None:
    browser = sign_in(request.getfixturevalue(who))
    run = ran(TASK, timezone.now())

    assert browser.get(reverse(PAGE)).status_code == expected
    assert browser.get(reverse("admin:loyalty_nightrun_change", args=[run.pk])).status_code == expected
    assert browser.get(reverse("admin:loyalty_nightrun_add")).status_code in (302, 403)


def test_many_nights_ask_as_little_as_one(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser, now = sign_in(anna), timezone.now()
    ran(TASK, now)
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse(PAGE))
    for days in range(40):
        ran(TASK, now - timedelta(days=days))
    with CaptureQueriesContext(connection) as many:
        page = browser.get(reverse(PAGE))

    assert (len(many), len(page.context["nights"]), page.context["page"].has_next()) == (len(few), 15, True)


def test_the_first_page_tells_of_the_last_night(gym: Gym, anna: Staff, mike: Staff, sign_in: SignIn) -> None:
    gym.till.give(gym.boris, "12.34", last_day=gym.till.today + timedelta(days=1))
    Lot.objects.filter(program=None).update(first_day=date(2026, 1, 1), last_day=gym.till.today - timedelta(days=1))
    night.run_daily(now=timezone.now())

    page = sign_in(anna).get(reverse("admin:index"))
    assert "Bonuses, gift cards and memberships that ended" in page.content.decode()
    assert sign_in(mike).get(reverse("admin:index")).context["night"] is None


def test_the_first_page_warns_of_what_failed_until_it_is_made_good(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    ran(TASK, timezone.now(), failure="OperationalError: gone")

    first = browser.get(reverse("admin:index")).context["notices"][0]
    assert (first.grave, first.link) == (True, reverse(PAGE))
    assert first.text.startswith("Bonuses, gift cards and memberships that ended: The database did not answer.")

    night.run_daily(now=timezone.now())
    assert not any("did not answer" in one.text for one in browser.get(reverse("admin:index")).context["notices"])
