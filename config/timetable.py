"""When beat looks after each task: the rows that migration `0002_timetable` makes, editable in the admin.

The hours are the owner's to change; the time zone is that of the business. A schedule only says when to look: which
nights are owed is read from the watermarks, and `loyalty.catch_up` makes up for what beat has missed. A task that the
owner switched off is left alone by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clients.models import Business

CATCH_UP = "loyalty.catch_up"
CATCH_UP_MINUTES = 5
SEND = "clients.send_mailings"
TELL = "loyalty.deliver_events"
DELIVER = "giftcards.deliver_scheduled"
SEND_MINUTES = 1


@dataclass(frozen=True, slots=True)
class Nightly:
    """A task once a day, at this time where the business is."""

    task: str
    name: str
    hour: int
    minute: int


NIGHTLY = (
    Nightly("loyalty.activate_pending", "Pending bonuses become usable", 0, 5),
    Nightly("referrals.give_due", "Rewards for bringing friends are given", 0, 7),
    Nightly("loyalty.grant_birthday_bonuses", "Birthday bonuses", 0, 10),
    Nightly("loyalty.grant_winback_bonuses", "Win-back bonuses", 0, 20),
    Nightly("loyalty.review_tiers", "Tiers are reviewed", 0, 30),
    Nightly("memberships.expire", "Memberships end, subscriptions that were not paid are suspended", 0, 35),
    Nightly("loyalty.expire_lots", "Bonuses, gift cards and memberships end", 0, 40),
    Nightly("memberships.renew_subscriptions", "Subscriptions are to be paid for the next period", 0, 45),
    Nightly("loyalty.review_balances", "Balances that reached a sum", 0, 50),
    Nightly("loyalty.remind_expiring", "Clients are told what ends soon", 1, 0),
    Nightly("referrals.look_for_suspicion", "Referrals that look made up", 1, 10),
    Nightly("referrals.make_statements", "Statements of partners", 1, 20),
    Nightly("loyalty.forget_replies", "Old answers of the API are forgotten", 3, 10),
    Nightly("loyalty.check_ledger", "The ledger is proved", 3, 30),
)


EVERY_FEW_MINUTES = (
    ("Whatever is overdue", CATCH_UP, CATCH_UP_MINUTES),
    ("Letters go out", SEND, SEND_MINUTES),
    ("Gift cards go to whoever they are for", DELIVER, SEND_MINUTES),
    ("Events go to whoever listens", TELL, SEND_MINUTES),
)


def make_timetable(apps: Any, _schema_editor: Any) -> None:
    """The rows of the timetable, as a migration makes them; in UTC until there is a business."""
    task_of = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, minutes in EVERY_FEW_MINUTES:
        interval, _new = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
            every=minutes, period="minutes"
        )
        # Beat gives up a message that nobody took until the next one comes: an idle worker finds one, not a thousand.
        facts = {"task": task, "interval": interval, "expire_seconds": minutes * 60}
        task_of.get_or_create(name=name, defaults=facts)
    for nightly in NIGHTLY:
        crontab, _new = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
            hour=str(nightly.hour), minute=str(nightly.minute), timezone="UTC"
        )
        task_of.get_or_create(name=nightly.name, defaults={"task": nightly.task, "crontab": crontab})


def remove_timetable(apps: Any, _schema_editor: Any) -> None:
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    tasks.filter(task__in=[CATCH_UP, SEND, DELIVER, TELL, *(nightly.task for nightly in NIGHTLY)]).delete()


def follow_the_business() -> int:
    """Put our tasks into the time zone of the business, hours untouched; how many had to be moved."""
    from django_celery_beat.models import CrontabSchedule, PeriodicTask

    zone = Business.objects.values_list("timezone", flat=True).first()
    if zone is None:
        return 0
    ours = PeriodicTask.objects.filter(task__in=[nightly.task for nightly in NIGHTLY], crontab__isnull=False)
    astray = list(ours.exclude(crontab__timezone=zone).select_related("crontab"))
    for task in astray:
        fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
        same_hours = {field: getattr(task.crontab, field) for field in fields}
        task.crontab = CrontabSchedule.objects.filter(timezone=zone, **same_hours).first() or (
            CrontabSchedule.objects.create(timezone=zone, **same_hours)
        )
        task.save()
    return len(astray)


def has_come(task: str, since: datetime, now: datetime) -> bool:
    """Has the hour of this task come since it last ran? Never while the owner has switched it off."""
    from django_celery_beat.models import PeriodicTask

    row = PeriodicTask.objects.filter(task=task).select_related("crontab", "interval").first()
    if row is None:
        return True
    schedule = row.schedule
    schedule.nowfun = lambda: now
    return bool(row.enabled and schedule.is_due(since).is_due)
