"""The referral program of FlexGym: 5 % of every check to the referrer, 100 bonuses to the friend on joining."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from clients.models import Client
from loyalty.registration import register
from referrals.models import ReferralProgram
from tests import factories
from tests.loyalty.conftest import cashback, till
from tests.till import VERA, Till, cents

__all__ = ["cashback", "till"]


@pytest.fixture
def program(till: Till) -> ReferralProgram:
    row: ReferralProgram = factories.ReferralProgramFactory(lifetime_days=365, limit_percent=50, min_check=cents("50"))
    return row


class Join(Protocol):
    """Register somebody at the desk; `referrer` is a code, a phone or a card."""

    def __call__(self, name: str, referrer: str | None = None, *, later: int = 0, **details: Any) -> Client: ...


@pytest.fixture
def join(till: Till) -> Join:
    def join(name: str, referrer: str | None = None, *, later: int = 0, **details: Any) -> Client:
        extras = {"referrer": referrer} if referrer is not None else {}
        now = till.later(days=later).now
        return register(details={"first_name": name, **details}, extras=extras, by=VERA, now=now)

    return join


def change(program: ReferralProgram, **values: Any) -> None:
    """What the owner saves in the admin."""
    for name, value in values.items():
        setattr(program, name, value)
    program.save()
