"""How far each task has come: which days it still owes.

A schedule only says when to look (beat that was off for three days starts a task once afterwards, or not at all);
what is due is read from here. A day is done when everything of it is done; a task that was killed halfway through a
night begins that night again, and nothing of it happens twice because of what it posts.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q

from loyalty.models import Watermark

LONGEST_GAP = timedelta(days=400)
"""Nights that are made up at most. Whoever was off for longer starts anew."""


def days_due(task: str, today: date) -> list[date]:
    """The nights that the task owes, the oldest first, today's included. One that never ran owes today's only."""
    done = Watermark.objects.filter(task=task).values_list("day", flat=True).first()
    if done is None:
        return [today]
    first = max(done + timedelta(days=1), today - LONGEST_GAP)
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
