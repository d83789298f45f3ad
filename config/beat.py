"""Beat's scheduler: one at a time, and one that leaves a sign of life.

Two beats would send every task twice. Nothing would be done twice for it (the night has its lease, letters and bonuses
their keys), but celery and django-celery-beat leave it to whoever installs to start only one; redbeat locks, in Redis.
Here the lease is a row of the database. The beat that holds it ticks; every other one waits, looks again, and takes
over when the lease has run out: half a minute after the first was killed, at once after it was stopped.

Each time it holds the lease longer it leaves a sign of life: `/health/` reads it.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from loyalty import watermarks

log = logging.getLogger(__name__)
BEAT = "beat"
HOLD = timedelta(seconds=45)
RENEW_SECONDS = 15
"""Three times within the lease: a database that is slow once loses nothing."""
LOOK_AGAIN_SECONDS = 5.0


class OneBeat(DatabaseScheduler):  # type: ignore[misc]  # django-celery-beat has no types
    """Ticks only while it holds the lease."""

    _lease: datetime | None = None
    _held_at = 0.0
    _waits = False

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """As celery's: seconds until the next look. Without the lease, or the database, nothing is sent."""
        try:
            if not self._is_the_one():
                return LOOK_AGAIN_SECONDS
        except (DatabaseError, InterfaceError):
            log.exception("the database does not answer; beat waits for it")
            close_old_connections()
            return LOOK_AGAIN_SECONDS
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """Stopped in good order: the next one need not wait."""
        super().close()
        if self._lease is not None:
            watermarks.release(BEAT, self._lease)
            self._lease = None

    def _is_the_one(self) -> bool:
        now = timezone.now()
        if self._lease is not None:
            if time.monotonic() - self._held_at < RENEW_SECONDS:
                return True
            self._keep(watermarks.renew(BEAT, self._lease, now=now, for_=HOLD), now)
        if self._lease is None:
            self._keep(watermarks.claim(BEAT, now=now, for_=HOLD), now)
            self._say(taken_over=self._lease is not None)
        return self._lease is not None

    def _keep(self, lease: datetime | None, now: datetime) -> None:
        self._lease, self._held_at = lease, time.monotonic()
        if lease is not None:
            watermarks.seen(BEAT, now)

    def _say(self, *, taken_over: bool) -> None:
        if taken_over:
            log.info("this beat sends the tasks")
            self._read_anew()
        elif not self._waits:
            log.warning("another beat sends the tasks; this one waits until it stops")
        self._waits = not taken_over

    def _read_anew(self) -> None:
        """What was read when it began to wait knows nothing of the tasks that the other beat has sent since."""
        self._initial_read, self._heap = True, None
        self._dirty: set[str] = set()
