"""Subscriptions over HTTP: the next period is a check with one line, ending and taking up again, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from memberships.models import Plan
from tests.api.conftest import Caller
from tests.till import cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(till: Caller, owner: Caller) -> Any:
    """A club that Boris has joined today."""
    Plan.objects.filter(code="five").update(
        renews=True, valid_days=None, valid_months=1, price=cents("30"), discount_percent=10
    )
    Plan.objects.get(code="five").save()  # what an update tells nobody, a save does
    boris = till.register(first_name="Boris")
    body = {"client": boris["id"], "plan": "five", "location": "main", "payments": [{"method": "cash", "amount": "30"}]}
    return till.post("memberships", body).made()


def test_the_next_period_is_a_check_with_one_line(till: Caller, held: Any) -> None:
    money = {"location": "main", "payments": [{"method": "cash", "amount": "30.00"}]}
    made = till.post(f"memberships/{held['id']}/renew", money).made()
    assert (made["id"], made["renews"], made["is_due"], made["next"]) == (held["id"], True, False, None)
    (line,) = made["visit"]["lines"]
    assert (line["membership_renewal"], line["to_pay"], made["visit"]["to_pay"]) == ("five", "30.00", "30.00")
    till.post(f"memberships/{held['id']}/renew", money).refused(422, "membership_not_renewable")


def test_what_does_not_fit_is_named(till: Caller, held: Any) -> None:
    path = f"memberships/{held['id']}/renew"
    wrong = {"location": "main", "payments": [{"method": "cash", "amount": "29.00"}]}
    assert till.post(path, wrong).refused(422, "payment_mismatch")["to_pay"] == "30.00"
    till.post(path, {"payments": []}).refused(400, "invalid")
    till.post("memberships/999/renew", wrong).refused(404, "not_found")


def test_it_is_ended_and_taken_up_again(till: Caller, held: Any) -> None:
    ended = till.post(f"memberships/{held['id']}/end_renewal", {"reason": "moves away"}).ok()
    assert (ended["renews"], ended["next"]) == (False, None)
    till.post(f"memberships/{held['id']}/end_renewal", {"reason": "moves away"}).refused(
        422, "membership_not_renewable"
    )
    again = till.post(f"memberships/{held['id']}/take_up_renewal", {}).ok()
    assert (again["renews"], again["next"]["price"]) == (True, "30.00")
    till.post(f"memberships/{held['id']}/end_renewal", {}).refused(400, "invalid")


def test_a_balance_tells_of_it_and_of_its_privileges(till: Caller, held: Any) -> None:
    boris = till.get("clients?q=Boris").ok()["results"][0]
    balance = till.balance(boris)
    assert [(one["plan"], one["renews"], one["is_due"]) for one in balance["subscriptions"]] == [("five", True, False)]
    assert balance["privileges"] == [
        {
            "membership": held["id"],
            "plan": "five",
            "name": "5 sessions",
            "discount_percent": "10",
            "cashback_percent": None,
            "privileges": [],
            "priority_booking": False,
            "early_access": False,
        }
    ]


def test_it_can_be_quoted_and_settled_beside_other_lines(till: Caller, held: Any) -> None:
    boris = till.get("clients?q=Boris").ok()["results"][0]
    lines = [{"membership_renewal": held["id"]}, {"service": "personal"}]
    quote = till.post("visits/quote", {"client": boris["id"], "location": "main", "lines": lines}).ok()
    assert (quote["discount_total"], quote["to_pay"]) == ("6.00", "84.00")
