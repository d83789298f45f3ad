"""A freeze: days on which a membership rests. Its end moves by the days that it really rested.

**Asking.** From tomorrow at the earliest, and while the membership still runs; so many days as are left of those that
were sold with it (`Membership.freeze_days`, over its whole life). The end moves at once by the days asked for.

**Ending.** By itself after those days; by hand; or by the first visit that uses it. On the day on which it ends it does
not rest any more. The end then moves back by the days it did not rest, and those return to what is left. A freeze that
is called off before it begins never was: only the change that says so is kept.

**Time decides**: whether it rests on a day is read from the rows of `Freeze`, and no task needs to have run.

    Ends on 30 May. Frozen on 1 March from 2 March for 14 days: ends on 13 June. The client comes on 7 March: it rested
    from 2 to 6 March, 5 days. It ends on 4 June, and 9 days can be frozen another time.

What moved the end besides stays: a closure, an extension, and the days that a refund promised to sessions it returned.
A lot never ends before the next period begins, nor before today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actors import Actor
from clients.refusals import Invalid, Refusal
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.ledger import Kind, Stock
from loyalty.mechanics import Sale
from loyalty.models import Entry
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction
from memberships import changes
from memberships.changes import ONE_DAY, CannotChange
from memberships.models import Change, Freeze, Membership

Did = Change.Kind


class NotFrozen(Refusal):
    """There is no freeze to end."""

    code = "membership_not_frozen"


@dataclass(frozen=True, slots=True)
class Rest:
    """Days on which a membership rests: from the first to the one before `until`."""

    id: int
    from_day: date
    until: date
    """The first day on which it does not rest any more."""

    @classmethod
    def of(cls, row: Freeze) -> Rest:
        return cls(row.pk, row.from_day, row.ended_on or row.from_day + timedelta(days=row.days))

    @property
    def days(self) -> int:
        return (self.until - self.from_day).days

    @property
    def last_day(self) -> date:
        return self.until - ONE_DAY

    def is_on(self, day: date) -> bool:
        return self.from_day <= day < self.until

    def meets(self, other: Rest) -> bool:
        return self.from_day < other.until and other.from_day < self.until


def rests_of(membership: Membership) -> list[Rest]:
    """Its freezes, oldest first, as they were: without what was ended early. One query."""
    return [Rest.of(row) for row in Freeze.objects.filter(membership=membership).order_by("from_day")]


def frozen_on(memberships: Iterable[int], day: date) -> dict[int, Rest]:
    """Membership → the freeze in which it rests on this day, for many at once. One query, none for none."""
    wanted = list(memberships)
    if not wanted:
        return {}
    rows = Freeze.objects.filter(_still_on(day), membership__in=wanted, from_day__lte=day)
    found = ((row.membership_id, Rest.of(row)) for row in rows)
    return {membership: rest for membership, rest in found if rest.is_on(day)}


def _still_on(day: date) -> Q:
    return Q(ended_on=None) | Q(ended_on__gt=day)


def days_left(membership: Membership, rests: Sequence[Rest]) -> int:
    """How many days can still be frozen."""
    return max(membership.freeze_days - sum(rest.days for rest in rests), 0)


# --- asking ----------------------------------------------------------------------------------------------------------


@in_one_transaction
def freeze(  # keyword-only, each is said by every caller
    *, membership: int, from_day: date, days: int, by: Actor, now: datetime, key: str, reason: str = ""
) -> Membership:
    """Let it rest. `key` is the operation: sent twice it is frozen once.

    Raises `CannotChange`, and `Invalid` with the field for days that cannot be.
    """
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.FROZEN):
        return row
    house = rulebook().house
    lots = changes.ending(row, house.day(now))
    asked = Rest(0, from_day, changes.later(from_day, max(days, 1)))
    refuse_senseless(row, lots, rests_of(row), asked, days, house.day(now))
    made = Freeze.objects.create(
        membership=row, from_day=from_day, days=days, by=str(by), reason=reason.strip()[:250], made_at=now
    )
    ends = {lot.id: (lot.last_day, changes.later(lot.last_day, days)) for lot in lots if lot.last_day is not None}
    note = _note_of_freeze(asked, house)
    changes.move_ends(row, ends, days, operation=_operation(row.pk, made.pk), note=note, by=by, now=now)
    facts = {"freeze": made.pk, "from": str(from_day), "days": days, **_moved(lots, ends)}
    changes.write(row, Did.FROZEN, key=key, by=by, now=now, reason=made.reason, facts=facts)
    return row


def refuse_senseless(  # what is asked is one thing, what it is held against another
    membership: Membership, lots: Sequence[Stock], rests: Sequence[Rest], asked: Rest, days: int, today: date
) -> None:
    """Raises `CannotChange` if it cannot be frozen at all, `Invalid` for days on which it cannot."""
    left, end = days_left(membership, rests), changes.end_of(lots)
    if not membership.freeze_days:
        raise CannotChange(_("“%(name)s” is sold without freeze days.") % {"name": membership.plan.name})
    if not left:
        message = _("All %(days)d freeze days of “%(name)s” have been used.")
        raise CannotChange(message % {"days": membership.freeze_days, "name": membership.plan.name})
    if not 1 <= days <= left:
        message = ngettext("%(left)d freeze day is left.", "%(left)d freeze days are left.", left)
        raise Invalid(message % {"left": left}, field="days")
    if asked.from_day <= today:
        raise Invalid(_("A freeze begins tomorrow at the earliest."), field="from")
    if asked.from_day < min(lot.first_day for lot in lots):
        raise Invalid(_("It has not begun by then."), field="from")
    if end is not None and asked.from_day > end:
        raise Invalid(_("It ends on %(day)s, before that.") % {"day": show_day(end)}, field="from")
    met = next((rest for rest in rests if rest.meets(asked)), None)
    if met is not None:
        facts = {"from": show_day(met.from_day), "until": show_day(met.last_day)}
        raise Invalid(_("It is frozen from %(from)s until %(until)s already.") % facts, field="from")


def _operation(membership: int, freeze: int) -> str:
    return f"membership:{membership}:freeze:{freeze}"


def _note_of_freeze(rest: Rest, house: House) -> str:
    with changes.in_house_language(house):
        text = ngettext("frozen for %(days)d day from %(day)s", "frozen for %(days)d days from %(day)s", rest.days)
        return text % {"days": rest.days, "day": show_day(rest.from_day)}


def _moved(lots: Sequence[Stock], ends: dict[int, tuple[date, date]]) -> dict[str, str]:
    """The end before and after, for whoever reads the change."""
    return {"before": str(changes.end_of(lots)), "after": str(max(after for _before, after in ends.values()))}


# --- ending ----------------------------------------------------------------------------------------------------------


@in_one_transaction
def unfreeze(*, membership: int, by: Actor, now: datetime, key: str) -> Membership:
    """End the freeze in which it rests today; if there is none, call off the next one. Raises `NotFrozen`."""
    row = changes.locked(membership)
    if changes.was_done(key, row, Did.UNFROZEN):
        return row
    house = rulebook().house
    today = house.day(now)
    rest = next((rest for rest in rests_of(row) if rest.until > today), None)
    if rest is None:
        raise NotFrozen(_("“%(name)s” is not frozen.") % {"name": row.plan.name})
    _end(row, rest, max(today, rest.from_day), house=house, by=by, now=now, key=key)
    return row


def end_by_visit(memberships: Sequence[int], sale: Sale) -> None:
    """The client has come: whatever they used and was frozen is so no longer. In the transaction of the check, which
    holds the locks. One query where nothing was frozen, none where nothing was used.
    """
    scene = sale.scene
    resting = frozen_on(memberships, scene.today)
    if not resting:
        return
    over = Freeze.objects.filter(pk__in=[rest.id for rest in resting.values()], ended_on__isnull=False)
    ended = set(over.values_list("membership", flat=True))  # the check is of a day before that
    for row in Membership.objects.filter(pk__in=resting.keys() - ended).order_by("pk"):
        key = f"membership:{row.pk}:unfreeze:visit:{sale.visit}"
        rest = resting[row.pk]
        _end(row, rest, scene.today, house=scene.house, by=sale.by, now=scene.now, key=key, visit=sale.visit)


def _end(  # what it is about, then who and when
    membership: Membership, rest: Rest, on: date, *, house: House, by: Actor, now: datetime, key: str, visit: int = 0
) -> None:
    today, unused = house.day(now), (rest.until - on).days
    lots = changes.lots_of(membership, today)
    operation = _operation(membership.pk, rest.id)
    floors = _promised(lots, operation, house)
    ends = {lot.id: (lot.last_day, _back(lot, unused, lots, floors, today)) for lot in lots if lot.last_day is not None}
    note = _note_of_end(on - rest.from_day, house)
    changes.move_ends(membership, ends, -unused, operation=f"{operation}:undo", note=note, by=by, now=now)
    if on == rest.from_day and not visit:
        Freeze.objects.filter(pk=rest.id).delete()
    else:
        Freeze.objects.filter(pk=rest.id).update(ended_on=on, ended_by=str(by))
    facts = {"freeze": rest.id, "from": str(rest.from_day), "on": str(on), "frozen": (on - rest.from_day).days}
    facts |= {**(_moved(lots, ends) if ends else {}), **({"visit": visit} if visit else {})}
    changes.write(membership, Did.UNFROZEN, key=key, by=by, now=now, facts=facts)


def _back(lot: Stock, days: int, lots: Sequence[Stock], floors: dict[int, date], today: date) -> date:
    """Its last day without the days that were not frozen."""
    assert lot.last_day is not None
    after = [other.first_day - ONE_DAY for other in lots if lot.first_day < other.first_day <= lot.last_day + ONE_DAY]
    least = max([today, lot.first_day, floors.get(lot.id, today), *after])
    return min(max(lot.last_day - timedelta(days=days), least), lot.last_day)


def _promised(lots: Sequence[Stock], operation: str, house: House) -> dict[int, date]:
    """Lot → until when a refund, since the freeze, has promised the sessions that it returned."""
    rows = Entry.objects.filter(lot__in=[lot.id for lot in lots]).filter(Q(kind=Kind.RETURN) | Q(operation=operation))
    floors: dict[int, date] = {}
    frozen: set[int] = set()
    for entry in rows.order_by("lot", "number"):
        if entry.operation == operation:
            frozen.add(entry.lot_id)
        elif entry.lot_id in frozen and entry.last_day is not None:
            promised = house.day(entry.at) + timedelta(days=house.refund_min_days)
            floors[entry.lot_id] = max(floors.get(entry.lot_id, promised), min(promised, entry.last_day))
    return floors


def _note_of_end(frozen: timedelta, house: House) -> str:
    with changes.in_house_language(house):
        if not frozen.days:
            return _("the freeze is called off")
        text = ngettext(
            "the freeze ended after %(days)d day; the end moves back by the others",
            "the freeze ended after %(days)d days; the end moves back by the others",
            frozen.days,
        )
        return text % {"days": frozen.days}
