"""Whom a client brought, and how far each of them is: invited, registered, here for the first time, rewarded.

Everything is derived from what happened (visits, refunds, the ledger, rewards), a page of friends at a time, in a
number of queries that grows neither with the friends nor with their visits.

What a friend paid is money over all their checks, refunds taken off. What they earned for the referrer is the bonuses
that came for their checks, less what was taken back; what cannot be used yet is pending. Worked example: 5 % at every
visit, pending for a week; the friend pays 60.00 and brings one session of 20.00 back: paid 40.00, pending 2.00 (3.00
came, 1.00 was taken back), earned 0.00 until the week is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum

from clients.models import Client
from loyalty.house import House
from loyalty.models import Account, Entry, Refund, Visit
from loyalty.money import ZERO, Money, total
from referrals.models import Kind, Referral, Reward

REWARD = ":referrals:referrer"
"""In the operation of every entry that rewards a referrer for one friend, or takes such a reward back."""
PAGE = 20
MOVES = (Entry.Kind.GRANT, Entry.Kind.TAKE_BACK)
State = Reward.State
Decision = Referral.Decision


class Status(StrEnum):
    """How far a friend is. The later ones speak of the reward."""

    INVITED = "invited"
    """Named as brought, with a card perhaps, but nobody knows yet who they are."""
    REGISTERED = "registered"
    VISITED = "visited"
    """Has been here, and no reward has come of it."""
    PENDING = "pending"
    REWARDED = "rewarded"
    HELD = "held"
    CANCELLED = "cancelled"
    TAKEN_BACK = "taken_back"
    """A reward came and all of it went back."""


@dataclass(frozen=True, slots=True)
class Bonuses:
    """What a friend's checks brought in bonuses: all of it, what of it waits, what went back."""

    net: Money = ZERO
    waiting: Money = ZERO
    until: date | None = None
    """From when all that waits can be used."""
    since: datetime | None = None
    taken_back: Money = ZERO
    taken_back_at: datetime | None = None

    @property
    def pending(self) -> Money:
        return max(min(self.waiting, self.net), ZERO)

    @property
    def earned(self) -> Money:
        return self.net - self.pending

    def __add__(self, other: Bonuses) -> Bonuses:
        return Bonuses(
            self.net + other.net,
            self.waiting + other.waiting,
            max(filter(None, (self.until, other.until)), default=None),
            min(filter(None, (self.since, other.since)), default=None),
            self.taken_back + other.taken_back,
            max(filter(None, (self.taken_back_at, other.taken_back_at)), default=None),
        )


@dataclass(frozen=True, slots=True)
class Friend:
    """One friend whom a client brought, with dates and sums."""

    referral: Referral
    first_visit_at: datetime | None
    paid: Money
    bonuses: Bonuses
    rewards: Sequence[Reward]
    """Other than bonuses in the ledger, or held; newest first."""
    friends: int
    """Whom this friend has brought in turn."""

    @property
    def client(self) -> Client:
        return self.referral.friend

    @property
    def earned(self) -> Money:
        return self.bonuses.earned

    @property
    def pending(self) -> Money:
        """Bonuses that wait for their day, or for somebody to look."""
        return self.bonuses.pending + self.held

    @property
    def held(self) -> Money:
        return total(row.amount or ZERO for row in self._of(State.HELD) if row.kind == Kind.BONUS)

    @property
    def pending_until(self) -> date | None:
        """The last day that something waits for; None also where it waits for a person."""
        days: list[date | None] = [row.due_day for row in self._of(State.PENDING)]
        days.append(self.bonuses.until if self.bonuses.pending else None)
        return max(filter(None, days), default=None)

    @property
    def rewarded_at(self) -> datetime | None:
        given = [row.changed_at for row in self._of(State.GIVEN, State.USED)]
        return min([*given, *([self.bonuses.since] if self.bonuses.since else [])], default=None)

    @property
    def status(self) -> Status:
        if self.referral.decision == Decision.CANCELLED:
            return Status.CANCELLED
        if self.referral.decision == Decision.HELD or self._of(State.HELD):
            return Status.HELD
        return self._of_the_reward() or self._of_the_friend()

    def _of_the_reward(self) -> Status | None:
        ways = (
            (Status.REWARDED, self.earned > 0 or self._of(State.GIVEN, State.USED)),
            (Status.PENDING, self.bonuses.pending or self._of(State.PENDING)),
            (Status.TAKEN_BACK, self.bonuses.taken_back or self._of(State.TAKEN_BACK, State.CANCELLED)),
        )
        return next((status for status, is_so in ways if is_so), None)

    def _of_the_friend(self) -> Status:
        if self.first_visit_at is not None:
            return Status.VISITED
        return Status.REGISTERED if self.client.first_name else Status.INVITED

    def _of(self, *states: str) -> list[Reward]:
        return [row for row in self.rewards if row.state in states]


@dataclass(frozen=True, slots=True)
class Page:
    """Some friends, newest first, and what the next page begins after (0: there is none)."""

    friends: Sequence[Friend] = field(default_factory=tuple)
    next: int = 0


def tree(
    client: Client,
    house: House,
    now: datetime,
    *,
    after: int = 0,
    size: int = PAGE,
    places: Sequence[int] | None = None,
) -> Page:
    """A page of the friends whom a client brought. Nine queries at most.

    `after`: the friend with whom the page before ended. `places`: whoever sees some locations only sees the friends of
    these, and what was paid there.
    """
    rows = pairs_seen(places).filter(referrer=client)
    if after:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: size + 1])
    shown = found[:size]
    return Page(friends_of(shown, house, now, places=places), shown[-1].pk if len(found) > size else 0)


def pairs_seen(places: Sequence[int] | None) -> QuerySet[Referral]:
    """The pairs that somebody sees who is limited to these locations (None: to none).

    Of friends who joined at one of them or have been there, and of those who joined at none.
    """
    rows = Referral.objects.all()
    if places is None:
        return rows
    been = Exists(Visit.objects.filter(client=OuterRef("friend"), location__in=places))
    return rows.filter(Q(friend__home__in=places) | Q(friend__home=None) | been)


def friends_of(
    referrals: Sequence[Referral], house: House, now: datetime, *, places: Sequence[int] | None = None
) -> list[Friend]:
    """These referrals with what came of them, in their order. Eight queries at most."""
    ids = [row.pk for row in referrals]
    if not ids:
        return []
    people = with_first_visit(Client.objects.filter(pk__in=ids)).in_bulk()
    bonuses = _bonuses(ids, house.day(now))
    _take_cancelled([row.pk for row in referrals if row.decision == Decision.CANCELLED], bonuses, house.day(now))
    paid, rewards, brought = _paid(ids, places), _rewards(ids), _brought(ids)
    for row in referrals:
        row.friend = people[row.pk]
    return [
        Friend(
            referral=row,
            first_visit_at=people[row.pk].first_visit_at,
            paid=paid.get(row.pk, ZERO),
            bonuses=bonuses.get(row.pk, Bonuses()),
            rewards=rewards.get(row.pk, ()),
            friends=brought.get(row.pk, 0),
        )
        for row in referrals
    ]


def counted_visits() -> QuerySet[Visit]:
    """Visits that count: what wholly came back counts for nothing (`domain.md` section 6)."""
    return Visit.objects.filter(is_visit=True).exclude(refunds__is_whole=True)


def with_first_visit(clients: QuerySet[Client]) -> Any:
    """These clients, each with `first_visit_at`, of visits that count."""
    first = counted_visits().filter(client=OuterRef("pk")).order_by("at", "pk").values("at")[:1]
    return clients.annotate(first_visit_at=Subquery(first))


def _paid(friends: Iterable[int], places: Sequence[int] | None) -> dict[int, Money]:
    """Friend → the money that they paid, less what they got back."""
    visits = Visit.objects.filter(client__in=friends)
    refunds = Refund.objects.filter(visit__client__in=friends)
    if places is not None:
        visits, refunds = visits.filter(location__in=places), refunds.filter(visit__location__in=places)
    sums: dict[int, Money] = defaultdict(lambda: ZERO)
    for friend, amount in visits.order_by().values_list("client").annotate(sum=Sum("to_pay")):
        sums[friend] += amount
    for friend, amount in refunds.order_by().values_list("visit__client").annotate(sum=Sum("money")):
        sums[friend] -= amount
    return sums


def _bonuses(friends: Sequence[int], today: date) -> dict[int, Bonuses]:
    """Friend → what their checks brought whoever brought them.

    By the friends' visits, so that a referrer of thousands is no slower: what came is asked by the visit, what went
    back by the refund.
    """
    sums: dict[int, Bonuses] = defaultdict(Bonuses)
    for whose in ("visit__client", "refund__visit__client"):
        rows = _rewards_in_bonuses().filter(**{f"{whose}__in": friends}).order_by()
        for friend, *figures in rows.values_list(whose).annotate(**_figures(today)):
            sums[friend] += _read(*figures)
    return sums


def _take_cancelled(friends: Sequence[int], sums: dict[int, Bonuses], today: date) -> None:
    """What was taken when a person cancelled the pair belongs to no refund: it is found by the lots."""
    if not friends:
        return
    rows = _rewards_in_bonuses()
    lots = rows.filter(kind=Entry.Kind.GRANT, visit__client__in=friends).values("lot")
    granted = Entry.objects.filter(lot=OuterRef("lot"), number=1).values("visit__client")
    taken = rows.filter(lot__in=lots, visit=None, refund=None).annotate(whose=Subquery(granted))
    for friend, *figures in taken.order_by().values_list("whose").annotate(**_figures(today)):
        sums[friend] += _read(*figures)


def _rewards_in_bonuses() -> QuerySet[Entry]:
    """What came to referrers for one friend, and what was taken back of it."""
    return Entry.objects.filter(account__unit=Account.Unit.BONUS, operation__contains=REWARD, kind__in=MOVES)


def _figures(today: date) -> dict[str, Any]:
    waits, is_back = Q(lot__first_day__gt=today), Q(kind=Entry.Kind.TAKE_BACK)
    return {
        "net": Sum("amount"),
        "waiting": Sum("amount", filter=waits),
        "until": Max("lot__first_day", filter=waits),
        "since": Min("at", filter=~is_back),
        "back": Sum("amount", filter=is_back),
        "back_at": Max("at", filter=is_back),
    }


def _read(
    net: Money | None, waiting: Money | None, until: Any, since: Any, back: Money | None, back_at: Any
) -> Bonuses:
    return Bonuses(net or ZERO, waiting or ZERO, until, since, -(back or ZERO), back_at)


def _rewards(friends: Iterable[int]) -> dict[int, list[Reward]]:
    rewards: dict[int, list[Reward]] = defaultdict(list)
    for row in Reward.objects.filter(friend__in=friends, side=Reward.Side.REFERRER):
        rewards[row.friend_id].append(row)
    return rewards


def _brought(friends: Iterable[int]) -> dict[int, int]:
    rows = Referral.objects.filter(referrer__in=friends).order_by().values_list("referrer")
    return dict(rows.annotate(count=Count("pk")))


# --- all of them together ---


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all friends of a client."""

    friends: int
    came: int
    further: int
    """Friends of friends."""
    bonuses: Bonuses


def totals(client: Client, house: House, now: datetime, *, places: Sequence[int] | None = None) -> Totals:
    """Three queries. `places`: only of the friends whom somebody sees who is limited to these locations."""
    came = Exists(counted_visits().filter(client=OuterRef("friend")))
    own = pairs_seen(places).filter(referrer=client)
    counts = own.aggregate(friends=Count("pk"), came=Count("pk", filter=Q(came)))
    further = Referral.objects.filter(referrer__in=own.values("friend")).count()
    seen = own.values("friend") if places is not None else None
    return Totals(counts["friends"], counts["came"], further, earned_by(client, house.day(now), friends=seen))


def earned_by(client: Client, today: date, *, friends: QuerySet[Referral, Any] | None = None) -> Bonuses:
    """What all friends brought a client in bonuses, or only these. One query."""
    rows = _rewards_in_bonuses().filter(account__client=client)
    if friends is not None:
        granted = rows.filter(kind=Entry.Kind.GRANT, visit__client__in=friends).values("lot")
        of_check = Q(visit__client__in=friends) | Q(refund__visit__client__in=friends)
        rows = rows.filter(of_check | Q(lot__in=granted, visit=None, refund=None))
    return _read(**rows.aggregate(**_figures(today)))
