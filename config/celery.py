"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
WORKER = "worker"
app = Celery("regulars")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["loyalty.portal"])


@worker_ready.connect
def catch_up_at_once(**_facts: Any) -> None:
    """A worker that has just started, perhaps after a crash, does not wait five minutes for beat."""
    app.send_task("loyalty.catch_up")


@task_prerun.connect
def leave_a_sign_of_life(**_facts: Any) -> None:
    """A worker has taken a task, whichever: `/health/` tells by it that workers are there."""
    from django.utils import timezone

    from loyalty import watermarks

    watermarks.seen(WORKER, timezone.now())
