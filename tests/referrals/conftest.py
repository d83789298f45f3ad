"""The referral program of FlexGym: 5 % of every check to the referrer, 100 bonuses to the friend on joining."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from clients.models import Client
from loyalty.models import Lot
from loyalty.pricing import Bill
from loyalty.registration import register
from referrals.models import Code, Milestone, Referral, ReferralProgram, Reward
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


NOTHING: dict[str, Any] = {"referrer_percent": None, "friend_amount": None}
"""A program that gives nothing yet: a test says what it gives."""


def gives(program: ReferralProgram, **values: Any) -> None:
    """The program gives this, and nothing else."""
    change(program, **{**NOTHING, **values})


def milestone(program: ReferralProgram, friends: int, **values: Any) -> Milestone:
    row: Milestone = Milestone.objects.create(program=program, friends=friends, **values)
    return row


def code_of(client: Client) -> str:
    return Code.objects.get(client=client).code


def decide(friend: Client, decision: str) -> Referral:
    """What a person says of the pair; the row alone."""
    Referral.objects.filter(friend=friend).update(decision=decision)
    return Referral.objects.get(friend=friend)


def states(client: Client) -> list[tuple[str, str]]:
    """The client's rewards that are rows: what and in which state, oldest first."""
    return [(row.kind, row.state) for row in Reward.objects.filter(client=client).order_by("pk")]


def notes(bill: Bill) -> list[str]:
    return [note.code for note in bill.notes if note.code.startswith("referral.")]


def left_on(reward: Reward) -> int:
    """What is left of the gift card or the membership."""
    return sum(int(lot.remaining) for lot in Lot.objects.filter(account=reward.account))


@pytest.fixture
def ann(program: ReferralProgram, join: Join) -> Client:
    return join("Ann")


@pytest.fixture
def bob(ann: Client, join: Join) -> Client:
    """Brought by Ann."""
    return join("Bob", code_of(ann))
