"""Win-back bonuses: an amount after so many days without a visit.

For clients who have been here at least once. Whoever stays away gets it again after `repeat_days`, never sooner,
whatever they did in between; without `repeat_days` (or with 0) once in a lifetime. A missed night is run afterwards as
that night: by the last visit before it, so that an outage neither gives nor takes anything. Whoever has come back
since keeps what was due to them, and is not written to that they are missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from loyalty.models import Account, BonusProgram, Lot, Visit
from loyalty.occasions import Due, Tonight, audience, give_all, pages, running
from loyalty.periods import starts_at


def grant_winback_bonuses(night: Tonight) -> int:
    """Grant what is due in this night; how many grants this run made."""
    programs = running(BonusProgram.Trigger.INACTIVITY, night)
    return sum(give_all(program, _due(program, night), night) for program in programs)


def missed(program: BonusProgram, night: Tonight) -> QuerySet[Account]:
    """Those who stayed away and were not won back lately. A last visit on 1 March with 60 days is due on 30 April."""
    assert program.days is not None
    zone = night.house.zone
    came_before = starts_at(night.day - timedelta(days=program.days - 1), zone)
    given = Lot.objects.filter(account=OuterRef("pk"), program=program.code, operation__startswith="winback:")
    if program.repeat_days:
        given = given.filter(created_at__gt=starts_at(night.day - timedelta(days=program.repeat_days), zone))
    stayed_away = Q(client__standing__last_visit_at__lt=came_before)
    if Visit.objects.filter(at__gte=night.at).exists():  # in time nobody has been here since the night began
        stayed_away |= _came_back(came_before, night)
    return audience(program, night).filter(~Exists(given), stayed_away, client__standing__visits__gt=0)


def _came_back(came_before: datetime, night: Tonight) -> Q:
    """Those who have been here since the night began, and had stayed away until then."""
    visits = Visit.objects.filter(client=OuterRef("client"), is_visit=True).exclude(refunds__is_whole=True)
    lately = visits.filter(at__gte=came_before, at__lt=night.at)
    return Q(~Exists(lately), Exists(visits.filter(at__lt=came_before)), client__standing__last_visit_at__gte=night.at)


def _due(program: BonusProgram, night: Tonight) -> Iterator[Due]:
    for page in pages(missed(program, night), F("client__standing__last_visit_at")):
        for account, client, last_visit_at in page:
            operation = f"winback:{program.code}:{night.day}:client:{client}"
            yield Due(account, client, operation, tells=last_visit_at < night.at)
