"""Plans as the rules see them: those on sale, and those that memberships were sold by.

A plan counts its sessions in one of three ways: together for all that it covers, service by service, or not at all
(any number). Everything else about it only says when, where and by whom they may be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F

from loyalty.models.ledger import ANY_NUMBER
from loyalty.money import Money
from loyalty.periods import Week
from loyalty.pricing import Line
from loyalty.terms import last_day_after
from memberships.models import Plan, Starts

ENDLESS = ANY_NUMBER
"""In the ledger in the place of any number of sessions, so that each use is an entry."""


ANY_TIME = Week()


@dataclass(frozen=True, slots=True)
class PlanRule:
    """So many sessions of these services (by id) and categories, for so long, at this price."""

    id: int
    code: str
    name: str
    on_sale: bool
    sessions: int | None
    """One count for all together."""
    price: Money
    valid_days: int | None
    valid_months: int | None
    services: frozenset[int]
    refund: str
    """What comes back of it (`memberships.formulas`)."""
    counts: Mapping[int, int] = field(default_factory=dict)
    """Service → sessions of it, where each has its own count."""
    categories: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    week: Week = ANY_TIME
    per_day: int | None = None
    starts: str = Starts.PURCHASE
    freeze_days: int = 0
    people: int = 1
    unnamed: bool = False
    renews: bool = False

    @property
    def all_sessions(self) -> int | None:
        """All counts together; None for any number."""
        return sum(self.counts.values()) if self.counts else self.sessions

    @property
    def terms(self) -> str:
        """What a buyer is promised besides the price."""
        said = (
            *(self.sessions, sorted(self.counts.items()), self.valid_days, self.valid_months, self.starts),
            *(sorted(self.services), sorted(self.categories), sorted(self.places), self.week, self.per_day),
            *(self.refund, self.freeze_days, self.people, self.unnamed, self.renews),
        )
        return " ".join(map(str, said))

    def last_day(self, first_day: date) -> date | None:
        """The last day of a membership that begins on this one."""
        return last_day_after(first_day, days=self.valid_days, months=self.valid_months)

    def covers(self, line: Line) -> bool:
        """Whether it is for this line at all."""
        return line.is_service and (line.service_id in self.services or line.category in self.categories)

    def amounts(self) -> Mapping[int | None, Money]:
        """The lots of a membership: service (None: all that it covers) → sessions, as the ledger keeps them."""
        if self.counts:
            return {service: Money(count) for service, count in sorted(self.counts.items())}
        return {None: Money(self.sessions or ENDLESS)}


def lot_operation(operation: str, service: int | None) -> str:
    """The operation of a lot: of a service with its own count it ends in `:s<id>`."""
    return operation if service is None else f"{operation}:s{service}"


def service_of(operation: str, opened_by: str) -> int | None:
    """The service that a lot is for, by its operation and that of its account; None: all that the plan covers."""
    end = operation.rpartition(":")[2]
    is_counted = operation != opened_by and end[:1] == "s" and end[1:].isdecimal()
    return int(end[1:]) if is_counted else None


def load_plans() -> Mapping[int, PlanRule]:
    """Every plan by id, also those that are no longer sold: memberships of them still cover. One query."""
    counts: dict[int, dict[int, int | None]] = {}
    plans: dict[int, Plan] = {}
    rows = Plan.objects.annotate(service=F("planservice__service_id"), count=F("planservice__sessions"))
    for plan in rows.order_by("pk", "service"):
        plans[plan.pk] = plan
        of_plan = counts.setdefault(plan.pk, {})
        if plan.service is not None:
            of_plan[plan.service] = plan.count
    return {pk: rule_of(plan, counts[pk]) for pk, plan in plans.items()}


def rule_of(plan: Plan, services: Mapping[int, int | None]) -> PlanRule:
    """The plan as a rule. `services`: id → its own count."""
    counted = {service: count for service, count in services.items() if count}
    return PlanRule(
        id=plan.pk,
        code=plan.code,
        name=plan.name,
        on_sale=plan.enabled,
        sessions=None if counted else plan.sessions,
        price=plan.price,
        valid_days=plan.valid_days,
        valid_months=plan.valid_months,
        services=frozenset(counted or services),
        refund=plan.refund,
        counts=counted,
        categories=frozenset() if counted else frozenset(plan.categories),
        places=frozenset(plan.locations),
        week=Week.of(plan),
        per_day=plan.per_day,
        starts=plan.starts,
        freeze_days=plan.freeze_days,
        people=plan.people,
        unnamed=plan.unnamed,
        renews=plan.renews,
    )
