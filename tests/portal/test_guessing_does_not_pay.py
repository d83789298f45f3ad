"""The throttle: tries are counted before anything is checked, for everybody alike, and end by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client as Browser

from clients import throttle
from clients.models import Throttle
from clients.throttle import Throttled
from giftcards.portal import ADDRESS
from tests.till import Till

HOUR = timedelta(hours=1)
GUESS = {"code": "ABCDEF GHJKMN PQRSTU"}


def tried(who: str, now: datetime, limit: int = 3) -> bool:
    """Whether the try was let through."""
    try:
        throttle.count("code", who, limit=limit, period=HOUR, now=now)
    except Throttled:
        return False
    return True


@pytest.mark.django_db
def test_so_many_tries_pass_and_no_more(now: datetime) -> None:
    assert [tried("a", now) for _try in range(5)] == [True, True, True, False, False]


@pytest.mark.django_db
def test_everybody_is_counted_alone_and_each_thing_alone(now: datetime) -> None:
    for _try in range(4):
        tried("a", now)

    assert tried("b", now)
    throttle.count("another", "a", limit=1, period=HOUR, now=now)


@pytest.mark.django_db
def test_a_period_ends_by_itself_and_tries_do_not_prolong_it(now: datetime) -> None:
    for minute in range(0, 60, 5):
        tried("a", now + timedelta(minutes=minute))

    assert not tried("a", now + timedelta(minutes=59, seconds=59))
    assert [tried("a", now + HOUR) for _try in range(4)] == [True, True, True, False]


@pytest.mark.django_db
def test_the_refusal_says_when_to_try_again(now: datetime) -> None:
    throttle.count("code", "a", limit=1, period=HOUR, now=now)

    with pytest.raises(Throttled, match=r"^That was tried too often\. Please try again in 20 minutes\.$") as refused:
        throttle.count("code", "a", limit=1, period=HOUR, now=now + timedelta(minutes=40))

    assert (refused.value.code, refused.value.facts["seconds"]) == ("throttled", 1200)


@pytest.mark.django_db
def test_no_address_and_no_phone_is_stored(now: datetime) -> None:
    tried("+12125550101", now)

    assert "2125550101" not in str(Throttle.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_a_count_that_could_be_rolled_back_is_refused(now: datetime) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        tried("a", now)


@pytest.mark.django_db
def test_counts_that_are_over_are_forgotten(now: datetime) -> None:
    tried("a", now)
    tried("b", now + timedelta(minutes=30))

    assert throttle.forget(now=now + HOUR) == 1
    assert Throttle.objects.count() == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        (0, "", "203.0.113.9"),
        (0, "1.1.1.1", "203.0.113.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (2, "8.8.8.8, 9.9.9.9, 1.1.1.1", "9.9.9.9"),
        (2, "1.1.1.1", "203.0.113.9"),
        (1, "", "203.0.113.9"),
        (1, "rubbish", "unknown"),
    ],
)
def test_a_forwarded_address_counts_only_from_proxies_we_know(
    settings: Any, proxies: int, forwarded: str, counted: str
) -> None:
    settings.TRUSTED_PROXIES = proxies

    assert throttle.address_of({"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": forwarded}) == counted


def test_a_customer_with_a_whole_network_is_one() -> None:
    assert throttle.address_of({"REMOTE_ADDR": "2001:db8:1:2:3::4"}) == throttle.address_of(
        {"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}
    )
    assert throttle.address_of({"REMOTE_ADDR": "::ffff:203.0.113.9"}) == "203.0.113.9"
    assert throttle.address_of({}) == "unknown"


@pytest.mark.django_db
def test_a_gift_card_is_guessed_five_times(till: Till, browser: Browser) -> None:
    answers = [browser.post("/gift/", GUESS) for _try in range(ADDRESS.tries + 1)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "600"
    assert "Please try again in 10 minutes." in answers[-1].content.decode()
    with time_machine.travel(till.now + timedelta(minutes=10), tick=False):
        assert browser.post("/gift/", GUESS).status_code == 200


@pytest.mark.django_db
def test_a_made_up_forwarded_address_gives_no_more_tries(till: Till) -> None:
    answers = [
        Browser().post("/gift/", GUESS, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(6)
    ]

    assert answers == [200] * 5 + [429]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_forty_guesses_at_the_same_moment_five_reach_the_check(
    till: Till, together: Callable[..., list[Any]]
) -> None:
    answers = together(*[lambda: Browser().post("/gift/", GUESS).status_code] * 40)

    assert sorted(answers) == [200] * 5 + [429] * 35
