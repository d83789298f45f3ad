"""Who may refund a check, by its age: the front desk some hours, managers and tills some days, the owner always."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.house import House

NOTHING = datetime.max.replace(tzinfo=UTC)
"""No check is as young as that."""


class RefundTooOld(Refusal):
    """The check is older than whoever asks may refund."""

    code = "permission_denied"


class Ask(StrEnum):
    """Who can refund a check that is not one's own to refund."""

    MANAGER = "manager"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Reach:
    """From when on somebody may refund checks, and from when on a manager may. None: of any age."""

    since: datetime | None = None
    manager_since: datetime | None = None

    def asks(self, at: datetime) -> Ask | None:
        """Whom to ask to refund a check of this moment; None where it is theirs to refund."""
        if self.since is None or at >= self.since:
            return None
        return Ask.MANAGER if self.manager_since is None or at >= self.manager_since else Ask.OWNER

    def check(self, at: datetime) -> None:
        """Raises `RefundTooOld` for a check of this moment that is not theirs to refund."""
        who = self.asks(at)
        if who is Ask.MANAGER:
            raise RefundTooOld(_("This check is not yours to refund: ask a manager."))
        if who is Ask.OWNER:
            raise RefundTooOld(_("This check is too old for you to refund: ask the owner."))


ANY_AGE = Reach()


def refundable_since(
    house: House, now: datetime, *, is_owner: bool, may_refund: bool, may_recent: bool = False
) -> Reach:
    """From when on somebody may refund, by what they are and the rights that they have.

    The owner: checks of any age. With `refund_visit` (managers, tills): up to `manager_refund_days` old, any age where
    the house has set none. With only `refund_recent_visit` (the front desk): up to `desk_refund_hours` old, so none
    at all where these are 0, and never older ones than a manager.
    """
    if is_owner:
        return ANY_AGE
    days, hours = house.manager_refund_days, house.desk_refund_hours
    manager = None if days is None else now - timedelta(days=days)
    if may_refund:
        return Reach(manager, manager)
    if not may_recent or not hours:
        return Reach(NOTHING, manager)
    recent = now - timedelta(hours=hours)
    return Reach(recent if manager is None else max(recent, manager), manager)
