"""What a night does for memberships (`settings.NIGHT`)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from loyalty.expiry import expire_lots
from loyalty.models import Account
from loyalty.night import Duty, Night
from memberships import last_session, renewing


def _expire(night: Night) -> int:
    """Sessions past their last day end; what was not paid in time is suspended; whoever has one session left is
    reminded. Freezes end by themselves.
    """
    house, unit = night.house, Account.Unit.SESSION
    ended = expire_lots(today=night.day, zone=house.zone, by=night.by, listens=house.listens, unit=unit)
    suspended = renewing.suspend_missed(day=night.day, house=house, now=night.now, by=night.by)
    return ended + suspended + last_session.remind(night)


def _renew(night: Night) -> int:
    return renewing.make_due(day=night.day, house=night.house, now=night.now)


EXPIRE = Duty(
    "memberships.expire",
    _expire,
    every_night=False,
    counts=gettext_lazy("Memberships that ended, subscriptions suspended, and letters about a last session"),
)
RENEW = Duty(
    "memberships.renew_subscriptions",
    _renew,
    every_night=False,
    counts=gettext_lazy("Periods of subscriptions that are to be paid"),
)
