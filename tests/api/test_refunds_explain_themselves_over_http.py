"""A refund's answer carries its trace; a till refunds checks as old as a manager may, the owner's key any."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.models import HouseRules, Refund
from tests.api.conftest import Caller


@pytest.fixture
def bob(till: Caller) -> Any:
    till.register(first_name="Alice", phone="+12125550101")
    return till.register(first_name="Bob", referrer="+12125550101")


def test_every_figure_has_its_note(till: Caller, bob: Any) -> None:
    visit = till.settle("personal", client=bob, redeem="max", pay="30.00")
    back = till.post(f"visits/{visit['id']}/refund", {"reason": "injured"}).made()
    told = [(note["stage"], note["code"], note["amount"]) for note in back["trace"]]
    assert told == [
        ("line", "refund.line", "60.00"),
        ("money", "refund.money", "30.00"),
        ("bonus", "refund.bonus", "30.00"),
        ("earning", "refund.earned_rest", "0.90"),
        ("referrer", "refund.referrer_rest", "1.50"),
        ("standing", "refund.spent", "30.00"),
        ("standing", "refund.whole", "0.00"),
    ]
    earned = back["trace"][3]
    assert earned["rule"] == "cumulative"
    assert earned["text"] == (
        "“Cumulative cashback” gave 0.90 for this check. Nothing of the check is left, so now 0.90 is due:"
        " 0.90 from these bonuses."
    )
    assert earned["facts"] == {
        "name": "Cumulative cashback",
        "granted": "0.90",
        "base": "30.00",
        "back": "30.00",
        "due": "0.90",
        "parts": [{"code": "refund.from_own", "amount": "0.90", "facts": {}}],
    }


def test_a_till_refunds_no_check_older_than_a_manager_may(owner: Caller, till: Caller, bob: Any) -> None:
    HouseRules.objects.update(manager_refund_days=30)
    visit = owner.settle("personal", client=bob, at="2020-03-02T12:00:00-05:00")
    path = f"visits/{visit['id']}/refund"
    problem = till.post(path, {"reason": "injured"}).refused(403, "permission_denied")
    assert problem["detail"] == "This check is too old for you to refund: ask the owner."
    assert not Refund.objects.exists()
    assert owner.post(path, {"reason": "injured"}).made()["money"] == [{"method": "cash", "amount": "60.00"}]


def test_without_a_limit_a_till_refunds_checks_of_any_age(owner: Caller, till: Caller, bob: Any) -> None:
    visit = owner.settle("personal", client=bob, at="2020-03-02T12:00:00-05:00")
    till.post(f"visits/{visit['id']}/refund", {"reason": "injured"}).made()
