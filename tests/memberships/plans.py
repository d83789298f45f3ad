"""Plans of every kind, in a line each."""

from __future__ import annotations

from typing import Any

from loyalty.models import Service
from memberships.models import Membership, Plan
from tests import factories
from tests.till import Till, cents


def plan(code: str = "plan", *services: str, price: str = "100", **columns: Any) -> Plan:
    """A plan for these services ("session"); "personal x 3" is one with its own count."""
    columns.setdefault("name", code.title())
    columns.setdefault("valid_days", 30)
    columns.setdefault("sessions", None)
    made: Plan = factories.PlanFactory(code=code, price=cents(price), service=None, **columns)
    for said in services:
        name, _x, count = said.partition(" x ")
        service = Service.objects.get(code=name)
        factories.PlanServiceFactory(plan=made, service=service, sessions=int(count) if count else None)
    return made


def left_of(membership: Membership) -> list[int]:
    """What remains of each lot, in the order in which they were granted."""
    return [int(lot.remaining) for lot in membership.account.lots.order_by("pk")]


def codes(till: Till, *lines: str, **said: Any) -> list[str]:
    """The notes about memberships on a quote."""
    bill = till.quote(*lines, **said).bill
    return [note.code.partition(".")[2] for note in bill.notes if note.stage == "membership"]
