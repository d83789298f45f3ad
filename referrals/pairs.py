"""What the program asks about the friend on a check and whoever brought them. One query; two more for milestones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from loyalty.mechanics import Person, Scene
from loyalty.models import Account, Entry
from loyalty.money import ZERO, Money
from loyalty.sql import Compiled
from referrals import friends
from referrals.friends import paid_visits
from referrals.models import Kind, Referral, Reward
from referrals.program import Rules
from referrals.rewards import MECHANIC, Friendship

REWARD = f":{MECHANIC}:referrer"
"""In the operation of every entry that rewards a referrer for a friend's check, or takes such a reward back."""
MILESTONE = f":{MECHANIC}:milestone:"
COLUMNS = ("referrer_id", "account", "named_at", "decision")


def friendship_of(person: Person, rules: Rules, scene: Scene) -> Friendship | None:
    """Who brought this client, and what the program asks about both."""
    row = _asked(person.id, rules, scene)
    if row is None or row["account"] is None:
        return None
    friendship = Friendship(
        friend=person.id,
        referrer=row["referrer_id"],
        account=row["account"],
        named_day=scene.house.day(row["named_at"]),
        visits=person.visits,
        has_paid=bool(row.get("has_paid")),
        decision=row["decision"],
        this_month=_came("this_month", row),
        for_friend=_came("for_friend", row),
    )
    if not rules.goals or friendship.has_paid or not friendship.counts:
        return friendship
    return replace(friendship, goals=friends.reached(rules.goals, friendship.referrer, more=1))


def _came(what: str, row: Mapping[str, Any]) -> Money:
    """What came by way of the ledger, and what is set aside."""
    return max(Money((row.get(what) or 0) + (row.get(f"{what}_held") or 0)), ZERO)


def _asked(friend: int, rules: Rules, scene: Scene) -> Mapping[str, Any] | None:
    """The row of the friendship; of programs with limits also what the limits are about."""
    asked: dict[str, Any] = {}
    if _asks_paid(rules):
        asked["has_paid"] = Exists(paid_visits())
    if rules.max_per_month is not None:
        first = _month_of(scene)
        asked["this_month"] = _sum(_rewards_of_month(first))
        asked["this_month_held"] = _sum(_held().filter(created_at__gte=first, created_at__lt=_next(first)), "client")
    if rules.max_per_friend is not None:
        asked["for_friend"] = _sum(_rewards_for_friend())
        asked["for_friend_held"] = _sum(_held().filter(friend=OuterRef("friend")), "client")
    if not asked:
        rows = BROUGHT.rows(friend)
        return dict(zip(COLUMNS, rows[0], strict=True)) if rows else None
    row: Mapping[str, Any] | None = _brought(friend).annotate(**asked).values(*COLUMNS, *asked).first()
    return row


def _asks_paid(rules: Rules) -> bool:
    """Whether something comes with the first paid visit."""
    friend = rules.friend is not None and not rules.friend.is_discount and not rules.friend_on_joining
    return rules.referrer is not None or friend or bool(rules.goals)


def _brought(friend: int) -> QuerySet[Referral]:
    account = Account.objects.filter(client=OuterRef("referrer"), unit=Account.Unit.BONUS).values("pk")[:1]
    rows = Referral.objects.filter(friend=friend, referrer__erased_at=None)
    return rows.annotate(account=Subquery(account))


BROUGHT = Compiled(lambda friend: _brought(friend).values_list(*COLUMNS))


def _month_of(scene: Scene) -> datetime:
    """The beginning of this calendar month by the house's clock."""
    return scene.now.astimezone(scene.house.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next(first: datetime) -> datetime:
    return first + relativedelta(months=1)


def _rewards_of_month(first: datetime) -> QuerySet[Entry]:
    """What the referrer got this calendar month, over all friends, less what was taken back.

    What a person released belongs to the month of the check that brought it. The referrer is not locked by a friend's
    check: two friends at two tills at the same moment may pass the limit by one reward. A lock would make a referrer
    of thousands a place where all their friends wait.
    """
    of_this_month = Q(visit=None) | Q(visit__at__gte=first)
    return _rewards().filter(of_this_month, account=OuterRef("account"), at__gte=first, at__lt=_next(first))


def _rewards_for_friend() -> QuerySet[Entry]:
    """What the referrer ever got for this friend, less what was taken back."""
    of_friend = Q(visit__client=OuterRef("friend")) | Q(refund__visit__client=OuterRef("friend"))
    return _rewards().filter(of_friend, account=OuterRef("account"))


def _rewards() -> QuerySet[Entry]:
    return Entry.objects.filter(operation__contains=REWARD)


def _held() -> QuerySet[Reward]:
    """Bonuses for the referrer that wait until somebody has looked: they are in no account yet."""
    return Reward.objects.filter(
        client=OuterRef("referrer"), side=Reward.Side.REFERRER, kind=Kind.BONUS, state=Reward.State.HELD
    )


def _sum(rows: QuerySet[Any], of: str = "account") -> Subquery:
    return Subquery(rows.order_by().values(of).annotate(sum=Sum("amount")).values("sum"))


def earned(client: int) -> Money:
    """What friends brought this client in bonuses so far, less what was taken back."""
    brought = Q(operation__contains=REWARD) | Q(operation__contains=MILESTONE)
    entries = Entry.objects.filter(brought, account__client=client, account__unit=Account.Unit.BONUS)
    return entries.aggregate(sum=Sum("amount"))["sum"] or ZERO
