"""`Idempotency-Key`: the same request counts once, however often it is sent, also at the same moment (P4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, transaction
from django.test import RequestFactory, override_settings
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from rest_framework.request import Request

from clients.models import Client
from giftcards.models import GiftCard
from loyalty.api.idempotency import Answer, forget_old, once
from loyalty.api.keys import find_caller
from loyalty.api.reading import StrictJSONParser
from loyalty.models import Account, Entry, Refund, Reply, Visit
from memberships.models import Membership
from tests.api.conftest import Answered, Caller, basket
from tests.conftest import Together

CASH = {"payments": [{"method": "cash", "amount": "3.00"}]}


def test_each_changing_call_counts_once(owner: Caller) -> None:
    boris = owner.register(first_name="Boris")
    visit = owner.settle("towel", client=boris)
    paid = {"location": "main", "payments": [{"method": "cash", "amount": "90"}]}
    calls: dict[str, Any] = {
        "clients": {"first_name": "Alice"},
        f"clients/{boris['id']}/adjust": {"amount": "5", "reason": "x"},
        "visits": {**basket("towel"), **CASH},
        f"visits/{visit['id']}/refund": {"reason": "x"},
        "giftcards": {**paid, "type": "gift", "amount": "50", "payments": [{"method": "cash", "amount": "50"}]},
        "memberships": {**paid, "client": boris["id"], "plan": "five"},
    }

    for number, (path, body) in enumerate(calls.items()):
        first, second = (owner.post(path, body, idempotency=f"key-{number}") for _i in range(2))
        assert (first.status, second.status, first.content == second.content) == (201, 201, True), path
        assert second.headers["Idempotent-Replayed"] == "true"

    counts = [model.objects.count() for model in (Client, Refund, GiftCard, Membership, Visit)]
    assert counts == [2, 1, 1, 1, 4]
    assert Entry.objects.filter(kind="adjust").count() == 1


def test_the_order_of_keys_and_spaces_make_no_other_body(till: Caller) -> None:
    first = till.post("clients", '{"first_name": "Boris", "last_name": "Petrov"}', idempotency="one")
    second = till.post("clients/", '{"last_name":"Petrov","first_name":"Boris"}', idempotency="one")

    assert first.made() == second.made()
    assert Client.objects.count() == 1


def test_another_body_or_another_address_under_the_same_key_is_refused(till: Caller) -> None:
    boris = till.post("clients", {"first_name": "Boris"}, idempotency="one").made()

    till.post("clients", {"first_name": "Alice"}, idempotency="one").refused(422, "idempotency_key_reused")
    till.post("visits", {**basket("towel"), **CASH}, idempotency="one").refused(422, "idempotency_key_reused")
    assert (Client.objects.count(), Visit.objects.count()) == (1, 0)
    assert till.post("clients", {"first_name": "Boris"}, idempotency="one").made() == boris


def test_keys_of_two_callers_are_two(till: Caller, owner: Caller) -> None:
    for caller in (till, owner):
        caller.post("clients", {"first_name": "Boris"}, idempotency="one").made()

    assert Client.objects.count() == 2


def test_a_refused_request_may_be_put_right_under_the_same_key(till: Caller) -> None:
    check = basket("towel")
    till.post("visits", {**check, "payments": []}, idempotency="one").refused(422, "payment_mismatch")
    assert not Reply.objects.exists()

    assert till.post("visits", {**check, **CASH}, idempotency="one").made()["to_pay"] == "3.00"


def test_without_a_key_every_request_counts(till: Caller) -> None:
    for _i in range(2):
        till.post("visits", {**basket("towel"), **CASH}).made()

    assert Visit.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "tab\there", "ключ"])
def test_what_is_no_key_is_refused(till: Caller, key: str) -> None:
    till.post("clients", {"first_name": "Boris"}, idempotency=key).refused(400, "invalid", "Idempotency-Key")

    assert not Client.objects.exists()


def test_an_answer_counts_for_a_day(till: Caller) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        first = till.post("clients", {"first_name": "Boris"}, idempotency="one").made()
        clock.shift(timedelta(hours=23, minutes=59))
        assert till.post("clients", {"first_name": "Boris"}, idempotency="one").made() == first
        assert forget_old(timezone.now()) == 0

        clock.shift(timedelta(minutes=2))
        assert till.post("clients", {"first_name": "Boris"}, idempotency="one").made() != first
        assert (Client.objects.count(), Reply.objects.count()) == (2, 1)
        clock.shift(timedelta(hours=24))
        assert (forget_old(timezone.now()), Reply.objects.count()) == (1, 0)


def test_what_is_kept_cannot_be_read_in_the_database(till: Caller) -> None:
    sale = {"type": "gift", "amount": "50", "location": "main", "payments": [{"method": "cash", "amount": "50"}]}
    code = till.post("giftcards", sale, idempotency="one").made()["code"]

    reply = Reply.objects.get()
    assert reply.status == 201
    assert code not in reply.body
    assert "gift" not in reply.body + reply.request_hash


def test_a_new_secret_key_still_reads_what_the_old_one_kept(till: Caller, settings: Any) -> None:
    first = till.post("clients", {"first_name": "Boris"}, idempotency="one").made()

    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[old]):
        # The request itself is told by a keyed hash: under a new key it reads as another one, and nothing runs twice.
        till.post("clients", {"first_name": "Boris"}, idempotency="one").refused(422, "idempotency_key_reused")
    assert till.post("clients", {"first_name": "Boris"}, idempotency="one").made() == first
    assert Client.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_run_once(till: Caller, together: Together) -> None:
    boris = till.register(first_name="Boris")
    check = {**basket("towel", client=boris), **CASH}

    def send() -> Answered:
        return Caller(till.key).post("visits", check, idempotency="one")

    answers = together(*[send] * 6)

    assert [answer.status for answer in answers] == [201] * 6, answers
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", *["true"] * 5]
    assert (Visit.objects.count(), Reply.objects.count()) == (1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_duplicate_waits_for_a_first_that_is_then_refused(till: Caller, together: Together) -> None:
    """Both are refused, and nothing is left under the key."""
    check = {**basket("towel"), "payments": []}

    def send() -> Answered:
        return Caller(till.key).post("visits", check, idempotency="one")

    assert [answer.status for answer in together(send, send)] == [422, 422]
    assert (Visit.objects.count(), Reply.objects.count()) == (0, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_spend_the_same_bonuses_once(till: Caller, together: Together) -> None:
    alice = till.register(first_name="Alice")
    bob = till.register(first_name="Bob", referrer=alice["card"])
    check = {**basket("personal", "personal", "personal", "personal", client=bob, redeem="100")}
    check["payments"] = [{"method": "cash", "amount": "140.00"}]

    answers = together(*[lambda: Caller(till.key).post("visits", check)] * 2)

    assert sorted(answer.status for answer in answers) == [201, 422]
    refused = next(answer for answer in answers if answer.status == 422)
    refused.refused(422, "insufficient_balance")
    assert Visit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_there_as_soon_as_the_work_is(till: Caller) -> None:
    """One transaction: a connection that is cut after COMMIT finds the truth when it asks again."""
    seen: list[tuple[int, int]] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "UPDATE" in sql and "loyalty_reply" in sql:
            seen.append(
                (len(transaction.get_connection().savepoint_ids), int(transaction.get_connection().in_atomic_block))
            )
        return execute(sql, params, many, context)

    with transaction.get_connection().execute_wrapper(look):
        till.post("clients", {"first_name": "Boris"}, idempotency="one").made()

    assert seen == [(0, 1)]


# --- when the database cannot -----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_asked_to_try_again(till: Caller, together: Together) -> None:
    """Somebody holds the client's account for longer than a till waits (`lock_timeout`, three seconds)."""
    bob = till.register(first_name="Boris")
    holds, may_let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Account.objects.filter(client=bob["id"]).select_for_update())
            holds.set()
            may_let_go.wait(20)

    def sell() -> Answered:
        holds.wait(20)
        try:
            return Caller(till.key).post("visits", {**basket("towel", client=bob), **CASH}, idempotency="one")
        finally:
            may_let_go.set()

    _held, answer = together(hold, sell)

    answer.refused(503, "busy")
    assert answer.headers["Retry-After"] == "2"
    assert (Visit.objects.count(), Reply.objects.count()) == (0, 0)
    till.post("visits", {**basket("towel", client=bob), **CASH}, idempotency="one").made()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("conflicts", "runs"), [(0, 1), (2, 3)])
def test_a_deadlock_begins_the_work_again(till: Caller, conflicts: int, runs: int) -> None:
    operations: list[str] = []

    def work(operation: str) -> Answer:
        operations.append(operation)
        if len(operations) <= conflicts:
            raise OperationalError from DeadlockDetected()
        return Answer(201, {"runs": len(operations)})

    assert once(_request(till), work, now=timezone.now()).content == b'{"runs":%d}' % runs
    assert len(set(operations)) == runs


def test_three_deadlocks_are_enough(till: Caller) -> None:
    def work(_operation: str) -> Answer:
        raise OperationalError from DeadlockDetected()

    with pytest.raises(OperationalError):
        once(_request(till), work, now=timezone.now())
    assert not Reply.objects.exists()


def _request(caller: Caller) -> Request:
    sent = RequestFactory().post("/api/v1/clients", "{}", "application/json", headers={"Idempotency-Key": "one"})
    request = Request(sent, parsers=[StrictJSONParser()])
    request.auth = find_caller(caller.key)
    return request
