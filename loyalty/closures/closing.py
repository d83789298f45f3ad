"""Makes closures and undoes them, a batch a transaction; `loyalty.closures` says what it means."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.models import Location
from clients.refusals import Invalid
from loyalty import watermarks
from loyalty.closures.affected import Closing
from loyalty.closures.extending import extend_lots, extend_tiers
from loyalty.closures.job import Job, Step
from loyalty.closures.undoing import take_back_lots, take_back_tiers
from loyalty.house import House
from loyalty.models import Closure
from loyalty.transactions import in_one_transaction

LONGEST = 366
"""Days that a location may be closed in one go."""
REACHES_BACK = timedelta(days=60)
FARTHEST = timedelta(days=366)
WORK = "closure:"


# --- asking -----------------------------------------------------------------------------------------------------------


def close(*, closing: Closing, reason: str, key: str, by: Actor, now: datetime, house: House) -> Closure:
    """Close a location and extend what it affects, all of it. `key` is the operation: sent twice it counts once.

    Raises `Invalid`. For many thousands of lots rather `ask_to_close`, and let a worker go on.
    """
    closure = ask_to_close(closing=closing, reason=reason, key=key, by=by, now=now)
    go_on_with(closure, house=house, now=now)
    closure.refresh_from_db()
    return closure


@in_one_transaction
def ask_to_close(*, closing: Closing, reason: str, key: str, by: Actor, now: datetime) -> Closure:
    """Write the closure down; the work is still to be done (`go_on`). Raises `Invalid`."""
    refuse_senseless(closing, reason)
    closure, is_new = Closure.objects.get_or_create(
        operation=key,
        defaults={
            "location": Location.objects.get(pk=closing.location),
            "from_day": closing.from_day,
            "days": closing.days,
            "bonuses": closing.bonuses,
            "money": closing.money,
            "sessions": closing.sessions,
            "tiers": closing.tiers,
            "reason": reason.strip(),
            "made_at": now,
            "by": str(by),
        },
    )
    if is_new:
        watermarks.begin_work(f"{WORK}{closure.pk}", now)
    return closure


def refuse_senseless(closing: Closing, reason: str) -> None:
    """Raises `Invalid` for a closure that makes no sense, before anything is looked up for it."""
    today = closing.made_on
    if not 1 <= closing.days <= LONGEST:
        raise Invalid(_("From 1 to %(most)d days.") % {"most": LONGEST}, field="days")
    if closing.from_day < today - REACHES_BACK:
        raise Invalid(_("At most %(most)d days back.") % {"most": REACHES_BACK.days}, field="from_day")
    if closing.from_day > today + FARTHEST:
        raise Invalid(_("At most a year ahead."), field="from_day")
    if not (closing.bonuses or closing.money or closing.sessions or closing.tiers):
        raise Invalid(_("Say what lives longer."), field="bonuses")
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")


@in_one_transaction
def undo(*, closure_id: int, by: Actor, now: datetime) -> Closure:
    """Take the days back; the work is still to be done (`go_on`). Undone twice it is undone once."""
    closure = Closure.objects.select_for_update(no_key=True).get(pk=closure_id)
    if closure.undone_at is None:
        closure.undone_at, closure.undone_by = now, str(by)
        closure.save(update_fields=["undone_at", "undone_by"])
        watermarks.finish_work(f"{WORK}{closure.pk}")
        watermarks.begin_work(f"{WORK}{closure.pk}:undo", now)
    return closure


# --- the work ---------------------------------------------------------------------------------------------------------


def go_on(*, house: House, now: datetime) -> int:
    """Finish what was begun, as after a kill or for a page that did not wait; how many lots and tiers it moved."""
    names = watermarks.unfinished_work(WORK)
    closures = Closure.objects.in_bulk([int(name.split(":")[1]) for name in names])
    return sum(go_on_with(closure, house=house, now=now) for closure in closures.values())


def go_on_with(closure: Closure, *, house: House, now: datetime, batches: int | None = None) -> int:
    """The same for one closure; with `batches` at most so many, for a page that waits. Nothing if it is finished."""
    is_undone = Closure.objects.values_list("undone_at", flat=True).get(pk=closure.pk) is not None
    name, steps = _work(closure.pk, is_undone=is_undone)
    if name not in watermarks.unfinished_work(name):
        return 0
    job, moved = Job(closure, house, now), 0
    for step in steps:
        after: int | None = 0
        while after is not None:
            if batches is not None and batches <= 0:
                return moved
            done, after = step(job, after)
            moved += done
            batches = None if batches is None else batches - 1
    watermarks.finish_work(name)
    return moved


def is_finished(closure: Closure) -> bool:
    """Whether all that it extends, or takes back, is done."""
    name, _steps = _work(closure.pk, is_undone=closure.undone_at is not None)
    return name not in watermarks.unfinished_work(name)


def _work(closure: int, *, is_undone: bool) -> tuple[str, tuple[Step, Step]]:
    if is_undone:
        return f"{WORK}{closure}:undo", (take_back_lots, take_back_tiers)
    return f"{WORK}{closure}", (extend_lots, extend_tiers)
