"""`GET clients/{id}/referrals`: how far each friend is, with dates and sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Location
from tests.api.conftest import Caller


@pytest.fixture
def alice(till: Caller) -> Any:
    return till.register(first_name="Alice")


@pytest.fixture
def boris(till: Caller, alice: Any) -> Any:
    return till.register(first_name="Boris", last_name="Petrov", phone="+12125550177", referrer=alice["referral_code"])


def friends(caller: Caller, client: Any, more: str = "") -> Any:
    return caller.get(f"clients/{client['id']}/referrals{more}").ok()


def test_a_friend_is_told_step_by_step(till: Caller, alice: Any, boris: Any) -> None:
    (joined,) = friends(till, alice)["results"]
    assert (joined["id"], joined["first_name"], joined["status"]) == (boris["id"], "Boris", "registered")
    assert (joined["joined_at"], joined["first_visit_at"]) == (boris["created_at"], None)
    assert "phone" not in joined
    assert "Petrov" not in str(joined)

    visit = till.settle("personal", "towel", client=boris, redeem="max")  # 63.00, of which bonuses pay 31.50
    till.post(f"visits/{visit['id']}/refund", {"lines": [{"line": 2}], "reason": "x"}).made()
    (came,) = friends(till, alice)["results"]
    assert (came["status"], came["first_visit_at"]) == ("rewarded", visit["at"])
    assert (came["paid"], came["earned"], came["pending"], came["pending_until"]) == ("30.00", "1.50", "0.00", None)


def test_friends_come_in_pages_and_cost_no_more(till: Caller, alice: Any, boris: Any) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            friends(till, alice)
        return len(queries)

    few = asked()
    for number in range(4):
        friend = till.register(first_name=f"Friend {number}", referrer=alice["referral_code"])
        till.settle("personal", client=friend)
    assert asked() == few
    page = friends(till, alice, "?limit=2")
    assert [friend["first_name"] for friend in page["results"]] == ["Friend 3", "Friend 2"]
    assert page["next"] is not None
    till.get(f"clients/{alice['id']}/referrals?cursor=x").refused(400, "invalid", "cursor")
    till.get("clients/999999/referrals").refused(404, "not_found")


def test_a_key_of_a_location_sees_what_was_paid_there(
    till: Caller, make_caller: Callable[..., Caller], alice: Any, boris: Any
) -> None:
    till.settle("personal", client=boris)
    till.settle("towel", client=boris, location="riverside")
    riverside = make_caller("till", Location.objects.get(code="riverside"), name="riverside")
    assert [friend["paid"] for friend in friends(riverside, alice)["results"]] == ["3.00"]
    assert [friend["earned"] for friend in friends(riverside, alice)["results"]] == ["3.15"]
