"""A clock that can be moved: the demonstration shows a month in an afternoon. Nothing else ever moves it.

Every rule takes `now` as an argument and every face asks `django.utils.timezone.now`, so it is enough to move that
one, in each process of the demonstration, before anything else is loaded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

VARIABLE = "DEMO_CLOCK_SECONDS"
"""By how many seconds the processes of a demonstration are ahead of the real time."""

moved_by = timedelta(0)


def move(by: timedelta) -> None:
    """From now on it is so much later (or earlier) than it is."""
    global moved_by  # noqa: PLW0603  # a process has one clock
    moved_by = by
    timezone.now = _moved_now if by else _real_now


def _real_now() -> datetime:
    return datetime.now(tz=UTC)


def _moved_now() -> datetime:
    return _real_now() + moved_by
