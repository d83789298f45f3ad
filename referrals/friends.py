"""Which friends count for a milestone, and which milestones a client has reached.

A friend counts who came and paid: a visit of which something that was paid is left, of a pair that nobody has held or
cancelled. What was paid is what rewards are a share of (`Visit.base`); a free line that stays makes no paid visit. A
milestone is there once while its number is reached. It comes with the check of the friend who completes it, or with
the approval of one who did not count; one that the owner adds later comes with the next friend. It goes with the
refund that brings the number below it, and comes again when the number is reached again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from loyalty.fields import MoneyField
from loyalty.models import Refund, RefundLine, Visit
from referrals.models import Code, Referral, Reward
from referrals.program import Goal

State, Side = Reward.State, Reward.Side
GONE = (State.CANCELLED, State.TAKEN_BACK)
DOES_NOT_COUNT = (Referral.Decision.HELD, Referral.Decision.CANCELLED)


@dataclass(frozen=True, slots=True)
class Reached:
    """A milestone that is reached now and was not given yet. `operation`: how giving it is named."""

    goal: Goal
    operation: str

    @property
    def is_first(self) -> bool:
        """Whether the client never had it: no number follows in the operation."""
        return self.operation.count(":") == 4


def paid_visits() -> QuerySet[Visit]:
    """Visits of the friend that brought in money; those of which nothing that was paid is left count for nothing."""
    return Visit.objects.filter(~came_back(), client=OuterRef("friend"), is_visit=True, base__gt=0)


def came_back() -> Q:
    """Of visits: all that was paid has come back, or all lines have.

    By the lines of the refunds: a refund that is being made has them, and its own sums not yet.
    """
    lines = RefundLine.objects.filter(refund__visit=OuterRef("pk")).order_by().values("refund__visit")
    back = Coalesce(Subquery(lines.annotate(sum=Sum("base")).values("sum")), 0, output_field=MoneyField())
    whole = Exists(Refund.objects.filter(visit=OuterRef("pk"), is_whole=True))
    return Q(whole) | Q(base__gt=0, base__lte=back)


def who_count(referrer: int) -> QuerySet[Referral]:
    """Those of a client's friends who came and paid."""
    return Referral.objects.filter(Exists(paid_visits()), referrer=referrer).exclude(decision__in=DOES_NOT_COUNT)


def lock(referrers: Iterable[int] | QuerySet[Referral, int]) -> None:
    """Friends of one client are counted one after the other: two who come at once must not both be the fourth.

    Taken after all accounts, and only where a milestone may be reached or lost.
    """
    list(Code.objects.filter(client__in=referrers).order_by("pk").select_for_update(no_key=True))


def lock_referrer_of(friend: int) -> None:
    """The same for whoever brought this client, if their first paid visit may be about to happen."""
    lock(Referral.objects.filter(~Exists(paid_visits()), friend=friend).values_list("referrer", flat=True))


def reached(goals: Sequence[Goal], referrer: int, *, more: int = 0) -> tuple[Reached, ...]:
    """Milestones that the client has reached, with so many more friends, and does not have. Two queries at most."""
    if not goals:
        return ()
    had = list(Reward.objects.filter(client=referrer, side=Side.MILESTONE).order_by("pk"))
    there = {friends_of(reward) for reward in had if reward.state not in GONE}
    open_goals = [goal for goal in goals if goal.friends not in there]
    if not open_goals:
        return ()
    count = who_count(referrer)[: max(goal.friends for goal in open_goals)].count() + more
    return tuple(Reached(goal, _operation(referrer, goal.friends, had)) for goal in open_goals if goal.friends <= count)


def alive(referrer: int) -> QuerySet[Reward]:
    """The milestones that the client has."""
    return Reward.objects.filter(client=referrer, side=Side.MILESTONE).exclude(state__in=GONE).order_by("pk")


def no_longer_reached(referrer: int, *, without: int | None = None) -> list[Reward]:
    """Those of them that there are too few friends for now; `without` this one, if one is named.

    Locked: the night that gives one comes wholly before or after.
    """
    had = list(alive(referrer).select_for_update(no_key=True))
    if not had:
        return []
    most = max(map(friends_of, had))
    count = who_count(referrer).exclude(friend=without or 0)[:most].count()
    return [reward for reward in had if friends_of(reward) > count]


def friends_of(reward: Reward) -> int:
    """How many friends this milestone was for: it stands in its operation."""
    return int(reward.operation.split(":")[4])


def _operation(referrer: int, friends: int, had: Sequence[Reward]) -> str:
    """`client:7:referrals:milestone:5`, once; with a number after it when it was taken back and is given again."""
    earlier = sum(friends_of(reward) == friends for reward in had)
    name = f"client:{referrer}:referrals:milestone:{friends}"
    return f"{name}:{earlier + 1}" if earlier else name
