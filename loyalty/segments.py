"""Who belongs to a segment now, in the database: what `loyalty.audience` says of one client, said of all at once.

The same rule twice is a risk that a test carries: it compares both for every condition. Whoever has asked to be
forgotten belongs to nothing. Conditions that nobody can miss ("at least 0 visits") hold for clients without a
record too.

Whoever works through many clients takes them by ranges of ids, `members(...).filter(pk__gt=last).order_by("pk")
[:1000]`: every condition is one of the client's own row, of the standing beside it, or a question about this client
that an index answers, so a range costs what its clients cost, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual

from clients.models import Client, ClientTag
from loyalty import ledger
from loyalty.cashback import Cumulative
from loyalty.classes import LONGEST_AGO, of_class, scored
from loyalty.falling import tier_on
from loyalty.fields import MoneyField
from loyalty.house import House
from loyalty.mechanics import conditions
from loyalty.models import Account, Lot, Refund, Segment, SegmentMember, Service, TierStanding, Visit, VisitLine
from loyalty.periods import is_running, starts_at
from loyalty.rulebook import Rulebook, rulebook

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many belong, and the names of some: those who came last to the house first."""

    count: int
    examples: tuple[str, ...]


def crowd(segment: Segment, *, now: datetime) -> Crowd:
    """Who belongs now. Two queries besides the settings."""
    found = members(segment, now=now)
    count = found.count()
    some = found.order_by("-pk")[:EXAMPLES] if count else ()
    return Crowd(count, tuple(str(client) for client in some))


def members(segment: Segment, *, now: datetime, book: Rulebook | None = None) -> QuerySet[Client]:
    """The clients who would belong at a check of this moment. The segment need not be stored.

    `book` are the settings, if they are read already. Raises `NotSetUp`.
    """
    clients = Client.objects.filter(erased_at=None)
    if not segment.enabled:
        return clients.none()
    if segment.is_static:
        return clients.filter(pk__in=SegmentMember.objects.filter(segment=segment.pk).values("client"))
    book = book or rulebook()
    today = book.house.day(now)
    where = _figures(segment) & _recency(segment, today, book.house) & _facts(segment) & _further(segment, today)
    if segment.balance_min is not None and segment.balance_min > 0:
        where &= _has_bonuses(segment.balance_min, today)
    if segment.tier:
        programs: tuple[Cumulative, ...] = book.rules["cashback"]
        where &= _on_tier(segment.tier, [program for program in programs if is_running(program, today)], today)
    if segment.rfm:
        clients = scored(clients, "standing__", book.house, today).filter(of_class(segment.rfm))
    return clients.filter(where)


def _figures(segment: Segment) -> Q:
    where = Q()
    for figure, least, most in (
        ("visits", segment.visits_min, segment.visits_max),
        ("total_spent", segment.spent_min, segment.spent_max),
    ):
        if least is not None:
            where &= _within(figure, least, None)
        if most is not None:
            where &= Q(**{f"standing__{figure}__lte": most}) | Q(standing=None)
    return where


def _within(figure: str, low: int, high: int | None) -> Q:
    """From `low` to below `high`. Clients without a standing have nothing: 0."""
    where = Q(**{f"standing__{figure}__gte": low})
    if high is not None:
        where &= Q(**{f"standing__{figure}__lt": high})
    return where | Q(standing=None) if low <= 0 and (high is None or high > 0) else where


def _recency(segment: Segment, today: date, house: House) -> Q:
    """By the days of the business: a visit yesterday at 23:59 was one day ago."""
    where = Q()
    if segment.last_visit_days_max is not None:
        first = today - timedelta(days=min(segment.last_visit_days_max, LONGEST_AGO))
        where &= Q(standing__last_visit_at__gte=starts_at(first, house.zone))
    if segment.last_visit_days_min is not None:
        last = today - timedelta(days=min(segment.last_visit_days_min, LONGEST_AGO))
        where &= Q(standing__last_visit_at__lt=starts_at(last + timedelta(days=1), house.zone))
    return where


def _facts(segment: Segment) -> Q:
    where = Q()
    if segment.birthday_month:
        where &= Q(birthday__month=segment.birthday_month)
    if segment.tag:
        where &= Q(Exists(ClientTag.objects.filter(client=OuterRef("pk"), name=segment.tag)))
    if segment.location_id is not None:
        been = Visit.objects.filter(client=OuterRef("pk"), location=segment.location_id, is_visit=True)
        where &= Q(home=segment.location_id) | Q(Exists(been.exclude(refunds__is_whole=True)))
    if segment.service:
        named = Service.objects.filter(Q(code=segment.service) | Q(category=segment.service))
        whole = Refund.objects.filter(visit=OuterRef("visit"), is_whole=True)
        had = VisitLine.objects.filter(~Exists(whole), visit__client=OuterRef("pk"), service__in=named)
        where &= Q(Exists(had))
    return where


def _further(segment: Segment, today: date) -> Q:
    """Conditions that mechanics bring. What none of them knows any more, nobody meets."""
    known, where = conditions() if segment.further else {}, Q()
    for key, value in segment.further.items():
        where &= known[key].where(value, today) if key in known else Q(pk__in=[])
    return where


def _has_bonuses(least: int, today: date) -> Q:
    """Whose active lots, debts taken off, come to so much.

    A lot that has ended and that no night has expired yet may first repay a debt (`ledger.balance`). The few clients
    of whom that is so are worked out one by one, by the ledger's own rule; all others by their sums.
    """
    begun = Lot.objects.filter(account__unit=Account.Unit.BONUS, first_day__lte=today).exclude(remaining=0)
    active = begun.filter(Q(last_day=None) | Q(last_day__gte=today))
    own = active.filter(account__client=OuterRef("pk")).order_by().values("account__client")
    held = Coalesce(Subquery(own.annotate(held=Sum("remaining")).values("held"), output_field=MoneyField()), 0)
    odd = _who_repay_from_ended_lots(today)
    enough = Q(GreaterThanOrEqual(held, least))
    if not odd:
        return enough
    rich = [client for client, lots in odd.items() if ledger.balance(lots, today) >= least]
    return Q(pk__in=rich) | (~Q(pk__in=list(odd)) & enough)


def _who_repay_from_ended_lots(today: date) -> dict[int, list[ledger.Stock]]:
    """Client → bonus lots, of those who owe while an ended lot has something left. One query while there are none."""
    owed = Lot.objects.filter(account=OuterRef("account"), is_debt=True, remaining__lt=0)
    ended = Lot.objects.filter(Exists(owed), remaining__gt=0, last_day__lt=today, account__unit=Account.Unit.BONUS)
    accounts = dict(ended.values_list("account", "account__client"))
    lots = ledger.held(Q(pk__in=accounts)) if accounts else []
    return {client: [lot for lot in lots if lot.account == account] for account, client in accounts.items()}


def _on_tier(name: str, programs: Iterable[Cumulative], today: date) -> Q:
    """Whoever stands on a rung of this name in one of the programs, as `Cumulative.rung_of` says; none is nobody."""
    where = Q(pk__in=[])
    for program in programs:
        if any(rung.name == name for rung in program.rungs):
            where |= _on_rung(name, program, today)
    return where


def _on_rung(name: str, program: Cumulative, today: date) -> Q:
    held = TierStanding.objects.filter(client=OuterRef("pk"), program=program.id).alias(now=tier_on(today))
    on_record = held.filter(now__in=[rung.id for rung in program.rungs if rung.name == name])
    taken_away = held.filter(now__isnull=False).exclude(now__in=[rung.id for rung in program.rungs])
    reaches, moved = Q(pk__in=[]), Q(pk__in=[])
    for low, high in _spans(name, program):
        moved |= Q(tier__from_spent__gte=low) & (Q() if high is None else Q(tier__from_spent__lt=high))
        if program.window_days is None:
            reaches |= _within("total_spent", low, high)
        elif low <= 0 and (high is None or high > 0):
            reaches |= Q(pk__isnull=False)  # nothing on record: nothing spent within the window counts yet
    return Q(Exists(on_record)) | Q(Exists(taken_away.filter(moved))) | (Q(~Exists(held)) & reaches)


def _spans(name: str, program: Cumulative) -> Iterable[tuple[int, int | None]]:
    """The totals that reach a rung of this name: from its threshold to below the next one."""
    rungs = sorted(program.rungs, key=lambda rung: rung.from_spent)
    thresholds: list[int | None] = [*(int(rung.from_spent) for rung in rungs), None]
    for rung, (low, high) in zip(rungs, pairwise(thresholds), strict=True):
        if rung.name == name and low is not None:
            yield low, high
