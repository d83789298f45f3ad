"""The nightly tasks of memberships by their names. `loyalty.night` does them in their order."""

from __future__ import annotations

from celery import shared_task

from loyalty.tasks import run


@shared_task(name="memberships.expire")
def expire() -> int:
    return run("memberships.expire")


@shared_task(name="memberships.renew_subscriptions")
def renew_subscriptions() -> int:
    return run("memberships.renew_subscriptions")
