"""What beat starts every five minutes: whatever is overdue."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from clients import throttle
from clients.letters.sending import send_due
from config import timetable
from loyalty import chains, mailings, night, promo_batches, watermarks
from loyalty.house import NotSetUp, load_house
from loyalty.portal.answers import answer_requests

log = logging.getLogger(__name__)
LETTERS_SECONDS = 20
"""Letters have a task of their own every minute: here they only make up for it."""


@shared_task(name=timetable.CATCH_UP)
def catch_up() -> int:
    """Do what is overdue, and leave a sign of life for `/health/`; how many things were done."""
    now = timezone.now()
    watermarks.seen(timetable.CATCH_UP, now)  # a long night is no silent worker
    timetable.follow_the_business()
    runs = night.catch_up(
        now=now,
        has_come=lambda task, since: timetable.has_come(task, since, now),
        too_long=(SoftTimeLimitExceeded,),
    )
    answered = answer_requests(now=now)
    codes = promo_batches.make_unfinished()
    written = _chains(now) + mailings.write_due(now=now)
    sent = send_due(now=now, seconds=LETTERS_SECONDS)
    throttle.forget(now=now)
    watermarks.seen(timetable.CATCH_UP, timezone.now())
    return sum(run.count for run in runs) + answered + codes + written + sent


def _chains(now: datetime) -> int:
    try:
        return chains.run(today=load_house().day(now), now=now)
    except NotSetUp:
        return 0
    except Exception:  # a chain that fails must not keep letters from going out
        log.exception("chains could not be gone on with; they are tried again later")
        return 0
