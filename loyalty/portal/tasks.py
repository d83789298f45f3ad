"""Work for a worker that the public pages leave behind."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from loyalty.portal.answers import answer_requests


@shared_task(name="loyalty.answer_requests")
def answer() -> int:
    """Answer what visitors asked for. Woken by each request; `loyalty.catch_up` looks too."""
    return answer_requests(now=timezone.now())
