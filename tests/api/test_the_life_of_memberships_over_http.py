"""A sold membership over HTTP: frozen, extended, passed on, upgraded, and its whole story."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from clients.models import Location
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.models import Plan
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def boris(till: Caller) -> Any:
    return till.register(first_name="Boris", last_name="Petrov")


@pytest.fixture
def five(till: Caller, boris: Any) -> Any:
    return sell(till, boris, "five", "90")


def sell(till: Caller, client: Any, plan: str, pay: str, **more: Any) -> Any:
    sale = {"client": client["id"], "plan": plan, "location": "main", **more}
    return till.post("memberships", {**sale, "payments": [{"method": "cash", "amount": pay}]}).made()


def later(day: str, days: int) -> str:
    return str(date.fromisoformat(day) + timedelta(days=days))


def today() -> date:
    from django.utils import timezone

    return rulebook().house.day(timezone.now())


def test_it_is_frozen_and_the_freeze_is_called_off(till: Caller, five: Any) -> None:
    begin = str(today() + timedelta(days=2))
    frozen = till.post(f"memberships/{five['id']}/freeze", {"from": begin, "days": 10, "reason": "holiday"}).ok()
    assert frozen["last_day"] == later(five["last_day"], 10)
    assert frozen["freezes"] == [{"from": begin, "until": later(begin, 9), "days": 10}]
    assert (frozen["freeze_days"], frozen["freeze_days_left"], frozen["status"]) == (14, 4, "active")
    (change,) = frozen["changes"]
    assert (change["kind"], change["reason"], change["by"]) == ("frozen", "holiday", "key:till-1")
    assert change["text"].startswith("Frozen for 10 days from ")
    back = till.post(f"memberships/{five['id']}/unfreeze", {}).ok()
    assert (back["last_day"], back["freezes"], back["freeze_days_left"]) == (five["last_day"], [], 14)
    till.post(f"memberships/{five['id']}/unfreeze", {}).refused(422, "membership_not_frozen")


@pytest.mark.parametrize(
    ("said", "status", "code", "field"),
    [
        ({"days": 15}, 400, "invalid", "days"),
        ({"days": 0}, 400, "invalid", "days"),
        ({"days": "3"}, 400, "invalid", "days"),
        ({"days": 3, "from": "soon"}, 400, "invalid", "from"),
        ({"days": 3, "from": "2020-01-01"}, 400, "invalid", "from"),
        ({"days": 3, "until": "2020-01-01"}, 400, "invalid", "until"),
    ],
)
def test_what_makes_no_sense_is_refused(till: Caller, five: Any, said: Any, status: int, code: str, field: str) -> None:
    till.post(f"memberships/{five['id']}/freeze", said).refused(status, code, field)
    assert till.get(f"memberships/{five['id']}").ok()["changes"] == []


def test_a_request_that_is_sent_twice_counts_once(owner: Caller, five: Any) -> None:
    body = {"days": 7, "reason": "works at the pool"}
    first, again = [
        owner.post(f"memberships/{five['id']}/extend", body, idempotency="seven").ok() for _turn in range(2)
    ]
    assert first == again
    assert again["last_day"] == later(five["last_day"], 7)
    owner.post(f"memberships/{five['id']}/extend", {"days": 8, "reason": "x"}, idempotency="seven").refused(
        422, "idempotency_key_reused"
    )


def test_sessions_are_passed_on_with_their_price(owner: Caller, till: Caller, five: Any) -> None:
    aunt = till.register(first_name="Olga")
    body = {"client": aunt["id"], "reason": "present", "sessions": 2}
    old = owner.post(f"memberships/{five['id']}/transfer", body).ok()
    assert (old["remaining"], old["sessions"], old["paid"]) == (3, 3, "54.00")
    new = till.get(f"memberships/{old['changes'][0]['membership']}").ok()
    assert (new["client"], new["remaining"], new["paid"], new["origin"]) == (aunt["id"], 2, "36.00", old["id"])
    assert prove() == []


def test_a_missed_appointment_takes_a_session(till: Caller, five: Any) -> None:
    path = f"memberships/{five['id']}"
    missed = till.post(f"{path}/no_show", {"reason": "did not come", "service": "session"}).ok()
    assert (missed["remaining"], missed["no_shows"][0]["service"]) == (4, "Training session")
    back = till.post(f"{path}/no_show_back", {"number": 1, "reason": "was ill"}).ok()
    assert (back["remaining"], back["no_shows"][0]["given_back"]) == (5, True)
    till.post(f"{path}/no_show", {"reason": "x", "service": "towel"}).refused(400, "invalid", "service")


def test_who_used_it_is_told(till: Caller, boris: Any, five: Any) -> None:
    visit = till.settle("session", client=boris)
    (use,) = till.get(f"memberships/{five['id']}").ok()["uses"]
    assert (use["visit"], use["sessions"], use["client"]) == (visit["id"], 1, boris["id"])


def test_a_key_of_another_location_is_not_told_of_its_visits(
    till: Caller, make_caller: Callable[..., Caller], boris: Any, five: Any
) -> None:
    till.settle("session", client=boris)
    riverside = make_caller("till", Location.objects.get(code="riverside"), name="riverside")
    told = riverside.get(f"memberships/{five['id']}").ok()
    assert (told["remaining"], told["uses"]) == (4, [])


def test_it_is_upgraded_with_what_was_not_used(till: Caller, boris: Any, five: Any) -> None:
    till.settle("session", client=boris)
    ten = sell(till, boris, "ten", "88", upgrade=five["id"])  # 160.00 less 72.00
    old, new = (till.get(f"memberships/{one['id']}").ok() for one in (five, ten))
    assert (old["status"], new["paid"], new["credit"], new["origin"]) == ("void", "160.00", "72.00", five["id"])
    sale = {"client": boris["id"], "plan": "ten", "location": "main", "upgrade": five["id"]}
    till.post("memberships", sale).refused(422, "membership_not_changeable", "upgrade")


def test_of_one_that_is_not_there_nothing_is_told(till: Caller, boris: Any) -> None:
    till.get("memberships/99999").refused(404, "not_found")
    till.post("memberships/99999/unfreeze", {}).refused(404, "not_found")


def test_a_subscription_ends_before_its_first_visit_and_is_taken_up_again(till: Caller, boris: Any) -> None:
    Plan.objects.filter(code="five").update(renews=True, valid_days=None, valid_months=1, starts="first_visit")
    Plan.objects.get(code="five").save()  # what an update tells nobody, a save does
    path = f"memberships/{sell(till, boris, 'five', '90')['id']}"
    for call, body, renews in (("end_renewal", {"reason": "moves away"}, False), ("take_up_renewal", {}, True)):
        told = till.post(f"{path}/{call}", body).ok()
        assert (told["renews"], told["paid_until"], told["next"]) == (renews, None, None)
    assert till.balance(boris)["subscriptions"] == []
    till.settle("session", client=boris)
    (begun,) = till.balance(boris)["subscriptions"]
    assert (begun["renews"], begun["paid_until"] is not None) == (True, True)
