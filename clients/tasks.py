"""Tasks about letters, by the names that the timetable and `contract.md` know them by."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from clients.letters.sending import send_due


@shared_task(name="clients.send_mailings")
def send_mailings() -> int:
    """Send the letters that wait; how many went out."""
    return send_due(now=timezone.now())
