"""`POST clients/{id}/actions`: what an action brings, counted once a key, refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clients.models import Client, Location
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.api.conftest import Caller


@pytest.fixture
def review(flexgym: None) -> BonusProgram:
    """5.00 for a review, valid 30 days."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="review", name="Review", trigger="action", amount=Money(500), lifetime_days=30
    )
    return program


@pytest.fixture
def boris(till: Caller) -> str:
    return str(till.register(first_name="Boris")["id"])


def body(key: str = "17", **more: Any) -> dict[str, Any]:
    return {"code": "review", "key": key, **more}


def test_an_action_answers_its_entry(till: Caller, review: BonusProgram, boris: str) -> None:
    made = till.post(f"clients/{boris}/actions", body(note="five stars")).made()
    told = ("kind", "unit", "amount", "program", "visit", "by", "note", "name", "limit_percent", "min_check")
    assert [made[key] for key in told] == [
        *("grant", "bonus", "5.00", "review", None, "key:till-1", "five stars", "Review", "100", "0.00"),
    ]
    assert till.get(f"clients/{boris}/balance").ok()["balance"] == "5.00"
    assert made["id"] == till.get(f"clients/{boris}/entries").ok()["results"][0]["id"]


def test_the_same_key_is_the_same_entry_with_and_without_a_header(
    till: Caller, review: BonusProgram, boris: str
) -> None:
    first = till.post(f"clients/{boris}/actions", body()).made()
    assert till.post(f"clients/{boris}/actions", body()).made() == first
    assert till.post(f"clients/{boris}/actions", body(), idempotency="a").made() == first
    again = till.post(f"clients/{boris}/actions", body(), idempotency="a")
    assert (again.made(), again.headers["Idempotent-Replayed"]) == (first, "true")
    assert Lot.objects.count() == 1


def test_what_was_counted_already_is_a_conflict(till: Caller, review: BonusProgram, boris: str) -> None:
    BonusProgram.objects.update(repeat_days=30)
    till.post(f"clients/{boris}/actions", body()).made()
    problem = till.post(f"clients/{boris}/actions", body("18")).refused(409, "action_already_counted", "code")
    assert "Review was counted on" in problem["detail"]
    assert len(problem["again_from"]) == len("2026-04-01")
    alice = till.register(first_name="Alice")["id"]
    till.post(f"clients/{alice}/actions", body()).made()  # a key is the client's own
    assert Lot.objects.count() == 2


def test_what_does_not_count_says_why(till: Caller, review: BonusProgram, boris: str) -> None:
    till.post(f"clients/{boris}/actions", body() | {"code": "welcome"}).refused(404, "not_found", "code")
    BonusProgram.objects.filter(code="review").update(enabled=False)
    problem = till.post(f"clients/{boris}/actions", body()).refused(422, "action_not_applicable", "code")
    assert problem["detail"] == "Review is switched off."


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"code": "review"}, "key"),
        ({"key": "1"}, "code"),
        (body("x" * 65), "key"),
        (body("ключ"), "key"),
        (body(amount="5"), "amount"),
        (body(note=7), "note"),
        (body(note="x" * 251), "note"),
        (body() | {"code": 7}, "code"),
        (body() | {"key": 17}, "key"),
    ],
)
def test_odd_input_is_named(till: Caller, review: BonusProgram, boris: str, sent: Any, field: str) -> None:
    till.post(f"clients/{boris}/actions", sent).refused(400, "invalid", field)
    assert not Lot.objects.exists()


def test_nobody_and_the_forgotten(till: Caller, review: BonusProgram, boris: str) -> None:
    from django.utils import timezone

    till.post("clients/999/actions", body()).refused(404, "not_found")
    Client.objects.update(erased_at=timezone.now())
    till.post(f"clients/{boris}/actions", body()).refused(410, "client_erased")


def test_a_key_of_one_location_confirms_there(
    make_caller: Callable[..., Caller], review: BonusProgram, boris: str
) -> None:
    review.locations = ["riverside"]
    review.save()
    here, there = (make_caller("till", Location.objects.get(code=code), name=code) for code in ("main", "riverside"))
    here.post(f"clients/{boris}/actions", body()).refused(422, "action_not_applicable", "code")
    there.post(f"clients/{boris}/actions", body()).made()
