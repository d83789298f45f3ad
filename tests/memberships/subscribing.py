"""A club by the month: 8 sessions for 30.00, three days of grace, a reminder three days before."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from clients.actors import Actor
from clients.models import Client
from loyalty.checkout import Settled
from loyalty.night import Night
from loyalty.rulebook import rulebook
from memberships.models import Membership, Plan, Renewal
from memberships.night import EXPIRE, RENEW
from tests import factories
from tests.till import Till, cents

TASK = Actor.task("memberships")
OPERATIONS = itertools.count()


def club(**columns: Any) -> Plan:
    facts = {"sessions": 8, "price": cents("30"), "valid_days": None, "valid_months": 1, "renews": True, **columns}
    plan: Plan = factories.PlanFactory(code="club", name="Club", **facts)
    return plan


def on(day: date | str, hour: int = 17) -> Till:
    """The desk at noon in New York on this day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return Till(now=datetime(day.year, day.month, day.day, hour, tzinfo=UTC), operations=OPERATIONS)


def night(day: date | str) -> None:
    """What the night that begins this day does for memberships."""
    till = on(day, hour=12)
    told = Night(till.today, rulebook().house, till.now, TASK)
    EXPIRE.do(told)
    RENEW.do(told)


def join(till: Till, client: Client) -> Membership:
    sold = till.sell({"membership_plan": "club"}, client=client)
    return Membership.objects.get(sold_on__visit=sold.visit)


def renew(till: Till, membership: Membership) -> Settled:
    return till.sell({"membership_renewal": str(membership.pk)}, client=membership.client)


def periods(membership: Membership) -> list[tuple[int, str, str, str]]:
    """Number, first day, last day, state."""
    rows = Renewal.objects.filter(membership=membership).order_by("number")
    return [(row.number, f"{row.first_day}", f"{row.last_day}", str(row.state)) for row in rows]
