"""Deadlocks are tried again, long waits are said in words (`loyalty.transactions`)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from loyalty.models import Service
from loyalty.transactions import TillBusy, in_one_transaction
from tests import factories
from tests.conftest import Together
from tests.till import Till

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def lock(code: str) -> None:
    list(Service.objects.select_for_update().filter(code=code))


def test_a_deadlock_is_tried_again(till: Till, together: Together) -> None:
    both_hold_one = threading.Barrier(2, timeout=10)
    tries = []

    @in_one_transaction
    def work(first: str, second: str) -> str:
        tries.append(first)
        lock(first)
        if len(tries) <= 2:
            both_hold_one.wait()
        lock(second)
        return first

    answers = together(lambda: work("session", "towel"), lambda: work("towel", "session"))
    assert sorted(answers) == ["session", "towel"]
    assert len(tries) == 3


def test_a_wait_that_takes_too_long_is_said_in_words(till: Till, together: Together) -> None:
    holds, done = threading.Event(), threading.Event()

    @in_one_transaction
    def hold() -> None:
        lock("session")
        holds.set()
        done.wait(10)

    @in_one_transaction
    def wait() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        lock("session")

    def second() -> None:
        holds.wait(10)
        try:
            wait()
        finally:
            done.set()

    _held, refused = together(hold, second)
    assert isinstance(refused, TillBusy)
    assert refused.facts == {"seconds": 2}


def test_one_inside_another_leaves_it_to_the_outer_one(till: Till) -> None:
    @in_one_transaction
    def inner() -> None:
        factories.ServiceFactory(code="inner")
        raise TillBusy("busy")

    @in_one_transaction
    def outer() -> None:
        factories.ServiceFactory(code="outer")
        with pytest.raises(TillBusy):
            inner()

    outer()
    assert list(Service.objects.filter(code__in=["inner", "outer"]).values_list("code", flat=True)) == ["outer"]
