"""Win-back bonuses: an amount after so many days without a visit.

For clients who have been here at least once. Whoever stays away gets it again after `repeat_days`, never sooner,
whatever they did in between; without `repeat_days` (or with 0) once in a lifetime. A missed night is run afterwards as
that night, but whoever has come back meanwhile needs no win-back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from clients.actors import Actor
from loyalty.ledger import Grant
from loyalty.models import BonusProgram, Lot
from loyalty.occasions import BONUS_ACCOUNTS, post_all, present, running
from loyalty.periods import starts_at


def grant_winback_bonuses(*, day: date, zone: ZoneInfo, by: Actor) -> int:
    """Grant what is due in the night of this day; how many grants this run made."""
    programs = running(BonusProgram.Trigger.INACTIVITY, day)
    return sum(post_all(_due(p, day, zone), at=starts_at(day, zone), by=by) for p in programs)


def _due(program: BonusProgram, day: date, zone: ZoneInfo) -> Iterable[Grant]:
    """A last visit on 1 March with 60 days is due on 30 April: 60 days later."""
    assert program.days is not None
    came_before = starts_at(day - timedelta(days=program.days - 1), zone)
    given = Lot.objects.filter(account=OuterRef("pk"), program=program.code, operation__startswith="winback:")
    if program.repeat_days:
        given = given.filter(created_at__gt=starts_at(day - timedelta(days=program.repeat_days), zone))
    absent = BONUS_ACCOUNTS.filter(
        ~Exists(given), client__standing__visits__gt=0, client__standing__last_visit_at__lt=came_before
    )
    for account, client in absent.values_list("pk", "client"):
        yield present(program, account, f"winback:{program.code}:{day}:client:{client}", day)
