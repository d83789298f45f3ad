"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("regulars")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["loyalty.portal"])


@worker_ready.connect
def catch_up_at_once(**_facts: Any) -> None:
    """A worker that has just started, perhaps after a crash, does not wait five minutes for beat."""
    app.send_task("loyalty.catch_up")
