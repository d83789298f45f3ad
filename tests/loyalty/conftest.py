"""The price list and the programs of FlexGym, for tests of the till."""

from __future__ import annotations

from datetime import datetime

import pytest

from clients.models import Location
from loyalty.models import CashbackProgram, Service
from loyalty.money import Money
from tests import factories
from tests.till import Till


@pytest.fixture
def till(location: Location, now: datetime) -> Till:
    """The desk on Monday 2 March 2026, with the price list of FlexGym."""
    factories.ServiceFactory()
    factories.ServiceFactory(code="personal", name="Personal training", price=Money(6000))
    factories.ServiceFactory(code="towel", name="Towel", category="shop", price=Money(300), accepts_bonus=False)
    return Till(now=now)


@pytest.fixture
def cashback(till: Till) -> CashbackProgram:
    """3 % from 0, 5 % from 500; bonuses live 180 days and pay up to 50 % of a check from 50.00."""
    program: CashbackProgram = factories.CashbackFactory(lifetime_days=180, limit_percent=50, min_check=Money(5000))
    factories.CashbackTierFactory(program=program, name="Start", from_spent=Money(0), percent=3)
    factories.CashbackTierFactory(program=program, name="Silver", from_spent=Money(50000), percent=5)
    return program


@pytest.fixture
def haircut(till: Till) -> Service:
    service: Service = factories.ServiceFactory(code="haircut", name="Haircut", price=Money(200000))
    return service
