"""What an event is, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

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
ONCE = UUID("6f1a4c52-0b7e-4d0e-9a63-2f1c7d9be805")
"""The name space of what is told once."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened. `facts` are told as they are: strings, numbers of things, ids as strings, dates ISO."""

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    once: str = ""
    """What it is told once for, however often it is written; part of the id that listeners get, so say it in a way that
    no other installation does. Empty: it happens each time it is written."""


def listened_to() -> frozenset[str]:
    """Names that some webhook wants to hear. One query."""
    rows = Webhook.objects.filter(enabled=True).values_list("events", flat=True)
    return frozenset(name for names in rows for name in names)


def write(happened: Iterable[Happened], *, now: datetime, listens: frozenset[str] | None = None) -> int:
    """Write what somebody listens to, inside the caller's transaction, in one statement; how many, those that were told
    already with them.

    `listens`: what the caller knows of it (`House.listens`); None: it is asked for.
    """
    happened = list(happened)
    if not happened:
        return 0
    wanted = listened_to() if listens is None else listens
    found = [one for one in happened if one.name in wanted]
    if found:
        Event.objects.bulk_create([_event(one, now) for one in found], ignore_conflicts=any(one.once for one in found))
    return len(found)


def _event(one: Happened, now: datetime) -> Event:
    key = {"key": uuid5(ONCE, f"{one.name}:{one.once}")} if one.once else {}
    return Event(name=one.name, facts=dict(one.facts), at=now, **key)
