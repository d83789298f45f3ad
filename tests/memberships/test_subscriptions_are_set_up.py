"""The keys of subscriptions and privileges in the setup document: read, dumped the same, refused with their path."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clients.actors import Actor
from loyalty.setup import SetupRefused, dump, load
from memberships.models import Plan
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
BY = Actor.staff("anna")
CLUB: dict[str, Any] = {
    "code": "club",
    "name": "Club",
    "sessions": 8,
    "valid": {"months": 1},
    "price": "30.00",
    "services": ["session"],
    "renews": True,
    "grace_days": 5,
    "remind_days": 7,
    "privileges": {
        "discount_percent": "10",
        "cashback_percent": "2.5",
        "text": "A towel\nA locker",
        "priority_booking": True,
        "early_access": True,
    },
    "bonus": {"lifetime": {"days": 90}, "pending_days": 1, "limit_percent": "50", "min_check": "10.00"},
}


def test_every_key_comes_back(till: Till) -> None:
    load({"memberships": [CLUB]}, by=BY)
    plan = Plan.objects.get(code="club")
    assert (plan.renews, plan.grace_days, plan.remind_days) == (True, 5, 7)
    assert (plan.discount_percent, plan.cashback_percent) == (Decimal(10), Decimal("2.5"))
    assert (plan.privileges, plan.priority_booking, plan.early_access) == ("A towel\nA locker", True, True)
    assert (plan.lifetime_days, plan.pending_days, plan.limit_percent, plan.min_check) == (
        90,
        1,
        Decimal(50),
        cents("10"),
    )
    dumped = next(row for row in dump()["memberships"] if row["code"] == "club")
    assert {key: dumped[key] for key in CLUB} == CLUB
    assert load(dump(), by=BY) == []


def test_what_is_left_out_carries_nothing(till: Till) -> None:
    plain = {key: value for key, value in CLUB.items() if key not in ("renews", "privileges", "bonus")}
    load({"memberships": [plain]}, by=BY)
    plan = Plan.objects.get(code="club")
    assert (plan.renews, plan.discount_percent, plan.cashback_percent, plan.privileges) == (False, None, None, "")


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"valid": None}, "memberships[0].valid"),
        ({"privileges": {"discount_percent": "101"}}, "memberships[0].privileges.discount_percent"),
        ({"privileges": {"towel": True}}, "memberships[0].privileges.towel"),
        ({"grace_days": -1}, "memberships[0].grace_days"),
    ],
)
def test_a_mistake_is_named_by_its_path(till: Till, more: dict[str, Any], path: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        load({"memberships": [{**CLUB, **more}]}, by=BY)
    assert path in str(refused.value)
    assert not Plan.objects.filter(code="club").exists()
