"""The task of gift cards by its name in `contract.md`."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from giftcards.delivery import deliver_due


@shared_task(name="giftcards.deliver_scheduled")
def deliver_scheduled() -> int:
    """Gift cards that are due go to whoever they are for; how many went."""
    return deliver_due(now=timezone.now())
