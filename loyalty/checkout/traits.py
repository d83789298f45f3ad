"""What segments and discounts ask of a client besides the figures: tags, cards, places, services, lists, bonuses.

Read at the quote, and only what some segment asks about: one query for all of the house's own, one for each mechanic
that brings conditions; none for the bonuses, whose lots are read anyway. However many segments there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast

from clients.models import Card, Client, ClientTag, Location
from loyalty import ledger
from loyalty.audience import Segment, Trait
from loyalty.ledger import Stock
from loyalty.mechanics import Person, mechanics
from loyalty.models import Account, Refund, SegmentMember, Service, Visit, VisitLine
from loyalty.money import ZERO, Money
from loyalty.rulebook import Rulebook

NOTHING = Value("")


def with_traits(person: Person, book: Rulebook, now: datetime, lots: Sequence[Stock] | None = None) -> Person:
    """The client with all that segments ask about. `lots`: what is on the client's accounts, if it is read already."""
    segments = [segment for segment in book.house.segments.values() if segment.asks_traits]
    today = book.house.day(now)
    found: dict[str, set[str]] = {what: set() for what in ("tag", "card", "place", "service", "list")}
    for what, value, second in _facts(person.id, segments):
        found[what] |= {value, second} - {""}
    return replace(
        person,
        tags=frozenset(found["tag"]),
        cards=frozenset(found["card"]),
        places=frozenset(map(int, found["place"])),
        services=frozenset(found["service"]),
        lists=frozenset(map(int, found["list"])),
        balance=_balance(person, segments, today, lots),
        traits=_of_mechanics(person.id, segments, today),
    )


def _facts(client: int, segments: Iterable[Segment]) -> Iterable[tuple[str, str, str]]:
    """(what, value, second value) of everything in one query."""
    places = {segment.location for segment in segments if segment.location is not None}
    services = {segment.service for segment in segments if segment.service}
    lists = {segment.id for segment in segments if segment.is_static}
    rows: QuerySet[Any, Any] = ClientTag.objects.filter(client=client).values_list(Value("tag"), "name", NOTHING)
    more: list[QuerySet[Any, Any]] = [Card.objects.filter(client=client).values_list(Value("card"), "kind", NOTHING)]
    if places:
        more.append(_places(client, places).values_list(Value("place"), Cast("pk", CharField()), NOTHING))
    if services:
        more.append(_services(client, services).values_list(Value("service"), "code", "category"))
    if lists:
        on = SegmentMember.objects.filter(client=client, segment__in=lists)
        more.append(on.values_list(Value("list"), Cast("segment_id", CharField()), NOTHING))
    return rows.order_by().union(*(each.order_by() for each in more))


def _places(client: int, asked: set[int]) -> QuerySet[Any, Any]:
    """Where the client registered or has been."""
    been = Visit.objects.filter(client=client, is_visit=True, location=OuterRef("pk"))
    here = Exists(been.exclude(refunds__is_whole=True)) | Exists(Client.objects.filter(pk=client, home=OuterRef("pk")))
    return Location.objects.filter(here, pk__in=asked)


def _services(client: int, asked: set[str]) -> QuerySet[Any, Any]:
    """Services that the client has had in a visit of which something is left."""
    had = VisitLine.objects.filter(visit__client=client, service=OuterRef("pk"))
    whole = Refund.objects.filter(visit=OuterRef("visit"), is_whole=True)
    return Service.objects.filter(Q(code__in=asked) | Q(category__in=asked), Exists(had.filter(~Exists(whole))))


def _balance(person: Person, segments: Iterable[Segment], today: date, lots: Sequence[Stock] | None) -> Money:
    """Bonuses that can be spent now, if a segment asks."""
    if all(segment.balance_min is None for segment in segments):
        return ZERO
    held = ledger.OWN.held(person.id) if lots is None else lots
    own = [lot for lot in held if lot.account == person.account and lot.unit == Account.Unit.BONUS]
    return max(ledger.balance(own, today), ZERO)


def _of_mechanics(client: int, segments: Iterable[Segment], today: date) -> Mapping[str, Trait]:
    """What mechanics say of the conditions that segments ask about."""
    asked = {key for segment in segments for key, _value in segment.further}
    asking = [one for one in mechanics() if asked & {condition.key for condition in one.conditions}] if asked else []
    return {key: trait for one in asking for key, trait in one.traits(client, today).items()}
