"""The nightly review of tiers: each client goes to the rung that their spending reaches now, up or down.

At the till a client only climbs (`loyalty.cashback`); a refund, spending that has left the window, or thresholds that
the owner moved count from the next night on. A client without a row stands on the rung that all their spending
reaches, so rows are written only where they say something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from loyalty.models import CashbackProgram, CashbackTier, Refund, TierStanding, Visit
from loyalty.tiers import Rung, reached

AT_ONCE = 1000


def review_tiers(*, day: date, now: datetime) -> int:
    """Review every running cashback program; how many clients changed their rung."""
    return sum(_review(program, day, now) for program in CashbackProgram.objects.filter(enabled=True))


def _review(program: CashbackProgram, day: date, now: datetime) -> int:
    tiers = CashbackTier.objects.filter(program=program, enabled=True).order_by("from_spent")
    rungs = [Rung(tier.pk, tier.name, tier.from_spent, tier.percent) for tier in tiers]
    if not rungs:
        return 0
    with transaction.atomic():
        if program.window_days is None:
            return _by_total_spent(program, rungs, day)
        return _by_window(program, rungs, day, _spent_since(now - timedelta(days=program.window_days)))


def _by_total_spent(program: CashbackProgram, rungs: Sequence[Rung], day: date) -> int:
    """One statement a rung: whoever's total lies between its threshold and the next one."""
    standings = TierStanding.objects.filter(program=program)
    limits: list[int | None] = [*(rung.from_spent for rung in rungs), None]
    changed = 0
    for rung, (low, high) in zip(rungs, pairwise(limits), strict=True):
        within = Q(client__standing__total_spent__gte=low)
        if high is not None:
            within &= Q(client__standing__total_spent__lt=high)
        changed += _move(standings.filter(within), rung, day)
    return changed + standings.filter(client__standing__total_spent__lt=rungs[0].from_spent).delete()[0]


def _by_window(program: CashbackProgram, rungs: Sequence[Rung], day: date, spent: Mapping[int, int]) -> int:
    """Sums of the window are not kept, so they are added up once; then one statement a rung and thousand clients."""
    standings = TierStanding.objects.filter(program=program)
    lowest = reached(rungs, 0)
    held = set(standings.values_list("client", flat=True))
    goes_to: dict[Rung | None, list[int]] = defaultdict(list)
    for client in held | spent.keys():
        goes_to[reached(rungs, spent.get(client, 0))].append(client)
    changed = 0
    for rung, clients in goes_to.items():
        for some in _batches(sorted(clients)):
            theirs = standings.filter(client__in=some)
            changed += theirs.delete()[0] if rung is None else _move(theirs, rung, day)
            if rung is not None and rung != lowest:
                changed += _begin(program, rung, [client for client in some if client not in held], day)
    return changed


def _move(standings: QuerySet[TierStanding], rung: Rung, day: date) -> int:
    return standings.exclude(tier=rung.id).update(tier=rung.id, since=day)


def _begin(program: CashbackProgram, rung: Rung, clients: Iterable[int], day: date) -> int:
    rows = [TierStanding(client_id=client, program=program, tier_id=rung.id, since=day) for client in clients]
    TierStanding.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _spent_since(start: datetime) -> dict[int, int]:
    """Client → what they spent on checks since then, refunds of these checks taken off."""
    visits = Visit.objects.filter(at__gte=start, client__isnull=False).values_list("client")
    spent = {client: int(amount) for client, amount in visits.annotate(amount=Sum("spent")).order_by()}
    refunds = Refund.objects.filter(visit__at__gte=start, visit__client__isnull=False).values_list("visit__client")
    for client, amount in refunds.annotate(amount=Sum("spent")).order_by():
        spent[client] -= int(amount)
    return spent


def _batches(clients: Sequence[int]) -> Iterable[Sequence[int]]:
    return (clients[i : i + AT_ONCE] for i in range(0, len(clients), AT_ONCE))
