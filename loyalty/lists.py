"""Segments that are lists: who is put on one, by whom and when, and who is taken off.

All is set-based, so that fifty thousand at once are a few statements. What a line of a pasted list means is asked as
the desk asks: an e-mail, a card, a phone, the number of a client, the first that somebody has; an e-mail that several
share means them all. A line that is nobody's comes back with its number: it is for the person who pasted it to say what
was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from auditlog.models import LogEntry
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.cards import clean_number, looks_like_card
from clients.models import Card, Client, Staff
from clients.phones import parse_phone
from clients.refusals import Invalid, Refusal
from loyalty.models import Segment, SegmentMember
from loyalty.transactions import in_one_transaction

Item = TypeVar("Item")
MOST = 50_000
"""Lines or clients at once."""
AT_ONCE = 2_000
LONGEST_ID = 18
QUOTES = "\"'`,;\t \ufeff"
"""What stands around a cell that was copied out of a table."""


class NoList(Refusal):
    """The segment goes by a rule; nobody can be put on it or taken off."""


class TooMany(Refusal):
    """More than can be put on a list at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is nobody's: its number, from 1, and what it says."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whom the lines mean, each once and in their order; and the lines that are nobody's."""

    clients: tuple[int, ...]
    missing: tuple[Line, ...]


@in_one_transaction
def put_on(*, segment: Segment, clients: Collection[int], by: Actor, now: datetime) -> int:
    """Put these clients on the list; how many were not on it. Ids that are nobody's, or of the forgotten, are left out.

    Raises `NoList`, `TooMany`.
    """
    _check(segment, clients)
    before = _count(segment)
    for ids in _parts(dict.fromkeys(clients)):
        known = _present().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
        rows = [SegmentMember(segment=segment, client_id=client, by=str(by), at=now) for client in known]
        SegmentMember.objects.bulk_create(rows, ignore_conflicts=True)
    return _record(segment, before, by)


@in_one_transaction
def take_off(*, segment: Segment, clients: Collection[int], by: Actor) -> int:
    """Take these clients off the list; how many were on it. Raises `NoList`, `TooMany`."""
    _check(segment, clients)
    before = _count(segment)
    for ids in _parts(clients):
        SegmentMember.objects.filter(segment=segment, client__in=ids).delete()
    return -_record(segment, before, by)


@in_one_transaction
def empty(*, segment: Segment, by: Actor) -> int:
    """Take everybody off the list; how many they were. Raises `NoList`."""
    _check(segment, ())
    before = _count(segment)
    SegmentMember.objects.filter(segment=segment).delete()
    return -_record(segment, before, by)


def listed(segment: Segment) -> QuerySet[SegmentMember]:
    """Who is on the list, the last ones first; without those who have asked to be forgotten."""
    rows = SegmentMember.objects.filter(segment=segment, client__erased_at=None)
    return rows.select_related("client").order_by("-pk")


def unknown(clients: Collection[int]) -> list[int]:
    """Which of these ids are nobody's, or of somebody who has asked to be forgotten."""
    known = {pk for part in _parts(clients) for pk in _present().filter(pk__in=part).values_list("pk", flat=True)}
    return [client for client in dict.fromkeys(clients) if client not in known]


def _check(segment: Segment, clients: Collection[int]) -> None:
    if not segment.is_static:
        raise NoList(_("This segment goes by its rule: nobody can be put on it or taken off."))
    if len(clients) > MOST:
        raise TooMany(_("At most %(count)d clients at once.") % {"count": MOST})


def _count(segment: Segment) -> int:
    return SegmentMember.objects.filter(segment=segment).count()


def _record(segment: Segment, before: int, by: Actor) -> int:
    """One line of the record for the whole change; by how many the list grew."""
    after = _count(segment)
    if after != before:
        staff = Staff.objects.filter(username=by.name).first() if by.kind == "staff" else None
        LogEntry.objects.log_create(
            segment,
            action=LogEntry.Action.UPDATE,
            changes={"listed": [str(before), str(after)]},
            actor=staff,
            additional_data=None if staff else {"by": str(by)},
        )
    return after - before


# --- what was pasted --------------------------------------------------------------------------------------------------


def find(text: str, *, timezone: str) -> Found:
    """Whom the lines of a text mean. In a number of queries that grows with thousands of lines only.

    `timezone` says whose country phones without "+" are of. Raises `TooMany`.
    """
    lines = [Line(number, line.strip(QUOTES)) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [line for line in lines if line.text]
    if len(lines) > MOST:
        raise TooMany(_("At most %(count)d lines at once.") % {"count": MOST})
    meant: dict[int, Sequence[int]] = {}
    for read, look_up in _ways(timezone):
        asked = {line.number: said for line in lines if line.number not in meant and (said := read(line.text))}
        known = look_up(list(dict.fromkeys(asked.values())))
        meant |= {number: known[said] for number, said in asked.items() if said in known}
    clients = dict.fromkeys(client for line in lines for client in meant.get(line.number, ()))
    return Found(tuple(clients), tuple(line for line in lines if line.number not in meant))


Whose = Mapping[str, Sequence[int]]
Way = tuple[Callable[[str], str], Callable[[Sequence[str]], Whose]]
"""What a line says, read in one way ("" if it does not), and whose these are."""


def _ways(timezone: str) -> Sequence[Way]:
    return (
        (_email, lambda said: _whose(_present(), "email", "pk", said)),
        (_card, lambda said: _whose(Card.objects.filter(client__erased_at=None), "number", "client_id", said)),
        (lambda text: _phone(text, timezone), lambda said: _whose(_present(), "phone", "pk", said)),
        (_id, _ids),
    )


def _present() -> QuerySet[Client]:
    return Client.objects.filter(erased_at=None)


def _whose(rows: QuerySet[Client] | QuerySet[Card], column: str, client: str, said: Sequence[str]) -> Whose:
    found: dict[str, list[int]] = defaultdict(list)
    for part in _parts(said):
        for value, pk in rows.filter(**{f"{column}__in": part}).order_by("pk").values_list(column, client):
            found[value].append(pk)
    return found


def _ids(said: Sequence[str]) -> Whose:
    """As they were typed: 17 and 0017 are the same client."""
    asked = (_present().filter(pk__in=part).values_list("pk", flat=True) for part in _parts([int(one) for one in said]))
    known = {pk for part in asked for pk in part}
    return {text: [int(text)] for text in said if int(text) in known}


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def _email(text: str) -> str:
    return text.lower() if "@" in text else ""


def _card(text: str) -> str:
    return clean_number(text) if looks_like_card(text) else ""


def _phone(text: str, timezone: str) -> str:
    try:
        return parse_phone(text, timezone=timezone)
    except Invalid:
        return ""


def _id(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else ""
