"""What an event is, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loyalty.models import Event, Webhook

NAMES = (
    "client.created",
    "client.merged",
    "visit.settled",
    "visit.refunded",
    "bonus.granted",
    "bonus.spent",
    "bonus.expired",
    "bonus.expiring",
    "tier.changed",
    "referral.rewarded",
    "giftcard.sold",
    "giftcard.spent",
    "membership.sold",
    "membership.used",
    "membership.ending",
)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened. `facts` are told as they are: strings, numbers of things, ids as strings, dates ISO."""

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def listened_to() -> frozenset[str]:
    """Names that some webhook wants to hear. One query."""
    rows = Webhook.objects.filter(enabled=True).values_list("events", flat=True)
    return frozenset(name for names in rows for name in names)


def write(happened: Iterable[Happened], *, now: datetime, listens: frozenset[str] | None = None) -> int:
    """Write what somebody listens to, inside the caller's transaction; how many.

    `listens`: what the caller knows of it (`House.listens`); None: it is asked for.
    """
    happened = list(happened)
    if not happened:
        return 0
    wanted = listened_to() if listens is None else listens
    rows = [Event(name=one.name, facts=dict(one.facts), at=now) for one in happened if one.name in wanted]
    if rows:
        Event.objects.bulk_create(rows)
    return len(rows)
