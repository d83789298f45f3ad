"""Whom a chain begins for on a day: found in the database by an index, in one reading.

Each occasion has a key that stays the same however often, late or in parallel it is looked for. What ends, comes or
falls within the days before is looked for as a whole, so bonuses that live shorter, and a birthday that is told late,
are found too; who joined, came, or stayed away is looked for on their day.

A night is asked about its first moment, whenever it is run: by the bonuses that were there then and what was left of
them, by the clients who were here, by the visits up to it. So a night that is made up begins what it would have begun
in time. Of segments only the present is known (`loyalty.occasions`).
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from clients.models import Client, calendar_day
from loyalty import segments
from loyalty.fields import MoneyField
from loyalty.house import House
from loyalty.mechanics import falls_of
from loyalty.models import Account, Chain, ChainRun, Entry, Lot, Refund, TierStanding, Visit
from loyalty.paging import in_pages
from loyalty.periods import starts_at
from loyalty.rulebook import Rulebook

AT_ONCE = 1000
Begins = Chain.Begins
LONGEST_NOTICE = 180
"""Days before a birthday that are looked at."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Somebody for whom a chain begins. `key` is the occasion within the chain and the client."""

    client: int
    key: str
    begun_at: datetime
    lot: int | None = None


def beginnings(chain: Chain, *, day: date, now: datetime, book: Rulebook) -> Iterator[Beginning]:
    """Those for whom it has not begun yet on this occasion."""
    at, segment = starts_at(day, book.house.zone), chain.segment
    people = segments.members(segment, now=at, book=book) if segment is not None else None
    if chain.begins == Begins.LOT_ENDS:
        return _lots_that_end(chain, day, book.house, people, is_past=day < book.house.day(now))
    find = {
        Begins.REGISTERED: _registered,
        Begins.VISITED: _visited,
        Begins.ABSENT: _absent,
        Begins.BIRTHDAY: _birthdays,
        Begins.TIER_FALLS: _tiers_that_fall,
    }[Begins(chain.begins)]
    return find(chain, day, book.house, people)


def operation_of(chain: Chain, one: Beginning) -> str:
    return f"chain:{chain.code}:{one.key}:client:{one.client}"


People = QuerySet[Client] | None


def _lots_that_end(chain: Chain, day: date, house: House, people: People, *, is_past: bool) -> Iterator[Beginning]:
    """One occasion a client and last day. Of several lots the youngest stands for all: it is the last to be used."""
    midnight = starts_at(day, house.zone)
    last = day + timedelta(days=chain.days)
    lots = Lot.objects.filter(last_day__gte=day, last_day__lte=last, first_day__lte=day, created_at__lte=midnight)
    lots = lots if is_past else lots.filter(Q(remaining__gt=0) | Q(pk__in=_emptied_on_checks(midnight, day, last)))
    lots = lots.annotate(left=_left_at(midnight)).filter(left__gt=0)
    lots = lots.filter(account__unit=Account.Unit.BONUS, account__client__erased_at=None)
    lots = lots if people is None else lots.filter(account__client__in=people.values("pk"))
    lots = lots.filter(~Exists(_begun(chain, "ends:", OuterRef("last_day"), "account__client")))
    found = lots.values("account__client", "last_day").annotate(ends=Sum("left"), lot=Max("pk"))
    if chain.min_amount:
        found = found.filter(ends__gte=chain.min_amount)
    for client, last_day, lot in in_pages(found, "account__client", "last_day", "lot"):
        yield Beginning(client, f"ends:{last_day}", midnight, lot)


def _left_at(moment: datetime) -> Coalesce:
    """What was left of a lot: what there was before its first movement since, if it has moved."""
    since = Entry.objects.filter(lot=OuterRef("pk"), at__gt=moment).order_by("number")
    before = since.values_list(F("remaining") - F("amount"))[:1]
    return Coalesce(Subquery(before, output_field=MoneyField()), "remaining", output_field=MoneyField())


def _emptied_on_checks(since: datetime, first: date, last: date) -> list[int]:
    """Lots that end on these days and were used up on checks: few, where the index of lots with something left does
    not have them any more.
    """
    spent = Entry.objects.filter(visit__at__gte=since, remaining=0, lot__last_day__gte=first, lot__last_day__lte=last)
    return list(spent.values_list("lot", flat=True).distinct())


def _registered(chain: Chain, day: date, house: House, people: People) -> Iterator[Beginning]:
    clients = Client.objects.filter(erased_at=None, **_on("created_at", day, house.zone))
    clients = clients if people is None else clients.filter(pk__in=people.values("pk"))
    clients = clients.filter(~Exists(_begun(chain, "registered", None, "pk")))
    for client, at in in_pages(clients, "pk", "created_at"):
        yield Beginning(client, "registered", at)


def _visited(chain: Chain, day: date, house: House, people: People) -> Iterator[Beginning]:
    """Every visit is an occasion; one that has wholly come back is none."""
    visits = _visits(people).filter(**_on("at", day, house.zone))
    visits = visits.filter(~Exists(_begun(chain, "visit:", OuterRef("pk"), "client")))
    for pk, client, at in in_pages(visits, "pk", "client", "at"):
        yield Beginning(client, f"visit:{pk}", at)


def _absent(chain: Chain, day: date, house: House, people: People) -> Iterator[Beginning]:
    """A last visit on 1 March with 60 days is due on 30 April, by the visits as they stood at its first moment."""
    begins = starts_at(day, house.zone)
    last_seen = day - timedelta(days=max(chain.days, 1))
    later = _visits(None, back_before=begins).filter(
        client=OuterRef("client"), at__gte=starts_at(last_seen + timedelta(days=1), house.zone), at__lt=begins
    )
    visits = _visits(people, back_before=begins).filter(~Exists(later), **_on("at", last_seen, house.zone))
    visits = visits.filter(~Exists(_begun(chain, f"absent:{day}", None, "client")))
    for (client,) in in_pages(visits.distinct(), "client"):
        yield Beginning(client, f"absent:{day}", begins)


def _birthdays(chain: Chain, day: date, house: House, people: People) -> Iterator[Beginning]:
    """Named by the year of the birthday. Whoever had one is left alone for the better part of a year, so another date
    of birth begins no second one.
    """
    ahead = [day + timedelta(days=days) for days in range(min(chain.days, LONGEST_NOTICE) + 1)]
    years = {calendar_day(one): one.year for one in ahead}
    kept = [one for one in ahead if (one.month, one.day) == (2, 28) and not isleap(one.year)]
    years |= {calendar_day(date(2000, 2, 29)): one.year for one in kept}
    clients = Client.objects.filter(erased_at=None, birthday_on__in=years)
    clients = clients if people is None else clients.filter(pk__in=people.values("pk"))
    midnight = starts_at(day, house.zone)
    clients = clients.filter(~Exists(_celebrated_lately(chain, day, house)), created_at__lt=midnight)
    for client, on in in_pages(clients, "pk", "birthday_on"):
        yield Beginning(client, f"birthday:{years[on]}", midnight)


def _celebrated_lately(chain: Chain, day: date, house: House) -> QuerySet[ChainRun]:
    """As `loyalty.dates.given_lately` has it for bonuses."""
    since = day - timedelta(days=365 - min(chain.days, LONGEST_NOTICE))
    return ChainRun.objects.filter(
        client=OuterRef("pk"),
        chain=chain.pk,
        operation__startswith=f"chain:{chain.code}:birthday:",
        begun_at__gt=starts_at(since, house.zone),
    )


def _tiers_that_fall(chain: Chain, day: date, house: House, people: People) -> Iterator[Beginning]:
    """A fall that has come since is still there: the review writes it down after this (`chains.before_review`)."""
    last = day + timedelta(days=chain.days)
    standings = TierStanding.objects.filter(falls_on__lte=last, program__enabled=True, client__erased_at=None)
    standings = standings if people is None else standings.filter(client__in=people.values("pk"))
    midnight = starts_at(day, house.zone)
    for _standing, client, program, falls_on, falls in in_pages(
        standings, "pk", "client", "program", "falls_on", "falls"
    ):
        coming = (one for one in (falls_on, *(fall[0] for fall in falls_of(falls))) if day <= one <= last)
        for one in islice(coming, 1):
            yield Beginning(client, f"falls:{program}:{one}", midnight)


def _visits(people: People, back_before: datetime | None = None) -> QuerySet[Visit]:
    """But those that have wholly come back, up to this moment if one is given."""
    whole = Refund.objects.filter(visit=OuterRef("pk"), is_whole=True)
    whole = whole if back_before is None else whole.filter(at__lt=back_before)
    visits = Visit.objects.filter(~Exists(whole), is_visit=True, client__isnull=False, client__erased_at=None)
    return visits if people is None else visits.filter(client__in=people.values("pk"))


def _on(column: str, day: date, zone: ZoneInfo) -> dict[str, datetime]:
    return {
        f"{column}__gte": starts_at(day, zone),
        f"{column}__lt": starts_at(day + timedelta(days=1), zone),
    }


def _begun(chain: Chain, key: str, of: OuterRef | None, client: str) -> QuerySet[ChainRun]:
    """The run of this occasion, if it has begun: found by its operation, which has an index of its own."""
    parts: list[Value | Cast] = [Value(f"chain:{chain.code}:{key}")]
    parts += [] if of is None else [Cast(of, CharField())]
    operation = Concat(*parts, Value(":client:"), Cast(OuterRef(client), CharField()), output_field=CharField())
    return ChainRun.objects.filter(operation=operation)
