"""Who brought most over some days: friends who joined, who came for the first time, what friends paid, what it earned.

Each figure is of what happened within these days, whenever the friend was brought: a friend who joined in May and came
in June counts as joined in May and as come in June. Paid is money less refunds; earned is bonuses, for friends and for
so many of them, less what was taken back, pending ones included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q, Sum

from clients.models import Client
from loyalty.models import Account, Entry, Refund, Visit
from loyalty.money import ZERO, Money
from referrals.models import Referral
from referrals.report import Span, first_visits
from referrals.tree import MOVES, REWARD

MILESTONE = ":referrals:milestone"
MOST = 50


class By(StrEnum):
    """What the order is by."""

    CAME = "came"
    JOINED = "joined"
    PAID = "paid"
    EARNED = "earned"


@dataclass(frozen=True, slots=True)
class Place:
    """A client on the board. Clients with the same figure share a place."""

    number: int
    client: Client
    joined: int
    came: int
    paid: Money
    earned: Money


@dataclass(slots=True)
class _Score:
    joined: int = 0
    came: int = 0
    paid: Money = ZERO
    earned: Money = ZERO


def leaderboard(span: Span, by: By = By.CAME, most: int = MOST) -> list[Place]:
    """The first places, best first. Six queries."""
    scores: dict[int, _Score] = defaultdict(_Score)
    for name, sign, rows in _sums(span):
        for client, figure in rows:
            setattr(scores[client], name, getattr(scores[client], name) + sign * (figure or 0))
    order = sorted(
        (pk for pk in scores if getattr(scores[pk], by) > 0),
        key=lambda pk: (-getattr(scores[pk], by), -scores[pk].came, -scores[pk].paid, pk),
    )[:most]
    people = Client.objects.in_bulk(order)
    numbers = _numbers([getattr(scores[pk], by) for pk in order])
    return [
        Place(number, people[pk], scores[pk].joined, scores[pk].came, scores[pk].paid, scores[pk].earned)
        for number, pk in zip(numbers, order, strict=True)
    ]


def _numbers(figures: Sequence[int]) -> list[int]:
    """ "1, 2, 2, 4"."""
    return [figures.index(figure) + 1 for figure in figures]


def _sums(span: Span) -> Iterable[tuple[str, int, Any]]:
    """Name of the figure, its sign, and (client, figure) of each who has one."""
    joined = Referral.objects.filter(span.within("named_at"), span.at("friend__home"))
    yield "joined", 1, joined.order_by().values_list("referrer").annotate(Count("pk"))
    referrer = "client__referral__referrer"
    yield "came", 1, first_visits(span).order_by().values_list(referrer).annotate(Count("pk"))
    paid = Visit.objects.filter(span.within("at"), span.at("location"), client__referral__isnull=False)
    yield "paid", 1, paid.order_by().values_list(referrer).annotate(Sum("to_pay"))
    back = Refund.objects.filter(span.within("at"), span.at("visit__location"), visit__client__referral__isnull=False)
    yield "paid", -1, back.order_by().values_list(f"visit__{referrer}").annotate(Sum("money"))
    earned = Entry.objects.filter(
        Q(operation__contains=REWARD) | Q(operation__contains=MILESTONE),
        span.within("at"),
        span.at("visit__location", "refund__visit__location", "account__client__home"),
        account__unit=Account.Unit.BONUS,
        kind__in=MOVES,
    )
    yield "earned", 1, earned.order_by().values_list("account__client").annotate(Sum("amount"))
