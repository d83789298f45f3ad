"""A membership that begins at the first visit runs from the day of it: its money and its dates are those of one that is
sold on that day, for whoever asks.

    Sold on 2 March, first visit on 1 April, for 29 days after that: 1 to 30 April, 30 days for 90.00.
"""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from clients.models import Client
from loyalty.checkout import Settled
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from memberships.calculation import calculation
from memberships.holding import holdings, membership_state
from memberships.models import Membership
from memberships.privileges import carrying
from memberships.renewing import subscription_of
from memberships.report import Figures, Span, by_plan_and_place, sales_in
from tests.memberships.conftest import buy
from tests.memberships.life import ends, extend, freeze, pass_on
from tests.memberships.plans import plan
from tests.memberships.subscribing import club, join, night, on, periods, renew
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
APRIL = (date(2026, 4, 1), date(2026, 4, 30))


@pytest.fixture
def month(till: Till) -> None:
    plan("month", "session", price="90", valid_days=29, starts="first_visit", freeze_days=10)


@pytest.fixture
def year(till: Till) -> None:
    plan("year", "session", price="160", valid_days=364)


def bought(client: Client, first_visit: str = "2026-04-01", code: str = "month") -> tuple[Settled, Membership]:
    """On 2 March; the visit that begins it."""
    sold = on("2026-03-02").sell({"membership_plan": code}, client=client)
    on(first_visit).sell("session", client=client)
    return sold, Membership.objects.get(sold_on__visit=sold.visit)


def shown(membership: Membership, day: str) -> tuple[date, date | None]:
    state = membership_state(membership, rulebook().house, on(day).now)
    return state.first_day, state.last_day


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(
    ("first_visit", "back_on", "money"),
    [
        ("2026-04-01", "2026-04-11", "60"),  # 20 of 30 days
        ("2026-04-01", "2026-04-30", "3"),
        ("2026-03-31", "2026-03-31", "87"),  # 29 of 30: the day of the visit is used
        ("2026-03-02", "2026-03-12", "60"),
        ("2027-03-02", "2027-03-12", "60"),
    ],
)
def test_it_comes_back_by_the_days_since_the_first_visit(
    boris: Client, *, first_visit: str, back_on: str, money: str
) -> None:
    sold, membership = bought(boris, first_visit)
    sheet = calculation(Membership.objects.select_related("sold_on").get(), rulebook().house, now=on(back_on).now)
    assert sheet.outcomes[0].comes_back == cents(money)
    assert on(back_on).refund(sold).money == cents(money)
    membership.refresh_from_db()
    assert membership.voided_at == on(back_on).now
    assert prove() == []


@pytest.mark.usefixtures("month")
def test_before_the_first_visit_no_day_is_gone(boris: Client) -> None:
    sold = on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    assert on("2026-04-11").refund(sold).money == cents("90")


@pytest.mark.usefixtures("month")
def test_days_on_which_it_rested_are_neither_used_nor_left(till: Till, boris: Client) -> None:
    """Five days of rest from 6 April, until 5 May then: on 16 April 10 of its 30 days have gone."""
    sold, membership = bought(boris)
    freeze(on("2026-04-05"), membership, days=5)
    assert shown(membership, "2026-04-05") == (APRIL[0], date(2026, 5, 5))
    assert on("2026-04-16").refund(sold).money == cents("60")


@pytest.mark.usefixtures("month")
def test_an_extension_makes_more_days(boris: Client) -> None:
    """Ten days longer: on 11 April 30 of 40 days are left."""
    sold, membership = bought(boris)
    extend(on("2026-04-05"), membership, days=10)
    assert shown(membership, "2026-04-05") == (APRIL[0], date(2026, 5, 10))
    assert on("2026-04-11").refund(sold).money == cents("67.50")


@pytest.mark.usefixtures("month")
def test_it_stays_begun_when_the_first_visit_comes_back(boris: Client) -> None:
    sold = on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    on("2026-04-02").refund(on("2026-04-01").sell("session", client=boris))
    membership = Membership.objects.get()
    assert (membership.waits, membership.began_on, shown(membership, "2026-04-02")) == (False, APRIL[0], APRIL)
    on("2026-04-05").sell("session", client=boris)
    assert shown(membership, "2026-04-05") == APRIL
    assert on("2026-04-11").refund(sold).money == cents("60")


# --- what goes along -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("month", "year")
@pytest.mark.parametrize(("first_visit", "to_pay"), [("2026-04-01", "100"), ("2026-04-11", "70"), (None, "70")])
def test_an_upgrade_credits_the_days_left_of_it(boris: Client, *, first_visit: str | None, to_pay: str) -> None:
    sold = on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    if first_visit is not None:
        on(first_visit).sell("session", client=boris)
    old = Membership.objects.get(sold_on__visit=sold.visit)
    check = on("2026-04-11").sell({"membership_plan": "year", "upgrade": str(old.pk)}, client=boris)
    assert check.visit.to_pay == cents(to_pay)
    assert prove() == []


@pytest.mark.usefixtures("month")
def test_it_is_passed_on_with_the_days_left_of_it(boris: Client, alice: Client) -> None:
    """On 11 April: 20 of its 30 days, 60.00 of 90.00. Both are counted from that day on."""
    _sold, old = bought(boris)
    new = pass_on(on("2026-04-11"), old, alice)
    old.refresh_from_db()
    assert (old.paid, new.paid, ends(new)) == (cents("30"), cents("60"), APRIL[1])
    assert shown(new, "2026-04-11") == (date(2026, 4, 11), APRIL[1])


@pytest.mark.usefixtures("month")
def test_passed_on_before_it_has_begun_it_begins_at_the_new_holder(boris: Client, alice: Client) -> None:
    """It has been sold on 2 March and passed on on 20 March; Alice comes on 1 April."""
    on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    new = pass_on(on("2026-03-20"), Membership.objects.get(), alice)
    on("2026-04-01").sell("session", client=alice)
    assert shown(new, "2026-04-11") == APRIL
    assert told("2026-03-01", "2026-03-31") == {"sold": "90.00", "after": "90.00"}
    assert told("2026-04-01", "2026-04-10") == {"before": "90.00", "used": "30.00", "after": "60.00"}


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_its_first_day_is_the_one_of_the_first_visit(till: Till, boris: Client) -> None:
    five = plan("five", "session", sessions=5, valid_days=90, starts="first_visit")
    _sold, membership = buy(on("2026-03-02"), boris, five)
    assert shown(membership, "2026-04-10") == (date(2026, 3, 2), None)
    on("2026-04-10").sell("session", client=boris)
    (told_of,) = holdings(boris, rulebook().house, on("2026-04-10").now).balance["memberships"]
    assert (told_of["first_day"], told_of["last_day"]) == (date(2026, 4, 10), date(2026, 7, 9))
    membership.refresh_from_db()
    assert shown(membership, "2026-04-10") == (date(2026, 4, 10), date(2026, 7, 9))


def test_its_privileges_are_of_no_day_before_it(till: Till, boris: Client) -> None:
    """A check of 20 March that is written down in April carries none."""
    plan("gold", "session", sessions=5, starts="first_visit", discount_percent=10)
    bought(boris, code="gold")
    days = [date(2026, 3, 20), date(2026, 3, 31), date(2026, 4, 1)]
    assert [bool(carrying(boris.pk, day)) for day in days] == [False, False, True]


# --- a subscription --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("starts", ["first_visit", "purchase"])
def test_periods_are_counted_from_the_first_visit(till: Till, boris: Client, *, starts: str) -> None:
    """Dates do not drift: as of one that is sold on 31 January, also over the months that follow."""
    club(starts=starts)
    membership = join(on("2027-01-15" if starts == "first_visit" else "2027-01-31"), boris)
    on("2027-01-31").sell("session", client=boris)
    membership.refresh_from_db()
    assert membership.paid_until == date(2027, 2, 28)
    assert subscription_of(membership, rulebook().house).began == date(2027, 1, 31)
    night("2027-02-26")
    assert periods(membership) == [(1, "2027-03-01", "2027-03-31", "due")]
    renew(on("2027-02-27"), membership)
    night("2027-03-29")
    assert periods(membership)[1:] == [(2, "2027-04-01", "2027-04-30", "due")]
    renew(on("2027-03-30"), membership)
    night("2027-04-28")
    assert periods(membership)[2:] == [(3, "2027-05-01", "2027-05-31", "due")]


# --- the office ------------------------------------------------------------------------------------------------------


def told(first: str, last: str) -> dict[str, str]:
    span = Span(date.fromisoformat(first), date.fromisoformat(last))
    one = sum(by_plan_and_place(sales_in(span, rulebook().house), span).values(), Figures())
    assert one.before + one.sold + one.credited - one.returned == one.used + one.ended + one.after
    names = ("before", "sold", "returned", "used", "ended", "after")
    return {name: f"{getattr(one, name) / 100:.2f}" for name in names if getattr(one, name)}


@pytest.mark.usefixtures("month")
def test_the_report_earns_it_from_the_first_visit_on(boris: Client) -> None:
    on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    march = {"sold": "90.00", "after": "90.00"}
    assert told("2026-03-01", "2026-03-31") == march
    on("2026-04-01").sell("session", client=boris)
    assert told("2026-03-01", "2026-03-31") == march  # whenever it is looked at
    assert told("2026-04-01", "2026-04-10") == {"before": "90.00", "used": "30.00", "after": "60.00"}
    assert told("2026-04-11", "2026-04-30") == {"before": "60.00", "used": "60.00"}


@pytest.mark.usefixtures("month")
def test_the_report_knows_what_came_back_of_it(boris: Client) -> None:
    sold, _membership = bought(boris)
    on("2026-04-11").refund(sold)
    assert told("2026-04-01", "2026-04-30") == {"before": "90.00", "returned": "60.00", "used": "30.00"}


def test_one_that_never_ends_is_earned_as_it_begins(till: Till, boris: Client) -> None:
    plan("life", "session", price="90", valid_days=None, starts="first_visit")
    bought(boris, code="life")
    assert told("2026-03-01", "2026-03-31") == {"sold": "90.00", "after": "90.00"}
    assert told("2026-04-01", "2026-04-30") == {"before": "90.00", "used": "90.00"}


# --- what was begun before this was kept -----------------------------------------------------------------------------


@pytest.mark.usefixtures("month")
def test_what_had_begun_is_known_by_the_entry_that_gave_it_its_end(boris: Client, alice: Client) -> None:
    """The visit at 23:30 in New York was on the next day by the clock of the database."""
    on("2026-03-02").sell({"membership_plan": "month"}, client=boris)
    on("2026-04-02", hour=3).sell("session", client=boris)
    on("2026-03-02").sell({"membership_plan": "month"}, client=alice)
    Membership.objects.update(began_on=None)
    import_module("memberships.migrations.0005_since_when_a_membership_runs").say_since_when(apps, None)
    assert [one.began_on for one in Membership.objects.order_by("pk")] == [APRIL[0], None]


@pytest.mark.usefixtures("month")
def test_a_lot_still_says_from_when_it_could_be_used(boris: Client) -> None:
    """The ledger is not rewritten: a check that is written down late is covered as it was then."""
    _sold, membership = bought(boris)
    assert membership.account.lots.get().first_day == date(2026, 3, 2)
    late = on("2026-04-02").sell("session", client=boris, at="2026-03-31T12:00:00-04:00")
    assert late.visit.to_pay == 0
    membership.refresh_from_db()
    assert membership.began_on == APRIL[0]
