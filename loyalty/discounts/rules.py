"""The owner's discounts and promo codes as plain values, loaded once and kept until a setting changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.models import CheckRule, Discount, DiscountStep, PromoCode
from loyalty.money import ZERO, Money
from loyalty.periods import Week
from loyalty.scope import Scope
from loyalty.terms import Terms

CODE = "code"
"""The kind of a promo code; the other kinds are those of `Discount.Kind`."""


@dataclass(frozen=True, slots=True)
class LadderStep:
    """From so much spent, so many per cent."""

    from_spent: Money
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """A discount, or what a promo code does to a check."""

    id: int
    kind: str
    code: str
    name: str
    enabled: bool
    percent: Decimal | None
    amount: Money | None
    most: Money | None
    min_check: Money
    scope: Scope
    services: tuple[str, ...]
    """What `scope` names, in the owner's order: the parts of a bundle."""
    places: frozenset[str]
    week: Week
    from_day: date | None
    to_day: date | None
    segment: int | None
    client: int | None
    combinable: bool
    priority: int
    earns: bool
    tier: str = ""
    card: str = ""
    days: int | None = None
    buy: int | None = None
    steps: tuple[LadderStep, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeRule:
    """A promo code: what it does to a check, whom it is for, and how often."""

    rule: Rule
    is_batch: bool
    bonus: Money | None
    terms: Terms
    per_client: int | None
    new_clients_only: bool
    staff_only: bool
    valid_hours: int | None


@dataclass(frozen=True, slots=True)
class DiscountBook:
    """Every discount that is on, and every promo code, on or off (so that staff are told which it was)."""

    discounts: tuple[Rule, ...]
    codes: Mapping[int, CodeRule]


def load_book() -> DiscountBook:
    """Read them from the database, in two queries; three where a discount has steps."""
    rows = list(Discount.objects.filter(enabled=True).order_by("priority", "code"))
    ladders = [row.pk for row in rows if row.kind == Discount.Kind.CUMULATIVE]
    steps: dict[int, list[LadderStep]] = {}
    for step in DiscountStep.objects.filter(enabled=True, discount__in=ladders).order_by("from_spent"):
        steps.setdefault(step.discount_id, []).append(LadderStep(step.from_spent, step.percent))
    discounts = tuple(discount_rule(row, steps.get(row.pk, ())) for row in rows)
    return DiscountBook(discounts, {row.pk: code_rule(row) for row in PromoCode.objects.all()})


def discount_rule(row: Discount, steps: list[LadderStep] | tuple[LadderStep, ...] = ()) -> Rule:
    """A stored discount as a rule."""
    return _rule(
        row,
        row.kind,
        tier=row.tier,
        card=row.card_kind,
        client=row.client_id,
        days=row.days,
        buy=row.buy,
        steps=tuple(steps),
    )


def code_rule(row: PromoCode) -> CodeRule:
    """A stored promo code as a rule."""
    return CodeRule(
        rule=_rule(row, CODE, client=row.client_id),
        is_batch=row.is_batch,
        bonus=row.bonus_amount,
        terms=Terms(
            lifetime_days=row.bonus_lifetime_days,
            lifetime_months=row.bonus_lifetime_months,
            pending_days=row.bonus_pending_days,
            limit_percent=row.bonus_limit_percent,
            min_check=row.bonus_min_check or ZERO,
        ),
        per_client=row.max_uses_per_client,
        new_clients_only=row.new_clients_only,
        staff_only=row.staff_only,
        valid_hours=row.valid_hours,
    )


def _rule(
    row: CheckRule,
    kind: str,
    *,
    client: int | None,
    tier: str = "",
    card: str = "",
    days: int | None = None,
    buy: int | None = None,
    steps: tuple[LadderStep, ...] = (),
) -> Rule:
    return Rule(
        id=row.pk,
        kind=kind,
        code=row.code,
        name=row.name,
        enabled=row.enabled,
        percent=row.percent,
        amount=row.amount,
        most=row.max_discount,
        min_check=row.min_check,
        scope=Scope.of(row.services, row.exclude),
        services=tuple(row.services),
        places=frozenset(row.locations),
        week=Week.of(row),
        from_day=row.from_day,
        to_day=row.to_day,
        segment=row.segment_id,
        client=client,
        combinable=row.combinable,
        priority=row.priority,
        earns=row.earns,
        tier=tier,
        card=card,
        days=days,
        buy=buy,
        steps=steps,
    )
