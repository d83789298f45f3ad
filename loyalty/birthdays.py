"""Birthday bonuses: so many days before, once per birthday.

A night looks at every birthday from today to `days_before` days ahead. So 2 January with 7 days before is granted on
26 December, for the birthday of the coming year; whoever joins, or tells their birthday, within those days gets it
in the next night, like everybody when the program is switched on. A night that was missed is run afterwards as that
night: the bonuses count from the day they should have come, and live no longer for having come late.

A birthday is named by its year in the operation (`birthday:2027:birthday:client:7`), so it is granted once; and a
client who got one is left alone for the better part of a year, so another date of birth brings no second one.
29 February is kept on 28 February in other years (`domain.md` section 3).
"""

from __future__ import annotations

from calendar import isleap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q

from clients.actors import Actor
from loyalty.ledger import Grant
from loyalty.models import BonusProgram, Lot
from loyalty.occasions import BONUS_ACCOUNTS, post_all, present, running
from loyalty.periods import starts_at

LONGEST_NOTICE = 180
"""Days before a birthday that are looked at; a program that says more gets this."""


def grant_birthday_bonuses(*, day: date, zone: ZoneInfo, by: Actor) -> int:
    """Grant what is due in the night of this day; how many grants this run made."""
    programs = running(BonusProgram.Trigger.BIRTHDAY, day)
    return sum(post_all(_due(p, day, zone), at=starts_at(day, zone), by=by) for p in programs)


def _due(program: BonusProgram, day: date, zone: ZoneInfo) -> Iterable[Grant]:
    notice = min(program.days_before, LONGEST_NOTICE)
    birthdays = [day + timedelta(days=ahead) for ahead in range(notice + 1)]
    years = {(birthday.month, birthday.day): birthday.year for birthday in birthdays}
    registered_before = starts_at(day - timedelta(days=program.registered_days - 1), zone)
    lately = Lot.objects.filter(
        account=OuterRef("pk"),
        program=program.code,
        operation__startswith="birthday:",
        created_at__gt=starts_at(day - timedelta(days=365 - notice), zone),
    )
    people = BONUS_ACCOUNTS.filter(_born_on(birthdays), ~Exists(lately), client__created_at__lt=registered_before)
    for account, client, born in people.values_list("pk", "client", F("client__birthday")):
        assert born is not None
        year = years.get((born.month, born.day)) or years[2, 28]
        yield present(program, account, f"birthday:{year}:{program.code}:client:{client}", day)


def _born_on(birthdays: Sequence[date]) -> Q:
    """Clients who celebrate on one of these days."""
    by_month = defaultdict(set)
    for birthday in birthdays:
        by_month[birthday.month].add(birthday.day)
        if (birthday.month, birthday.day) == (2, 28) and not isleap(birthday.year):
            by_month[2].add(29)
    where = Q()
    for month, days in by_month.items():
        where |= Q(client__birthday__month=month, client__birthday__day__in=days)
    return where
