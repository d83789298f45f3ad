"""The nightly tasks by the names that the timetable and `contract.md` know them by. `loyalty.night` does the work."""

from __future__ import annotations

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from loyalty import closures, events, mailings, night, promises, promo_batches, proof
from loyalty.api import idempotency
from loyalty.house import load_house


def run(task: str) -> int:
    """What the task owes; how many it did."""
    return sum(record.count for record in night.run_task(task, now=timezone.now(), too_long=(SoftTimeLimitExceeded,)))


@shared_task(name="loyalty.activate_pending")
def activate_pending() -> int:
    return run("loyalty.activate_pending")


@shared_task(name="loyalty.grant_birthday_bonuses")
def grant_birthday_bonuses() -> int:
    return run("loyalty.grant_birthday_bonuses")


@shared_task(name="loyalty.grant_winback_bonuses")
def grant_winback_bonuses() -> int:
    return run("loyalty.grant_winback_bonuses")


@shared_task(name="loyalty.review_tiers")
def review_tiers() -> int:
    return run("loyalty.review_tiers")


@shared_task(name="loyalty.expire_lots")
def expire_lots() -> int:
    return run("loyalty.expire_lots")


@shared_task(name="loyalty.review_balances")
def review_balances() -> int:
    return run("loyalty.review_balances")


@shared_task(name="loyalty.remind_expiring")
def remind_expiring() -> int:
    return run("loyalty.remind_expiring")


@shared_task(name="loyalty.check_ledger")
def check_ledger() -> int:
    """Prove the ledger; how many differences there are. `/health/` and the admin show the result."""
    return len(proof.check_ledger(now=timezone.now()))


@shared_task(name="loyalty.forget_replies")
def forget_replies() -> int:
    """Kept answers of the API older than a day, settings that no quote can be settled by any more, told events."""
    now = timezone.now()
    return idempotency.forget_old(now=now) + promises.forget_old(now=now) + events.forget_old(now=now)


@shared_task(name="loyalty.finish_closures")
def finish_closures() -> int:
    """Closures that were asked for or undone. Woken by whoever asks; the night and `loyalty.catch_up` look too."""
    return closures.go_on(house=load_house(), now=timezone.now())


@shared_task(name="loyalty.make_promo_codes")
def make_promo_codes() -> int:
    """Unique promo codes that were asked for. Woken by whoever asks; `loyalty.catch_up` looks too."""
    return promo_batches.make_unfinished()


@shared_task(name="loyalty.write_mailings")
def write_mailings() -> int:
    """Letters of mailings that were started. Woken by whoever starts one; `loyalty.catch_up` looks too."""
    return mailings.write_due(now=timezone.now())


@shared_task(name="loyalty.deliver_events")
def deliver_events() -> int:
    """Events that somebody listens to; how many were taken."""
    return events.deliver(now=timezone.now())
