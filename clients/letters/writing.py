"""Writes letters: rows that wait for the worker. Nothing is sent here, so nothing is lost when a channel is away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from clients.letters.consent import permissions
from clients.letters.wording import speaks
from clients.models import Channel, Client, LetterTemplate, Message

AT_ONCE = 1000
USELESS_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be written. `operation` is unique for ever: written twice it is written once."""

    operation: str
    client: int
    template: int
    occasion: str
    """What it is for: "mailing:3", "program:birthday", "chain:back", "reminder"."""
    channel: str = ""
    """Empty: e-mail where the client may be written to by it, else SMS."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What fills the places of the template, in the client's language. `name` and `business` need not be given."""
    due_at: datetime | None = None
    """Not before; None: at once."""
    useless_at: datetime | None = None
    """Of no use after; None: three days from when it is due."""


def write(letters: Iterable[Letter], *, now: datetime) -> int:
    """Write letters; how many there were. Inside the caller's transaction, in batches."""
    count, left = 0, iter(letters)
    while batch := list(islice(left, AT_ONCE)):
        count += _write(batch, now)
    return count


def _write(batch: list[Letter], now: datetime) -> int:
    templates = {row.pk: row for row in LetterTemplate.objects.filter(pk__in={letter.template for letter in batch})}
    channels = _channels([letter for letter in batch if not letter.channel], templates)
    rows = [
        Message(
            operation=letter.operation,
            client_id=letter.client,
            template_id=letter.template,
            occasion=letter.occasion,
            channel=letter.channel or channels[letter.client, letter.template],
            topic=templates[letter.template].topic,
            value=templates[letter.template].value,
            facts=dict(letter.facts),
            created_at=now,
            due_at=letter.due_at or now,
            useless_at=letter.useless_at or (letter.due_at or now) + USELESS_AFTER,
        )
        for letter in batch
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _channels(letters: Collection[Letter], templates: Mapping[int, LetterTemplate]) -> dict[tuple[int, int], str]:
    """(client, template) → e-mail where the client may be written to by it, else SMS.

    Where neither is allowed it is e-mail: the letter is kept, and says why it was not sent.
    """
    known = permissions(list(Client.objects.filter(pk__in={letter.client for letter in letters})) if letters else [])

    def best(letter: Letter) -> str:
        template = templates[letter.template]
        spoken = [channel for channel in Channel.values if speaks(template, channel)]
        allowed = (one for one in spoken if not known.refusal(letter.client, one, template.topic))
        return next(allowed, next(iter(spoken), Channel.EMAIL.value))

    return {(letter.client, letter.template): best(letter) for letter in letters}
