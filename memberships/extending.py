"""An extension: a membership ends so many days later, and somebody says why. What has ended is not brought back."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actors import Actor
from clients.refusals import Invalid
from loyalty.house import House
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction
from memberships import changes
from memberships.models import Change, Membership

LONGEST = 366
"""Days in one go."""


@in_one_transaction
def extend(*, membership: int, days: int, reason: str, by: Actor, now: datetime, key: str) -> Membership:
    """Let it end later. `key` is the operation: sent twice it is extended once.

    Raises `CannotChange` for one that has no end or is not used any more, `Invalid` without days or a reason.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Change.Kind.EXTENDED):
        return row
    if not 1 <= days <= LONGEST:
        raise Invalid(_("From 1 to %(most)d days.") % {"most": LONGEST}, field="days")
    said = changes.reason_in(reason)
    house = rulebook().house
    lots = changes.ending(row, house.day(now))
    ends = {lot.id: (lot.last_day, changes.later(lot.last_day, days)) for lot in lots if lot.last_day is not None}
    number = Change.objects.filter(membership=row, kind=Change.Kind.EXTENDED).count() + 1
    operation = f"membership:{row.pk}:extend:{number}"
    changes.move_ends(row, ends, days, operation=operation, note=_note(days, said, house), by=by, now=now)
    before, after = changes.end_of(lots), max(after for _before, after in ends.values())
    facts = {"days": days, "before": str(before), "after": str(after)}
    changes.write(row, Change.Kind.EXTENDED, key=key, by=by, now=now, reason=said, facts=facts)
    return row


def _note(days: int, reason: str, house: House) -> str:
    """What the client reads in the history."""
    with changes.in_house_language(house):
        text = ngettext("%(days)d day longer: %(reason)s", "%(days)d days longer: %(reason)s", days)
        return text % {"days": days, "reason": reason}
