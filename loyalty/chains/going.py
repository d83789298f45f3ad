"""Goes on with the chains that are due: looks, does, remembers; a few hundred clients a transaction.

The rows of a batch are locked, and what somebody else holds is passed over, so any number of workers may be at it.
Letters and bonuses have operations of their own (way and step) and are written with the new state of the way, so a
worker that is killed leaves either all of a batch or nothing of it. Should a batch fail, its ways are gone on with one
by one, and one that fails stops no other.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from time import monotonic

from django.db import transaction
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Refusal
from loyalty.chains import knowledge
from loyalty.chains.acting import give, tell
from loyalty.chains.definitions import chains
from loyalty.chains.steps import BY_HAND, ERASED, Action, Chain, State, Way, walk
from loyalty.models import Chain as Row
from loyalty.models import ChainEvent, ChainRun
from loyalty.rulebook import Rulebook, rulebook
from loyalty.transactions import in_one_transaction

log = logging.getLogger(__name__)
AT_ONCE = 300
SECONDS = 240
"""A task lives no longer than nine minutes; the next one goes on five minutes later."""


def go_on(*, now: datetime, seconds: float = SECONDS) -> int:
    """What is due, for about so many seconds; how many ways were gone on with. Those of chains that are off wait.

    Raises `NotSetUp`.
    """
    count, failed, book, until = 0, set[int](), rulebook(), monotonic() + seconds
    while monotonic() < until:
        due = _due(now, failed)
        try:
            some = _go_on_some(due, now, book)
        except Exception:
            log.exception("a batch of chains failed; its clients are gone on with one by one")
            count += sum(_go_on_one(run, now, book, failed) for run in due)
            continue
        count += some
        if not some:  # nothing is due, or others are at it
            break
    return count


def _due(now: datetime, failed: Collection[int]) -> list[int]:
    runs = ChainRun.objects.filter(state=State.WAITING, next_at__lte=now, chain__enabled=True).exclude(pk__in=failed)
    free = runs.order_by("next_at", "pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    with transaction.atomic():
        return list(free.values_list("pk", flat=True)[:AT_ONCE])


def _go_on_one(run: int, now: datetime, book: Rulebook, failed: set[int]) -> int:
    try:
        return _go_on_some([run], now, book)
    except Exception:
        log.exception("the way %s through a chain failed; it is tried again later", run)
        failed.add(run)
        return 0


@in_one_transaction
def _go_on_some(due: Sequence[int], now: datetime, book: Rulebook) -> int:
    """Of these, those that are still due and that nobody else is at."""
    rows = ChainRun.objects.filter(pk__in=due, state=State.WAITING, next_at__lte=now).order_by("pk")
    runs = list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",)))
    if not runs:
        return 0
    defined = chains(Row.objects.filter(pk__in={run.chain_id for run in runs}))
    known = knowledge.read(runs, defined.values(), now=now, book=book)
    ways = [(run, _way(run, defined[run.chain_id], known, now)) for run in runs]
    done = give(ways, house=book.house, now=now)
    tell(done, known, defined, house=book.house, now=now)
    _remember(done, now)
    return len(runs)


def _way(run: ChainRun, chain: Chain, known: knowledge.Knowledge, now: datetime) -> Way:
    if run.client_id in known.erased:
        return Way((), State.STOPPED, run.step, run.next_at, ERASED)
    zone = known.house.zone
    return walk(chain, run.step, run.next_at, lambda at: known.facts(run, at), now=now, zone=zone)


def _remember(ways: Sequence[tuple[ChainRun, Way]], now: datetime) -> None:
    """The new state of each, and what happened."""
    for run, way in ways:
        run.state, run.step, run.next_at, run.reason = way.state, way.step, way.next_at, way.reason
        run.ended_at = None if way.state == State.WAITING else now
    ChainRun.objects.bulk_update([run for run, _way in ways], ["state", "step", "next_at", "reason", "ended_at"])
    ChainEvent.objects.bulk_create(
        ChainEvent(run=run, step=one.step.number, did=one.did, at=now) for run, way in ways for one in way.taken
    )


class EndedAlready(Refusal):
    """The client is not on the way any more."""


@in_one_transaction
def stop(run: int, *, by: Actor, now: datetime) -> ChainRun:
    """Stop one client's way by hand. Raises `EndedAlready`."""
    row = ChainRun.objects.select_for_update(no_key=True, of=("self",)).get(pk=run)
    if row.state != State.WAITING:
        raise EndedAlready(_("This client is not on the way any more."))
    row.state, row.ended_at, row.reason = State.STOPPED, now, f"{BY_HAND}:{by.name}"[:120]
    row.save(update_fields=["state", "ended_at", "reason"])
    ChainEvent.objects.create(run=row, step=row.step, did=Action.STOP, at=now)
    return row
