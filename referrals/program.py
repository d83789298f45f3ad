"""The referral program as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.money import Money
from loyalty.periods import is_running
from loyalty.terms import Terms
from referrals.models import FriendWhen, ReferralProgram, When


@dataclass(frozen=True, slots=True)
class Rules:
    """Who gets what, when, on which terms."""

    name: str
    enabled: bool
    from_day: date | None
    to_day: date | None
    priority: int
    referrer_percent: Decimal | None
    referrer_amount: Money | None
    every_visit: bool
    months: int | None
    max_per_month: Money | None
    friend_amount: Money | None
    friend_on_joining: bool
    friend_discount_percent: Decimal | None
    terms: Terms

    def is_on(self, today: date) -> bool:
        return self.enabled and is_running(self, today)


def load_rules() -> Rules | None:
    """The program as it is configured, also while it is off; None if there is none."""
    row = ReferralProgram.objects.filter(code=ReferralProgram.CODE).first()
    if row is None:
        return None
    return Rules(
        name=row.name,
        enabled=row.enabled,
        from_day=row.from_day,
        to_day=row.to_day,
        priority=row.priority,
        referrer_percent=row.referrer_percent,
        referrer_amount=row.referrer_amount,
        every_visit=row.referrer_when == When.EVERY_VISIT,
        months=row.months,
        max_per_month=row.max_per_month,
        friend_amount=row.friend_amount,
        friend_on_joining=row.friend_when == FriendWhen.REGISTRATION,
        friend_discount_percent=row.friend_discount_percent,
        terms=Terms.of(row),
    )
