"""Takes letters that are due, so that two workers never send one, and says of each what is to become of it.

Of the letters that are due the most valuable come first, then the oldest. A letter is claimed by moving its `due_at`
to the end of a lease: if the worker is killed, that is when another takes it. The rows of the clients are locked while
it is decided, so that two workers cannot both find room under a client's weekly limit; what is being sent counts.

A letter that no longer fits under the limit waits until the oldest of the last seven days is a week old, or until it
is of no use; then it competes with whatever is due at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from clients.letters import reasons
from clients.letters.consent import Permissions, permissions
from clients.models import Client, LetterRules, Message

State = Message.State
BATCH = 100
LEASE = timedelta(minutes=10)
WEEK = timedelta(days=7)
INSTANT = timedelta(microseconds=1)


def claim(rules: LetterRules, *, now: datetime, batch: int = BATCH) -> tuple[list[Message], int]:
    """The letters that this worker is to send, with client and template, and how many were looked at (0: none is due).

    Those that are not to be sent are written so, or put off. A letter that a killed worker had in hand is not sent
    again: see `sending`.
    """
    with transaction.atomic():
        found = list(_due(now)[:batch])
        # In the order of their keys, so that two workers do not wait for one another.
        owners = Client.objects.filter(pk__in={letter.client_id for letter in found}).order_by("pk")
        known = permissions(list(owners.select_for_update(no_key=True)))
        loads = _loads(list(known.clients), now)
        ours = [letter for letter in found if _decide(letter, known, loads[letter.client_id], rules, now)]
        Message.objects.bulk_update(found, ["state", "reason", "due_at"])
    for letter in ours:
        letter.client = known.clients[letter.client_id]
    return ours, len(found)


def _due(now: datetime) -> QuerySet[Message]:
    """What another worker holds at this moment is skipped."""
    due = Message.objects.filter(state=State.WAITING, due_at__lte=now).select_related("template")
    return due.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("-value", "created_at", "pk")


@dataclass
class Load:
    """What a client has got in the last seven days, newest first, and what is being sent to them now."""

    sent: list[datetime] = field(default_factory=list)
    in_hand: int = 0

    def has_room(self, cap: int | None) -> bool:
        return cap is None or len(self.sent) + self.in_hand < cap

    def room_at(self, cap: int, now: datetime) -> datetime:
        """When there may be room again. What is in hand may still fail: it is soon known."""
        if len(self.sent) < cap:
            return now + LEASE
        return self.sent[cap - 1] + WEEK if cap else now + WEEK


def _loads(clients: Sequence[int], now: datetime) -> dict[int, Load]:
    loads = {client: Load() for client in clients}
    ours = Message.objects.filter(client__in=clients)
    recent = Q(sent_at__gt=now - WEEK)
    in_hand = Q(state=State.WAITING, reason=reasons.SENDING, due_at__gt=now, sent_at=None)
    for client, sent_at in ours.filter(recent | in_hand).order_by("-sent_at").values_list("client", "sent_at"):
        if sent_at is None:
            loads[client].in_hand += 1
        else:
            loads[client].sent.append(sent_at)
    return loads


def _decide(letter: Message, known: Permissions, load: Load, rules: LetterRules, now: datetime) -> bool:
    """Whether this worker sends the letter; else it is written on it what becomes of it."""
    if letter.sent_at is not None:
        letter.state, letter.reason = State.FAILED, reasons.IN_DOUBT
        return False
    refusal = _refusal(letter, known, now)
    if refusal:
        letter.state, letter.reason = State.REFUSED, refusal
        return False
    if not load.has_room(rules.weekly_cap):
        assert rules.weekly_cap is not None
        letter.reason = reasons.OVER_LIMIT
        letter.due_at = min(load.room_at(rules.weekly_cap, now), letter.useless_at + INSTANT)
        return False
    load.in_hand += 1
    letter.reason, letter.due_at = reasons.SENDING, now + LEASE
    return True


def _refusal(letter: Message, known: Permissions, now: datetime) -> str:
    if now > letter.useless_at:
        return reasons.OVER_LIMIT if letter.reason == reasons.OVER_LIMIT else reasons.TOO_LATE
    if letter.template is None or not letter.template.enabled:
        return reasons.SWITCHED_OFF
    return known.refusal(letter.client_id, letter.channel, letter.topic)
