"""The next period of a subscription is paid at two tills at the same moment: one sells it, one is refused."""

from __future__ import annotations

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled
from loyalty.models import Lot, Visit
from memberships import renewing
from memberships.models import Renewal
from tests.conftest import Together
from tests.memberships.subscribing import TASK, club, join, night, on, periods
from tests.till import Till, cents

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("day", ["2026-02-20", "2026-02-28", "2026-03-02", "2026-03-20"])
def test_it_is_paid_once(till: Till, boris: Client, together: Together, *, day: str) -> None:
    club()
    membership = join(on("2026-01-31"), boris)
    night(day)
    desk = on(day)
    basket = desk.basket({"membership_renewal": str(membership.pk)}, client=boris)
    answers = together(*[lambda n=n: desk.settle(basket, cash=cents("30"), key=f"till {n}") for n in range(3)])
    assert sum(type(answer) is Settled for answer in answers) == 1
    assert all(isinstance(answer, Settled | Refusal) for answer in answers)
    assert [state for *_days, state in periods(membership)] == ["paid"]
    assert Visit.objects.filter(operation__startswith="till ").count() == 1
    assert Lot.objects.filter(account=membership.pk).count() == 2


def test_two_nights_at_once_write_one_period(till: Till, boris: Client, together: Together) -> None:
    club()
    membership = join(on("2026-01-31"), boris)
    night_of = on("2026-02-25")
    from loyalty.rulebook import rulebook

    house = rulebook().house
    answers = together(
        *[lambda: renewing.make_due(day=night_of.today, house=house, now=night_of.now) for _twice in range(2)]
    )
    assert sorted(answers) == [0, 1]
    assert Renewal.objects.filter(membership=membership).count() == 1


def test_whoever_pays_while_a_night_suspends_has_paid(till: Till, boris: Client, together: Together) -> None:
    club()
    membership = join(on("2026-01-31"), boris)
    night("2026-02-25")
    desk = on("2026-03-04")
    from loyalty.rulebook import rulebook

    house = rulebook().house
    basket = desk.basket({"membership_renewal": str(membership.pk)}, client=boris)
    paid, _count = together(
        lambda: desk.settle(basket, cash=cents("30"), key="till"),
        lambda: renewing.suspend_missed(day=desk.today, house=house, now=desk.now, by=TASK),
    )
    assert isinstance(paid, Settled)
    membership.refresh_from_db()
    assert (membership.suspended_at, f"{membership.paid_until}") == (None, "2026-04-04")
