"""That a client's phone has changed: who did it, when, and, for whoever looks for made-up referrals, from which one.

The record (auditlog) shows the last digits only, and keeps a keyed hash of the number that went.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from clients.actors import Actor
from clients.models import Client, Staff

FORMER = "former_phone"
SHOWN = 4


def hidden(phone: str) -> str:
    """What is kept of a number."""
    return salted_hmac("clients.former_phone", phone, algorithm="sha256").hexdigest()


def record(client: Client, *, before: str, by: Actor, at: datetime) -> None:
    """The client's phone was `before`, and is another now, or none."""
    staff = Staff.objects.filter(username=by.name).first() if by.kind == "staff" else None
    LogEntry.objects.log_create(
        client,
        action=LogEntry.Action.UPDATE,
        changes={"phone": [_end(before), _end(client.phone or "")]},
        actor=staff,
        additional_data={FORMER: hidden(before), **({} if staff else {"by": str(by)})},
        timestamp=at,
    )


def former_phones(clients: Collection[int]) -> Mapping[int, set[str]]:
    """Client → the numbers that they had before, hidden. One query."""
    found: dict[int, set[str]] = defaultdict(set)
    entries = _changes().filter(object_pk__in=[str(client) for client in clients])
    for client, facts in entries.values_list("object_pk", "additional_data"):
        if facts and FORMER in facts:
            found[int(client)].add(facts[FORMER])
    return found


def changed_since(start: datetime) -> list[int]:
    """Clients whose phone has changed since then."""
    entries = _changes().filter(timestamp__gte=start).values_list("object_pk", "additional_data")
    return sorted({int(client) for client, facts in entries if facts and FORMER in facts})


def _changes() -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Client)
    rows: QuerySet[LogEntry] = LogEntry.objects.filter(content_type=kind, action=LogEntry.Action.UPDATE)
    return rows


def _end(phone: str) -> str:
    return f"… {phone[-SHOWN:]}" if phone else ""
