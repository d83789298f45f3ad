"""A till whose clock stands still, for checks that leave events."""

from __future__ import annotations

from datetime import datetime

import pytest

from clients.models import Location
from loyalty.models import Service
from tests.till import Till


@pytest.fixture
def till(session: Service, location: Location, now: datetime) -> Till:
    return Till(now=now)
