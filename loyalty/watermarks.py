"""How far each task has come, what it did, and who is at it: which days it still owes, its runs, its leases.

A schedule only says when to look (beat that was off for three days starts a task once afterwards, or not at all);
what is due is read from here. A day is done when everything of it is done; a task that was killed halfway through a
night begins that night again, and nothing of it happens twice because of what it posts.

A lease keeps two processes from doing the same work side by side. It is a row with the moment until which it holds,
taken by one conditional update: no advisory locks, which SQLite has not and pgbouncer would lose. A holder that was
killed holds it until that moment, no longer. Leases save work and keep its order; no result depends on one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q

from loyalty.models import NightRun, Watermark

LONGEST_GAP = timedelta(days=400)
"""Nights that are made up at most. Whoever was off for longer starts anew."""

INTERRUPTED = "interrupted"
"""What a run says until it has ended: so says forever the one that was killed."""
TOO_LONG = "took too long"
"""It was stopped by its time limit, and goes on at the next catching up."""
LONGEST_RUN = timedelta(minutes=11)
"""Celery kills a task after ten minutes: a run that began earlier than this and has not ended never will."""

SET_UP = "set up"
LEASE = "lease:"
UNFINISHED = "unfinished:"


# --- days -------------------------------------------------------------------------------------------------------------


def set_up(day: date) -> None:
    """The business was set up on this day: its first night, which every task owes until it has run."""
    Watermark.objects.get_or_create(task=SET_UP, defaults={"day": day})


def days_due(task: str, today: date) -> list[date]:
    """The nights that the task owes, the oldest first, today's included.

    One that never ran owes every night since the business was set up; where that is not known, today's only.
    """
    known = dict(Watermark.objects.filter(task__in=(task, SET_UP)).values_list("task", "day"))
    done, begin = known.get(task), known.get(SET_UP) or today
    first = max(done + timedelta(days=1) if done is not None else min(begin, today), today - LONGEST_GAP)
    return [first + timedelta(days=i) for i in range((today - first).days + 1)]


def advance(task: str, day: date) -> None:
    """The task is done up to this day. Never backwards: two workers may finish in any order."""
    Watermark.objects.get_or_create(task=task)
    Watermark.objects.filter(Q(day=None) | Q(day__lt=day), task=task).update(day=day)


def seen(task: str, now: datetime) -> None:
    """The task ran, whether it found anything to do or not: `/health/` looks at it."""
    Watermark.objects.update_or_create(task=task, defaults={"seen_at": now})


def last_seen(task: str) -> datetime | None:
    return Watermark.objects.filter(task=task).values_list("seen_at", flat=True).first()


# --- runs -------------------------------------------------------------------------------------------------------------


def begin_run(task: str, day: date, at: datetime) -> NightRun:
    """The record of a run that begins now. It is written before the work, so that a run that is killed shows."""
    return NightRun.objects.create(task=task, day=day, started_at=at, took_ms=0, failure=INTERRUPTED)


def end_run(run: NightRun, *, at: datetime, count: int, failure: str) -> None:
    """It has ended: what it did, or what went wrong."""
    run.took_ms = max(round((at - run.started_at) / timedelta(milliseconds=1)), 0)
    run.count, run.failure = count, failure[:2000]
    run.save(update_fields=["took_ms", "count", "failure"])


def is_running(run: NightRun, now: datetime) -> bool:
    """It has begun and not ended, and nobody can have killed it for being slow yet."""
    return run.failure == INTERRUPTED and run.started_at > now - LONGEST_RUN


# --- leases -----------------------------------------------------------------------------------------------------------


def claim(name: str, *, now: datetime, for_: timedelta) -> datetime | None:
    """Take the lease, if nobody holds it: until when it is ours, which is also the key to it. None: another has it."""
    Watermark.objects.get_or_create(task=LEASE + name)
    row = Watermark.objects.filter(Q(seen_at=None) | Q(seen_at__lte=now), task=LEASE + name)
    return now + for_ if row.update(seen_at=now + for_) else None


def renew(name: str, held: datetime, *, now: datetime, for_: timedelta) -> datetime | None:
    """Hold it longer. None: it ran out and another took it."""
    row = Watermark.objects.filter(task=LEASE + name, seen_at=held)
    return now + for_ if row.update(seen_at=now + for_) else None


def release(name: str, held: datetime) -> None:
    Watermark.objects.filter(task=LEASE + name, seen_at=held).update(seen_at=None)


def held_until(name: str) -> datetime | None:
    """Until when somebody holds the lease, or held it and did not give it back."""
    return last_seen(LEASE + name)


# --- work that was begun -------------------------------------------------------------------------------------------


def begin_work(name: str, now: datetime) -> None:
    """Something that takes more than one transaction was begun; in the transaction that asks for it."""
    Watermark.objects.get_or_create(task=UNFINISHED + name, defaults={"seen_at": now})


def finish_work(name: str) -> None:
    Watermark.objects.filter(task=UNFINISHED + name).delete()


def unfinished_work(kind: str) -> list[str]:
    """Names of what was begun and not finished: "closure:7" of the kind "closure:"."""
    rows = Watermark.objects.filter(task__startswith=UNFINISHED + kind).order_by("seen_at", "task")
    return [task.removeprefix(UNFINISHED) for task in rows.values_list("task", flat=True)]
