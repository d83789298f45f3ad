"""The plans of FlexGym: 5 sessions valid 90 days for 90.00, 10 valid 180 days for 160.00."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.checkout import Settled
from loyalty.models import Service
from memberships.models import Membership, Plan
from tests import factories
from tests.loyalty.conftest import cashback, till
from tests.till import Till, cents

__all__ = ["cashback", "till"]
SESSION = "session"


@pytest.fixture
def five(till: Till) -> Plan:
    plan: Plan = factories.PlanFactory()
    return plan


@pytest.fixture
def ten(till: Till) -> Plan:
    plan: Plan = factories.PlanFactory(code="ten", name="10 sessions", sessions=10, price=cents("160"), valid_days=180)
    return plan


@pytest.fixture
def personal_only(till: Till) -> Plan:
    """Two personal trainings, valid a month."""
    plan: Plan = factories.PlanFactory(
        code="pt", name="2 personal", sessions=2, price=cents("100"), valid_days=None, valid_months=1, service=None
    )
    factories.PlanServiceFactory(plan=plan, service=Service.objects.get(code="personal"))
    return plan


def buy(till: Till, client: Client, plan: Plan) -> tuple[Settled, Membership]:
    sold = till.sell({"membership_plan": plan.code}, client=client)
    return sold, Membership.objects.get(sold_on__visit=sold.visit)


def left(membership: Membership) -> int:
    return int(membership.account.lots.get().remaining)
