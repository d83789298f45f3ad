"""What a night does for referrals (`settings.NIGHT`)."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy

from loyalty import watermarks
from loyalty.night import Duty, Night
from loyalty.periods import starts_at
from referrals import giving, statements, suspicion, telling


def _give_due(night: Night) -> int:
    """Rewards whose day has come: the time for refunds is over. And letters about what came for friends yesterday."""
    given = giving.give_due(day=night.day, house=night.house, now=night.now, by=night.by)
    telling.tell(night)
    return given


def _look_for_suspicion(night: Night) -> int:
    """For what came to light since the night that was done last."""
    owed = watermarks.days_due(LOOK_FOR_SUSPICION.task, night.day)
    first = min([*owed, night.day]) - timedelta(days=1)
    return suspicion.look_again(since=starts_at(first, night.house.zone), today=night.day, now=night.now)


def _make_statements(night: Night) -> int:
    return statements.make_statements(today=night.day, house=night.house, now=night.now)


GIVE_DUE = Duty("referrals.give_due", _give_due, counts=gettext_lazy("Rewards for bringing friends"))
LOOK_FOR_SUSPICION = Duty(
    "referrals.look_for_suspicion",
    _look_for_suspicion,
    every_night=False,
    counts=gettext_lazy("Referrals that look suspicious"),
)
MAKE_STATEMENTS = Duty(
    "referrals.make_statements", _make_statements, every_night=False, counts=gettext_lazy("Statements of partners")
)
