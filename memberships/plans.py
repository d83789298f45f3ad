"""Plans on sale, as the rules see them, and the state of a membership that a client bought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import F

from clients.models import Client
from loyalty.house import House
from loyalty.models import Lot
from loyalty.money import Money
from loyalty.terms import last_day_after
from memberships.models import Membership, Plan


@dataclass(frozen=True, slots=True)
class PlanRule:
    """So many sessions of these services (by id), for so long, at this price."""

    id: int
    code: str
    name: str
    on_sale: bool
    sessions: int
    price: Money
    valid_days: int | None
    valid_months: int | None
    services: frozenset[int]
    refund: str
    """What comes back of it (`memberships.formulas`)."""

    def last_day(self, today: date) -> date | None:
        """The last day of a membership that is bought today."""
        return last_day_after(today, days=self.valid_days, months=self.valid_months)


def load_plans() -> Mapping[int, PlanRule]:
    """Every plan by id, also those that are no longer sold: memberships of them still cover. One query."""
    services: dict[int, set[int]] = {}
    plans: dict[int, Plan] = {}
    for plan in Plan.objects.annotate(service=F("planservice__service_id")):
        plans[plan.pk] = plan
        services.setdefault(plan.pk, set()).update({plan.service} - {None})
    return {pk: _rule(plan, services[pk]) for pk, plan in plans.items()}


def _rule(plan: Plan, services: Iterable[int]) -> PlanRule:
    return PlanRule(
        id=plan.pk,
        code=plan.code,
        name=plan.name,
        on_sale=plan.enabled,
        sessions=plan.sessions,
        price=plan.price,
        valid_days=plan.valid_days,
        valid_months=plan.valid_months,
        services=frozenset(services),
        refund=plan.refund,
    )


class Status(StrEnum):
    ACTIVE = "active"
    USED_UP = "used_up"
    ENDED = "ended"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class MembershipState:
    """A membership on a day. `remaining` counts the sessions that can still be used."""

    id: int
    plan: str
    name: str
    sessions: int
    remaining: int
    first_day: date
    last_day: date | None
    status: Status

    def facts(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "id": str(self.id),
            "plan": self.plan,
            "name": self.name,
            "remaining": self.remaining,
            "sessions": self.sessions,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "status": str(self.status),
        }


def memberships_of(client: Client, house: House, now: datetime) -> list[MembershipState]:
    """All that the client ever bought, newest first. One query."""
    rows = Lot.objects.filter(account__membership__client=client).order_by("-account__membership__pk")
    return _states(rows.select_related("account__membership__plan"), house.day(now))


def membership_state(membership: Membership, house: House, now: datetime) -> MembershipState:
    """This membership today."""
    rows = Lot.objects.filter(account__membership=membership).select_related("account__membership__plan")
    return _states(rows, house.day(now))[0]


def states_of(memberships: Iterable[Membership], house: House, now: datetime) -> list[MembershipState]:
    """These memberships today, newest first. One query."""
    rows = Lot.objects.filter(account__membership__in=list(memberships)).order_by("-account__membership__pk")
    return _states(rows.select_related("account__membership__plan"), house.day(now))


def _states(lots: Iterable[Lot], today: date) -> list[MembershipState]:
    return [_state(lot, lot.account.membership, today) for lot in lots]


def _state(lot: Lot, membership: Membership, today: date) -> MembershipState:
    has_ended = lot.last_day is not None and lot.last_day < today
    status = Status.ENDED if has_ended else Status.ACTIVE if lot.remaining else Status.USED_UP
    if membership.voided_at is not None:
        status = Status.VOID
    return MembershipState(
        id=membership.pk,
        plan=membership.plan.code,
        name=membership.plan.name,
        sessions=membership.sessions,
        remaining=int(lot.remaining) if status is Status.ACTIVE else 0,
        first_day=lot.first_day,
        last_day=lot.last_day,
        status=status,
    )
