"""The referral program as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from loyalty.money import Money
from loyalty.periods import is_running
from loyalty.terms import Terms
from referrals.kinds import Gain, gain_of, with_name
from referrals.models import FriendWhen, Kind, Milestone, ReferralProgram, Reward, When


@dataclass(frozen=True, slots=True)
class Goal:
    """A milestone: so many friends who came and paid, and what that gives."""

    friends: int
    gain: Gain


@dataclass(frozen=True, slots=True)
class Rules:
    """Who gets what, when, on which terms."""

    name: str
    enabled: bool
    from_day: date | None
    to_day: date | None
    priority: int
    referrer_percent: Decimal | None
    """A share of what the friend pays; or else `referrer`, once."""
    referrer: Gain | None
    every_visit: bool
    months: int | None
    max_per_month: Money | None
    friend: Gain | None
    friend_on_joining: bool
    terms: Terms
    max_per_friend: Money | None = None
    max_friends: int | None = None
    goals: tuple[Goal, ...] = ()
    """Fewest friends first."""
    has_discounts: bool = False
    """Whether somebody may hold a discount for their next check: by these settings, or by earlier ones."""

    def is_on(self, today: date) -> bool:
        return self.enabled and is_running(self, today)

    @property
    def gains(self) -> tuple[Gain, ...]:
        """Everything that either side can get, besides a share."""
        all_of_them = (self.referrer, self.friend, *(goal.gain for goal in self.goals))
        return tuple(gain for gain in all_of_them if gain is not None)

    @property
    def gives_bonuses(self) -> bool:
        return bool(self.referrer_percent) or any(gain.is_bonuses for gain in self.gains)

    @property
    def gives_nothing(self) -> bool:
        return not self.referrer_percent and not any(map(is_something, self.gains))


def is_something(gain: Gain) -> bool:
    """Not 0 %."""
    return bool(gain.percent) if gain.is_discount else True


def load_rules() -> Rules | None:
    """The program as it is configured, also while it is off; None if there is none."""
    row = ReferralProgram.objects.filter(code=ReferralProgram.CODE).first()
    if row is None:
        return None
    goals = tuple(_goal(milestone) for milestone in Milestone.objects.filter(program=row).order_by("friends"))
    referrer, friend = with_name(gain_of(row, "referrer_")), with_name(gain_of(row, "friend_"))
    rules = Rules(
        name=row.name,
        enabled=row.enabled,
        from_day=row.from_day,
        to_day=row.to_day,
        priority=row.priority,
        referrer_percent=row.referrer_percent,
        referrer=referrer,
        every_visit=row.referrer_when == When.EVERY_VISIT,
        months=row.months,
        max_per_month=row.max_per_month,
        max_per_friend=row.max_per_friend,
        max_friends=row.max_friends,
        friend=friend,
        friend_on_joining=row.friend_when == FriendWhen.REGISTRATION,
        terms=Terms.of(row),
        goals=goals,
    )
    return replace(rules, has_discounts=any(gain.is_discount for gain in rules.gains) or _has_discounts())


def _goal(milestone: Milestone) -> Goal:
    gain = with_name(gain_of(milestone))
    assert gain is not None, "a milestone gives one thing"
    return Goal(milestone.friends, gain)


def _has_discounts() -> bool:
    return Reward.objects.filter(kind=Kind.DISCOUNT).exists()
