"""The nightly tasks of referrals by their names. `loyalty.night` does them in their order."""

from __future__ import annotations

from celery import shared_task

from loyalty.tasks import run


@shared_task(name="referrals.give_due")
def give_due() -> int:
    return run("referrals.give_due")


@shared_task(name="referrals.look_for_suspicion")
def look_for_suspicion() -> int:
    return run("referrals.look_for_suspicion")


@shared_task(name="referrals.make_statements")
def make_statements() -> int:
    return run("referrals.make_statements")
