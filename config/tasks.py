"""What beat starts every five minutes: whatever is overdue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from clients import throttle
from config import timetable
from loyalty import night, promo_batches, watermarks
from loyalty.portal.answers import answer_requests


@shared_task(name=timetable.CATCH_UP)
def catch_up() -> int:
    """Do what is overdue, and leave a sign of life for `/health/`; how many things were done."""
    now = timezone.now()
    timetable.follow_the_business()
    runs = night.catch_up(now=now, has_come=lambda task, since: timetable.has_come(task, since, now))
    answered = answer_requests(now=now)
    codes = promo_batches.make_unfinished()
    throttle.forget(now=now)
    watermarks.seen(timetable.CATCH_UP, now)
    return sum(run.count for run in runs) + answered + codes
