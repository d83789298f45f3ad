"""What is not earned yet, earned by use and ended unused; for each plan it all adds up, as of any day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from clients.actors import Actor
from clients.models import Client, Staff
from loyalty.expiry import expire_lots
from loyalty.rulebook import rulebook
from memberships.models import Freeze, Membership, Plan
from memberships.report import NAMES, Figures, Span, by_plan_and_place, sales_in
from memberships.report_lists import standing
from memberships.transferring import transfer
from memberships.upgrading import KEY as UPGRADE
from tests import factories
from tests.memberships.subscribing import TASK, club, join, night, on, renew
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def ten(till: Till) -> Plan:
    plan: Plan = factories.PlanFactory(code="ten", name="10 sessions", sessions=10, price=cents("160"), valid_days=58)
    return plan


def report(first: str, last: str, **more: Any) -> Figures:
    span = Span(date.fromisoformat(first), date.fromisoformat(last), **more)
    found = by_plan_and_place(sales_in(span, rulebook().house), span)
    for one in found.values():
        assert one.before + one.sold + one.credited - one.returned == one.used + one.ended + one.after
    return sum(found.values(), Figures())


def told(one: Figures) -> dict[str, str]:
    return {name: f"{getattr(one, name) / 100:.2f}" for name in NAMES if getattr(one, name)}


def buy(day: str, plan: Plan, client: Client, **more: Any) -> tuple[Any, Membership]:
    sold = on(day).sell({"membership_plan": plan.code, **more}, client=client)
    return sold, Membership.objects.get(sold_on__visit=sold.visit)


def expire(day: str) -> None:
    till = on(day)
    expire_lots(today=till.today, zone=rulebook().house.zone, by=Actor.task("loyalty.expire_lots"))


@pytest.mark.parametrize("is_night_done", [True, False])
def test_it_is_earned_by_use_and_by_its_end(ten: Plan, boris: Client, *, is_night_done: bool) -> None:
    buy("2026-01-05", ten, boris)  # until 4 March
    on("2026-01-10").sell("3 x session", client=boris)
    on("2026-02-10").sell("2 x session", client=boris)
    if is_night_done:
        expire("2026-03-20")
    assert told(report("2026-01-01", "2026-01-31")) == {"sold": "160.00", "used": "48.00", "after": "112.00"}
    assert told(report("2026-02-01", "2026-02-28")) == {"before": "112.00", "used": "32.00", "after": "80.00"}
    assert told(report("2026-03-01", "2026-03-31")) == {"before": "80.00", "ended": "80.00"}
    assert told(report("2026-01-01", "2026-12-31")) == {"sold": "160.00", "used": "80.00", "ended": "80.00"}


def test_what_came_back_is_no_revenue_and_the_used_part_is(ten: Plan, boris: Client) -> None:
    sold, _membership = buy("2026-01-05", ten, boris)
    on("2026-01-10").sell("3 x session", client=boris)
    on("2026-02-10").refund(sold)
    assert told(report("2026-01-01", "2026-01-31"))["after"] == "112.00"
    assert told(report("2026-02-01", "2026-02-28")) == {"before": "112.00", "returned": "112.00"}


def test_any_number_is_earned_day_by_day(till: Till, boris: Client) -> None:
    plan = factories.PlanFactory(code="month", name="Month", sessions=None, price=cents("31"), valid_days=30)
    buy("2026-01-11", plan, boris)  # until 10 February: 31 days
    on("2026-01-12").sell("5 x session", client=boris)
    assert told(report("2026-01-01", "2026-01-20")) == {"sold": "31.00", "used": "10.00", "after": "21.00"}
    assert told(report("2026-01-21", "2026-02-10")) == {"before": "21.00", "used": "21.00"}


def test_each_period_of_a_subscription_is_a_sale_of_its_own(till: Till, boris: Client) -> None:
    club()
    membership = join(on("2026-01-31"), boris)
    on("2026-02-10").sell("4 x session", client=boris)
    renew(on("2026-02-27"), membership)
    assert told(report("2026-01-01", "2026-02-28")) == {"sold": "60.00", "used": "15.00", "after": "45.00"}
    assert told(report("2026-03-01", "2026-03-31")) == {"before": "45.00", "ended": "15.00", "after": "30.00"}
    assert told(report("2026-04-01", "2026-04-30")) == {"before": "30.00", "ended": "30.00"}


def test_sessions_that_were_passed_on_stay_those_of_their_sale(ten: Plan, boris: Client, alice: Client) -> None:
    _sold, membership = buy("2026-01-05", ten, boris)
    on("2026-01-10").sell("2 x session", client=boris)
    transfer(
        membership=membership.pk,
        client=alice,
        sessions=3,
        reason="a friend",
        by=TASK,
        now=on("2026-02-01").now,
        key="pass",
    )
    on("2026-02-10").sell("session", client=alice)
    assert told(report("2026-01-01", "2026-01-31"))["after"] == "128.00"
    assert told(report("2026-02-01", "2026-02-28")) == {"before": "128.00", "used": "16.00", "after": "112.00"}


def test_what_an_upgrade_credits_moves_from_plan_to_plan(ten: Plan, boris: Client) -> None:
    five = factories.PlanFactory()
    _sold, earlier = buy("2026-01-05", five, boris)
    on("2026-01-10").sell("2 x session", client=boris)
    later, _membership = buy("2026-02-01", ten, boris, **{UPGRADE: str(earlier.pk)})
    assert later.visit.to_pay == cents("106")
    span = Span(date(2026, 2, 1), date(2026, 2, 28))
    found = {plan: one for (plan, _place), one in by_plan_and_place(sales_in(span, rulebook().house), span).items()}
    assert told(found["five"]) == {"before": "54.00", "credited": "-54.00"}
    assert told(found["ten"]) == {"sold": "106.00", "credited": "54.00", "after": "160.00"}
    on("2026-03-01").refund(later)
    assert told(report("2026-03-01", "2026-03-02")) == {"before": "160.00", "returned": "106.00", "after": "54.00"}


def test_other_locations_are_not_seen(ten: Plan, boris: Client) -> None:
    buy("2026-01-05", ten, boris)
    place = on("2026-01-05").quote("session", client=boris).scene.place.id
    assert report("2026-01-01", "2026-01-31", places=frozenset({place})).sold == cents("160")
    assert report("2026-01-01", "2026-01-31", places=frozenset({place + 1})) == Figures()


def test_the_lists_of_a_day(ten: Plan, boris: Client, alice: Client) -> None:
    club()
    subscribed = join(on("2026-01-31"), alice)
    _sold, held = buy("2026-01-05", ten, boris)
    on("2026-02-10").sell("session", client=boris)
    Freeze.objects.create(membership=held, from_day="2026-02-20", days=3, by="staff:vera")

    def lists(day: str) -> dict[str, list[int]]:
        last = date.fromisoformat(day)
        span = Span(last - timedelta(days=9), last)
        found = standing(sales_in(span, rulebook().house), span, rulebook().house).lists
        return {name: list(ids) for name, ids in found.items() if ids}

    both = sorted([held.pk, subscribed.pk])
    assert lists("2026-02-10") == {"active": both, "used": [held.pk], "ending": [held.pk], "not_earned": both}
    assert lists("2026-02-22") == {
        "active": [subscribed.pk],
        "ending": [held.pk],
        "frozen": [held.pk],
        "not_earned": both,
    }
    night("2026-03-04")
    assert lists("2026-03-10") == {"suspended": [subscribed.pk]}
    renew(on("2026-03-12"), subscribed)
    assert lists("2026-03-10") == {"suspended": [subscribed.pk]}
    assert lists("2026-03-12") == {"active": [subscribed.pk], "not_earned": [subscribed.pk]}


def test_it_asks_no_more_for_more_memberships(ten: Plan, boris: Client, alice: Client) -> None:
    def ask() -> None:
        report("2026-01-01", "2026-03-31")

    buy("2026-01-05", ten, boris)
    ask()
    few = len(statements(ask))
    for client in (boris, alice, boris):
        buy("2026-01-06", ten, client)
    assert len(statements(ask)) == few


# --- its page ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_figures_its_lists_and_a_file(
    browser: Browser, anna: Staff, ten: Plan, boris: Client
) -> None:
    buy("2026-01-05", ten, boris)
    browser.force_login(anna)
    days = "from=2026-01-01&to=2026-01-31"
    page = browser.get(f"/admin/memberships/membership/report/?{days}&show=active").content.decode()
    assert "160.00" in page
    assert "Boris Petrov" in page
    file = browser.get(f"/admin/memberships/membership/report.csv?{days}").content.decode()
    assert file.splitlines() == [
        "plan,location,before,sold,returned,credited,used,ended,after",
        "10 sessions,Main hall,0.00,160.00,0.00,0.00,0.00,0.00,160.00",
    ]
    listed = browser.get(f"/admin/memberships/membership/list.csv?{days}&show=active").content.decode()
    assert listed.splitlines()[1].endswith(f"{boris.pk},10 sessions,2026-03-04,10,160.00")


def test_a_manager_sees_their_locations_and_takes_no_file(browser: Browser, ten: Plan, boris: Client) -> None:
    buy("2026-01-05", ten, boris)
    riverside = factories.LocationFactory(code="riverside", name="Riverside")
    manager = factories.StaffFactory(role="manager", locations=[riverside])
    browser.force_login(manager)
    days = "from=2026-01-01&to=2026-01-31"
    page = browser.get(f"/admin/memberships/membership/report/?{days}&show=active").content.decode()
    assert "160.00" not in page
    assert "Boris Petrov" not in page
    assert browser.get(f"/admin/memberships/membership/report.csv?{days}").status_code == 403
    assert browser.get(f"/admin/memberships/membership/list.csv?{days}").status_code == 403


@pytest.mark.parametrize("place", ["report/", "report.csv", "list.csv"])
@pytest.mark.parametrize("day", ["9999-12-31", "2100-01-01", "0001-01-01", "1999-12-31", "2026-02-30", "soon"])
def test_a_day_that_no_report_is_of_is_passed_over(
    browser: Browser, anna: Staff, ten: Plan, boris: Client, place: str, day: str
) -> None:
    browser.force_login(anna)
    asked: dict[str, str] = {"from": day, "to": day, "show": "active"}
    answer = browser.get(f"/admin/memberships/membership/{place}", asked)
    usual = browser.get(f"/admin/memberships/membership/{place}", {"show": "active"})
    assert (answer.status_code, usual.status_code) == (200, 200)
    assert answer.headers.get("Content-Disposition") == usual.headers.get("Content-Disposition")


@pytest.fixture
def browser() -> Browser:
    return Browser()
