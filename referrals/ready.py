"""Discounts that were earned with friends: ready for the next check of whoever earned them.

A check uses one, the best. Two tills cannot both use it: each holds the accounts of the client first, and looks then.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.models import Visit
from referrals.friends import came_back
from referrals.models import Kind, Reward
from referrals.rewards import Ready

State = Reward.State


class DiscountWasUsed(Refusal):
    """The discount has just been used on another check."""


def ready_for(client: int, today: date) -> Ready | None:
    """The best discount of this client; of equal ones the oldest. One query."""
    rows = Reward.objects.filter(client=client, kind=Kind.DISCOUNT, state=State.GIVEN, due_day__lte=today)
    row = rows.order_by("-percent", "pk").values_list("pk", "percent").first()
    return Ready(row[0], row[1]) if row is not None and row[1] is not None else None


def use(reward: int, *, visit: int, now: datetime) -> None:
    """It is used on this check. Raises `DiscountWasUsed`."""
    row = Reward.objects.filter(pk=reward, state=State.GIVEN)
    if not row.update(state=State.USED, used_on=visit, changed_at=now):
        raise DiscountWasUsed(_("The discount for bringing a friend has just been used on another check."))


def return_used(visit: int, *, now: datetime) -> list[Reward]:
    """The check that used it came back wholly: it is ready again, unless what was paid for the visit that brought it
    came back, too.
    """
    rows = list(Reward.objects.filter(used_on=visit, state=State.USED).select_for_update(no_key=True, of=("self",)))
    brought_by = Visit.objects.filter(pk__in=[row.visit_id for row in rows])
    gone = set(brought_by.filter(came_back()).values_list("pk", flat=True))
    for row in rows:
        row.state = State.TAKEN_BACK if row.visit_id in gone else State.GIVEN
        row.used_on, row.changed_at = None, now
        row.save(update_fields=["state", "used_on", "changed_at"])
    return rows
