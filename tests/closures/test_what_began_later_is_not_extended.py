"""A closure takes no day from a membership that began with a first visit after it, however long before it was sold."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client, Location
from loyalty import closures
from loyalty.closures.affected import affected_lots
from loyalty.house import load_house
from loyalty.proof import prove
from memberships.models import Membership
from tests.closures.conftest import ANNA, Close, closing
from tests.loyalty.conftest import till
from tests.memberships.life import ends
from tests.memberships.plans import plan
from tests.memberships.subscribing import on

__all__ = ["till"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till")]
APRIL_30 = date(2026, 4, 30)


def sold(client: Client) -> Membership:
    """On 2 March: 30 days from the first visit on."""
    plan("month", "session", valid_days=29, starts="first_visit")
    check = on("2026-03-02", hour=16).sell({"membership_plan": "month"}, client=client)
    return Membership.objects.get(sold_on__visit=check.visit)


@pytest.mark.parametrize(
    ("closed_from", "end"),
    [
        pytest.param("2026-03-23", APRIL_30, id="until 27 March: it did not run yet"),
        pytest.param("2026-03-27", APRIL_30, id="until 31 March, the day before"),
        pytest.param("2026-03-28", date(2026, 5, 5), id="until 1 April, its first day"),
    ],
)
def test_days_that_were_closed_before_the_first_visit(
    main: Location, boris: Client, close: Close, *, closed_from: str, end: date
) -> None:
    """Found out on 5 April, when it has run since 1 April."""
    held = sold(boris)
    on("2026-04-01").sell("session", client=boris)
    close(main, from_day=date.fromisoformat(closed_from), made_at=on("2026-04-05").now)
    assert ends(held) == end
    assert prove() == []


def test_it_does_not_matter_when_the_work_is_done(main: Location, boris: Client) -> None:
    """Made on 20 March for 10 April: there was no end to move, and the worker comes after the first visit."""
    held = sold(boris)
    asked = closing(main, from_day=date(2026, 4, 10), made_at=on("2026-03-20").now)
    closure = closures.ask_to_close(closing=asked, reason="Repairs.", key="test", by=ANNA, now=asked.made_at)
    assert not affected_lots(asked).exists()
    on("2026-04-01").sell("session", client=boris)
    assert closures.go_on_with(closure, house=load_house(), now=on("2026-04-02").now) == 0
    assert ends(held) == APRIL_30
