"""What a closure affects: queries, the same for the preview and for the work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from clients.models import Client, Location
from loyalty.mechanics import mechanics
from loyalty.models import Account, Closure, Lot, Refund, TierStanding, Visit
from loyalty.periods import starts_at

LOOK_BACK = timedelta(days=90)
"""Whoever was there within so many days before is affected."""
LIKE_BONUSES = (Account.Unit.BONUS, Account.Unit.STAMP)


@dataclass(frozen=True, slots=True)
class Closing:
    """A closure as it was made, or would be made now: where, when, and what of it lives longer."""

    location: int
    from_day: date
    days: int
    made_at: datetime
    zone: ZoneInfo
    bonuses: bool = True
    money: bool = True
    sessions: bool = True
    tiers: bool = True

    @classmethod
    def of(cls, row: Closure, zone: ZoneInfo) -> Closing:
        return cls(
            location=row.location_id,
            from_day=row.from_day,
            days=row.days,
            made_at=row.made_at,
            zone=zone,
            bonuses=row.bonuses,
            money=row.money,
            sessions=row.sessions,
            tiers=row.tiers,
        )

    @property
    def made_on(self) -> date:
        return self.made_at.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        """The last closed day."""
        return self.from_day + timedelta(days=self.days - 1)

    @property
    def first(self) -> date:
        """What ends earlier is not affected."""
        return max(self.from_day, self.made_on)

    def longer(self, day: date) -> date:
        """So many days later, or the end of the calendar."""
        try:
            return day + timedelta(days=self.days)
        except OverflowError:
            return date.max


def is_the_only_place(location: int) -> bool:
    return not Location.objects.filter(enabled=True).exclude(pk=location).exists()


def affected_clients(closing: Closing) -> QuerySet[Client]:
    """Who registered there, or was there of late."""
    people = Client.objects.filter(erased_at=None)
    if is_the_only_place(closing.location):
        return people
    since = starts_at(min(closing.from_day, closing.made_on) - LOOK_BACK, closing.zone)
    came_back = Refund.objects.filter(visit=OuterRef("pk"), is_whole=True)
    there = Visit.objects.filter(location=closing.location, at__gte=since, at__lte=closing.made_at, is_visit=True)
    visitors = there.filter(~Exists(came_back), client__isnull=False).values("client")
    return people.filter(Q(home=closing.location) | Q(pk__in=visitors))


def affected_lots(closing: Closing) -> QuerySet[Lot]:
    """What of theirs lives longer, as it was when the closure was made."""
    lots = Lot.objects.filter(
        remaining__gt=0,
        is_debt=False,
        last_day__gte=closing.first,
        first_day__lte=closing.last_day,
        created_at__lte=closing.made_at,
    )
    return lots.filter(account__in=_accounts(closing))


def _accounts(closing: Closing) -> QuerySet[Account]:
    units = [*(LIKE_BONUSES if closing.bonuses else ()), *((Account.Unit.SESSION,) if closing.sessions else ())]
    theirs = Q(unit__in=units, client__in=affected_clients(closing))
    if closing.money:
        theirs |= Q(unit=Account.Unit.MONEY) & _of_place(closing.location)
    return Account.objects.filter(theirs).exclude(_begun_later(closing))


def _begun_later(closing: Closing) -> Q:
    """Accounts whose days began after the closed ones, or had no end yet when the closure was made: mechanics know
    which. So it does not matter when the work is done.
    """
    day = min(closing.last_day, closing.made_on)
    known = [accounts for mechanic in mechanics() if (accounts := mechanic.accounts_begun_after(day)) is not None]
    found = Q(pk__in=())
    for accounts in known:
        found |= accounts
    return found


def _of_place(location: int) -> Q:
    """Accounts that belong to a place: mechanics know which. All of them, where there is no other place."""
    if is_the_only_place(location):
        return Q()
    known = [accounts for mechanic in mechanics() if (accounts := mechanic.accounts_of_place(location)) is not None]
    found = Q(pk__in=())
    for accounts in known:
        found |= accounts
    return found


def affected_tiers(closing: Closing) -> QuerySet[TierStanding]:
    """Tiers that would fall in the closed days or later."""
    if not closing.tiers:
        return TierStanding.objects.none()
    falling = TierStanding.objects.filter(falls_on__gte=closing.from_day, falls_on__gt=closing.made_on)
    return falling.filter(client__in=affected_clients(closing))
