"""A subscription at the desk: the next period is offered and paid with a click; it is ended with a reason."""

from __future__ import annotations

import re

import pytest
import time_machine

from clients.models import Client, Staff
from loyalty.models import Visit
from memberships.models import Membership, Plan, Renewal
from tests.desk.screen import Screen, signed_in
from tests.memberships.subscribing import night, on
from tests.till import cents


@pytest.fixture
def held(boris: Client) -> Membership:
    plan = Plan.objects.get(code="five")
    plan.renews, plan.valid_days, plan.valid_months, plan.price = True, None, 1, cents("30")
    plan.privileges, plan.discount_percent, plan.priority_booking = "A towel", 10, True
    plan.save()
    sold = on("2026-03-02").sell({"membership_plan": "five"}, client=boris)
    return Membership.objects.get(sold_on__visit=sold.visit)


def test_the_next_period_is_offered_and_paid(vera: Staff, held: Membership) -> None:
    night("2026-03-30")
    with time_machine.travel(on("2026-04-01").now, tick=False):
        desk = signed_in(vera)
        desk.open(held.client)
        assert "Next period until 2 May 2026, 30.00 to pay" in desk.text.replace("\xa0", " ")
        offered = re.search(r'name="add" value="(membership_renewal:\d+)"', desk.html)
        assert offered is not None
        desk.add(offered[1])
        assert "5 sessions until 2 May 2026" in desk.text
        desk.pay()
    renewal = Renewal.objects.get()
    assert (renewal.state, renewal.line.visit) == ("paid", Visit.objects.latest("pk"))  # type: ignore[union-attr]


def test_its_privileges_stand_by_the_client(desk: Screen, held: Membership) -> None:
    desk.open(held.client)
    for told in ("10% off everything that it does not cover", "books first", "A towel"):
        assert told in desk.text.replace(" %", "%").replace("\xa0", "")


def test_it_is_ended_with_a_reason_and_taken_up_again(desk: Screen, held: Membership) -> None:
    page = f"/desk/subscriptions/{held.pk}/"
    assert "What is paid stays until then" in desk.read(page)
    key = re.search(r'name="key" value="([^"]+)"', desk.html)
    assert key is not None
    sent = {"key": key[1], "what": "end"}
    assert desk.browser.post(page, sent).status_code == 422
    assert Membership.objects.get().renews
    for _twice in range(2):
        assert desk.browser.post(page, {**sent, "reason": "moves away"}).status_code == 302
    assert not Membership.objects.get().renews
    assert "ends on 2 April 2026, not renewed" in desk.read(f"/desk/?client={held.client_id}").replace("\xa0", " ")
    desk.read(page)
    key = re.search(r'name="key" value="([^"]+)"', desk.html)
    assert key is not None
    desk.browser.post(page, {"key": key[1], "what": "take_up"})
    assert Membership.objects.get().renews


@pytest.mark.parametrize("pk", ["0", "999999", "abc", "9" * 30])
def test_an_odd_address_is_not_found(desk: Screen, held: Membership, pk: str) -> None:
    assert desk.browser.get(f"/desk/subscriptions/{pk}/").status_code == 404
