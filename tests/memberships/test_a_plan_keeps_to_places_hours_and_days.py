"""A plan may be for some locations, for some weekdays and hours by their clock, and for so many sessions a day."""

from __future__ import annotations

from datetime import time

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled, quote
from loyalty.models import Visit
from loyalty.rulebook import rulebook
from memberships.holding import memberships_of
from memberships.models import Membership
from tests import factories
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.plans import codes, left_of, plan
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def refused(till: Till, boris: Client, membership: Membership) -> str:
    before = Visit.objects.count()
    with pytest.raises(Refusal) as why:
        till.sell("session", client=boris, memberships=[str(membership.pk)])
    assert (why.value.code, Visit.objects.count()) == ("membership_not_applicable", before)
    return str(why.value)


def test_it_covers_only_where_it_is_for(till: Till, boris: Client) -> None:
    factories.LocationFactory(code="pool", name="Pool")
    _sold, membership = buy(till, boris, plan("pool", "session", sessions=5, locations=["pool"]))
    assert codes(till, "session", client=boris) == ["elsewhere"]
    assert refused(till, boris, membership) == "“Pool” is not for this location."
    assert till.quote("session", client=boris, location="pool").bill.to_pay == 0


def test_it_covers_only_on_its_weekdays_and_hours(till: Till, boris: Client) -> None:
    """Until 12:00 ends when the clock of the location shows 12:00."""
    morning = plan("morning", "session", sessions=5, weekdays="mon,tue", from_time=time(9), to_time=time(12))
    _sold, membership = buy(till, boris, morning)
    clock = till.now.astimezone(rulebook().house.zone)
    at_nine = till.later(hours=9 - clock.hour, minutes=-clock.minute)
    hours = (-0.1, 0, 2.9, 3, 24, 48)
    shown = [at_nine.later(hours=one).quote("session", client=boris).bill.to_pay for one in hours]
    assert shown == [2000, 0, 0, 2000, 0, 2000]
    assert codes(at_nine.later(hours=3), "session", client=boris) == ["other_hours"]
    assert refused(at_nine.later(hours=3), boris, membership) == "“Morning” is not for this weekday and hour."


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin(till: Till, boris: Client) -> None:
    buy(till, boris, plan("night", "session", sessions=5, weekdays="mon", from_time=time(22), to_time=time(2)))
    clock = till.now.astimezone(rulebook().house.zone)
    midnight = till.later(hours=24 - clock.hour, minutes=-clock.minute)  # Tuesday begins
    shown = [midnight.later(hours=hours).quote("session", client=boris).bill.to_pay for hours in (-3, -1, 1, 3, 23, 25)]
    assert shown == [2000, 0, 0, 2000, 2000, 2000]


def test_so_many_a_day_and_what_comes_back_can_be_used_again(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("daily", "session", sessions=10, per_day=2))
    assert till.quote("3 x session", client=boris).bill.to_pay == cents("20")
    first = till.sell("session", client=boris)
    assert till.quote("2 x session", client=boris).bill.to_pay == cents("20")
    till.sell("session", client=boris)
    assert codes(till, "session", client=boris) == ["used_up_today"]
    assert refused(till, boris, membership) == "“Daily” is for 2 a day, and that was used today."
    assert till.later(days=1).quote("2 x session", client=boris).bill.to_pay == 0
    till.refund(first)
    assert till.quote("2 x session", client=boris).bill.to_pay == cents("20")
    assert left_of(membership) == [9]


def test_what_comes_back_of_yesterday_is_not_todays(till: Till, boris: Client) -> None:
    buy(till, boris, plan("daily", "session", sessions=10, per_day=1))
    yesterday = till.sell("session", client=boris)
    today = till.later(days=1)
    today.sell("session", client=boris)
    today.refund(yesterday)
    assert codes(today, "session", client=boris) == ["used_up_today"]


def test_any_number_may_be_so_many_a_day(till: Till, boris: Client) -> None:
    buy(till, boris, plan("month", "session", per_day=1))
    assert till.quote("2 x session", client=boris).bill.to_pay == cents("20")


def test_a_client_is_told_when_and_where(till: Till, boris: Client) -> None:
    buy(till, boris, plan("m", "session", weekdays="mon", to_time=time(12), locations=["main"], per_day=1))
    (state,) = memberships_of(boris, rulebook().house, till.now)
    assert state.limits == (
        "Only at: Main hall.",
        "Only at these hours: Monday, until 12:00.",
        "At most 1 session a day.",
    )


def test_a_suspended_one_does_not_cover(till: Till, boris: Client) -> None:
    _sold, membership = buy(till, boris, plan("club", "session"))
    membership.suspended_at = till.now
    membership.save()
    assert codes(till, "session", client=boris) == ["suspended"]
    assert refused(till, boris, membership) == "“Club” is suspended: its last period was not paid."


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_at_two_tills_it_is_used_so_many_times_a_day(till: Till, boris: Client, together: Together) -> None:
    _sold, membership = buy(till, boris, plan("daily", "session", sessions=10, per_day=1))
    basket = till.basket("session", client=boris)
    token = quote(basket, now=till.now).token
    answers = together(*[lambda n=n: till.settle(basket, key=f"till {n}", token=token) for n in range(2)])
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    assert left_of(membership) == [9]
