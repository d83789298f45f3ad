"""What is known of a batch of clients on the way: read in a few queries, and asked about any moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import OuterRef, Subquery, Sum

from clients.letters import consent
from clients.models import Channel, Client
from loyalty import segments
from loyalty.chains.steps import Chain, Condition, Facts
from loyalty.house import House
from loyalty.models import ChainRun, Entry, Lot, Refund, Segment, Visit
from loyalty.money import Money
from loyalty.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Been:
    """A visit, and since when it counts for nothing."""

    at: datetime
    came_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Left:
    """What remained of a lot from a moment on."""

    at: datetime
    remaining: Money
    ended: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Of the clients and lots of a batch."""

    house: House
    visits: Mapping[int, Sequence[Been]] = field(default_factory=dict)
    lots: Mapping[int, Lot] = field(default_factory=dict)
    left: Mapping[int, Sequence[Left]] = field(default_factory=dict)
    ending: Mapping[tuple[int, date], Money] = field(default_factory=dict)
    """(account, last day) → what is left now of all lots that end then."""
    reachable: Collection[int] = ()
    erased: Collection[int] = ()
    members: Mapping[int, Collection[int]] = field(default_factory=dict)

    def facts(self, run: ChainRun, at: datetime) -> Facts:
        """What was true of this client at this moment. Segments and consent are those of the present."""
        left = self._left(run.lot_id, at)
        lot = self.lots.get(run.lot_id or 0)
        ended = lot is not None and lot.last_day is not None and lot.last_day < self.house.day(at)
        return Facts(
            visited=self._visited(run, at),
            spent=left is not None and left.remaining == 0 and not left.ended,
            over=ended or (left is not None and left.remaining == 0),
            has_email=run.client_id in self.reachable,
            segments=frozenset(segment for segment, people in self.members.items() if run.client_id in people),
        )

    def ends_with(self, lot: Lot) -> Money:
        """What the client would lose together with this lot."""
        return self.ending.get((lot.account_id, lot.last_day), Money(0)) if lot.last_day else lot.remaining

    def _visited(self, run: ChainRun, at: datetime) -> bool:
        return any(
            run.begun_at < been.at <= at and (been.came_back_at is None or been.came_back_at > at)
            for been in self.visits.get(run.client_id, ())
        )

    def _left(self, lot: int | None, at: datetime) -> Left | None:
        known = [left for left in self.left.get(lot or 0, ()) if left.at <= at]
        return known[-1] if known else None


def read(runs: Sequence[ChainRun], chains: Collection[Chain], *, now: datetime, book: Rulebook) -> Knowledge:
    """In a number of queries that grows with the segments that the chains name, and with nothing else."""
    clients = {run.client_id for run in runs}
    lots = Lot.objects.in_bulk([run.lot_id for run in runs if run.lot_id])
    steps = [step for chain in chains for step in chain.steps]
    named = {step.segment for step in steps if step.condition == Condition.IN_SEGMENT and step.segment}
    asks_email = any(step.condition == Condition.HAS_EMAIL for step in steps)
    return Knowledge(
        house=book.house,
        visits=_visits(clients, min(run.begun_at for run in runs)),
        lots=lots,
        left=_left(lots),
        ending=_ending(lots.values()),
        reachable=_reachable(clients) if asks_email else (),
        erased=set(Client.objects.filter(pk__in=clients, erased_at__isnull=False).values_list("pk", flat=True)),
        members={row.pk: _members(row, clients, now, book) for row in Segment.objects.filter(pk__in=named)},
    )


def _visits(clients: Collection[int], since: datetime) -> dict[int, list[Been]]:
    whole = Refund.objects.filter(visit=OuterRef("pk"), is_whole=True).values("at")[:1]
    visits = Visit.objects.filter(client__in=clients, at__gt=since, is_visit=True).annotate(back=Subquery(whole))
    found = defaultdict(list)
    for client, at, back in visits.values_list("client", "at", "back"):
        assert client is not None
        found[client].append(Been(at, back))
    return found


def _left(lots: Collection[int]) -> dict[int, list[Left]]:
    entries = Entry.objects.filter(lot__in=lots).order_by("lot", "number") if lots else Entry.objects.none()
    found = defaultdict(list)
    for lot, at, remaining, kind in entries.values_list("lot", "at", "remaining", "kind"):
        found[lot].append(Left(at, remaining, kind == Entry.Kind.EXPIRE))
    return found


def _ending(lots: Collection[Lot]) -> dict[tuple[int, date], Money]:
    if not lots:
        return {}
    rows = Lot.objects.filter(
        account__in={lot.account_id for lot in lots}, last_day__in={lot.last_day for lot in lots}, remaining__gt=0
    )
    sums = rows.values("account", "last_day").annotate(left=Sum("remaining"))
    return {(row["account"], row["last_day"]): Money(row["left"]) for row in sums if row["last_day"]}


def _reachable(clients: Collection[int]) -> set[int]:
    """Those who have an address and agreed to letters by e-mail. What a topic is about is asked of each letter."""
    allowed = consent.permissions(list(Client.objects.filter(pk__in=clients)))
    return {client for client in clients if not allowed.refusal(client, Channel.EMAIL, "")}


def _members(segment: Segment, clients: Collection[int], now: datetime, book: Rulebook) -> set[int]:
    found = segments.members(segment, now=now, book=book).filter(pk__in=clients)
    return set(found.values_list("pk", flat=True))
