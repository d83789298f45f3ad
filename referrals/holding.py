"""What a client has of referrals: the code and link to share, the friends and what they brought, who brought them.

What only the client's own page or the desk shows is asked when it is shown (`Own`): a balance over the API costs no
more for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dateutil.relativedelta import relativedelta
from django.db.models import Q, Sum

from clients.models import Client
from loyalty.house import House
from loyalty.mechanics import Holdings, Panel
from loyalty.models import Account, Entry
from loyalty.money import ZERO, Money
from referrals import inviting, words
from referrals.friends import who_count
from referrals.kinds import goods
from referrals.models import Code, Kind, Partner, Referral, Reward
from referrals.partners import partner_of
from referrals.program import Goal, Rules
from referrals.tree import REWARD, Friend, Page, Totals, earned_by, totals, tree

ON_THE_BALANCE_PAGE = 5
MOST_REWARDS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """A friend as the client who brought them reads it: "Boris P.", how far, what it brought, why."""

    name: str
    status: str
    short: str
    earned: Money
    lines: Sequence[str]

    @classmethod
    def of(cls, friend: Friend, house: House, plans: words.Plans) -> Told:
        return cls(
            words.known_as(friend.client),
            friend.status,
            str(words.SHORT[friend.status]),
            friend.earned,
            words.lines(friend, house, plans),
        )


@dataclass
class Own:
    """What a client's friends came to, asked once it is looked at."""

    client: Client
    house: House
    now: datetime
    rules: Rules | None
    after: int = 0
    size: int = ON_THE_BALANCE_PAGE

    @cached_property
    def page(self) -> Page:
        return tree(self.client, self.house, self.now, after=self.after, size=self.size)

    @cached_property
    def friends(self) -> list[Told]:
        plans = words.plans_of(row for friend in self.page.friends for row in friend.rewards)
        return [Told.of(friend, self.house, plans) for friend in self.page.friends]

    @cached_property
    def totals(self) -> Totals:
        return totals(self.client, self.house, self.now)

    @cached_property
    def limits(self) -> list[str]:
        """At most so much a month, for a friend, so many friends."""
        rules = self.rules
        if rules is None:
            return []
        return words.limits(
            self.house,
            max_per_month=rules.max_per_month if rules.gives_bonuses else None,
            this_month=this_month(self.client, self.house, self.now) if rules.max_per_month is not None else ZERO,
            max_per_friend=rules.max_per_friend if rules.gives_bonuses else None,
            left=None if rules.max_friends is None else max(rules.max_friends - self.totals.friends, 0),
        )

    @cached_property
    def milestone(self) -> str:
        """ "2 more friends who come and pay, and you get 20.00 bonuses."; "" when none is ahead."""
        goals = self.rules.goals if self.rules is not None else ()
        if not goals:
            return ""
        came = who_count(self.client.pk).count()
        ahead = next((goal for goal in goals if goal.friends > came), None)
        return "" if ahead is None else words.next_milestone(ahead.friends - came, _given(ahead, self.house))

    @cached_property
    def rewards(self) -> list[str]:
        """What came for so many friends, or for having been brought, and is no bonuses of the ledger. Newest first."""
        shown = (Reward.State.PENDING, Reward.State.HELD, Reward.State.GIVEN)
        rows = Reward.objects.filter(client=self.client, state__in=shown).exclude(side=Reward.Side.REFERRER)
        found = list(rows.exclude(kind=Kind.BONUS, state=Reward.State.GIVEN)[:MOST_REWARDS])
        plans = words.plans_of(found)
        return [words.own_reward(row, self.house, plans) for row in found]

    @cached_property
    def partner(self) -> Partner | None:
        """For the desk: the partner outside who brought them. One query."""
        return partner_of(self.client)

    @cached_property
    def ready(self) -> list[str]:
        """For the desk: what the next check takes off. One query."""
        ready = Reward.objects.filter(client=self.client, kind=Kind.DISCOUNT, state=Reward.State.GIVEN)
        return [words.of_reward(row, self.house, {}) for row in ready[:MOST_REWARDS]]


def holdings(client: Client, house: House, now: datetime, rules: Rules | None) -> Holdings:
    """Four queries; the rest when a page is drawn."""
    code = Code.objects.filter(client=client).values_list("code", flat=True).first()
    referral = Referral.objects.filter(friend=client).select_related("referrer").first()
    today = house.day(now)
    is_on = rules is not None and rules.is_on(today)
    shown = {
        "code": code,
        "path": f"/join/{code}/" if code else "/join/",
        "friends": Referral.objects.filter(referrer=client).count(),
        "earned": earned_by(client, today).net,
        "program": rules if is_on else None,
        "promise": " ".join(inviting.promises(house, rules, today)),
        "referrer": referral.referrer if referral is not None else None,
        "own": Own(client, house, now, rules if is_on else None),
    }
    return Holdings(portal=(Panel("referrals/portal.html", shown),), desk=(Panel("referrals/desk.html", shown),))


def this_month(client: Client, house: House, now: datetime) -> Money:
    """The bonuses that friends brought in this calendar month, less what was taken back. One query."""
    first = now.astimezone(house.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    own = Q(account__client=client, account__unit=Account.Unit.BONUS, operation__contains=REWARD)
    rows = Entry.objects.filter(own, at__gte=first, at__lt=first + relativedelta(months=1))
    return max(rows.aggregate(sum=Sum("amount"))["sum"] or ZERO, ZERO)


def _given(goal: Goal, house: House) -> str:
    gain = goal.gain
    plan = goods(gain.kind).get(gain.good, gain.good) if gain.kind == Kind.MEMBERSHIP else ""
    return words.gift(gain.kind, house, amount=gain.amount, percent=gain.percent, plan=plan)
