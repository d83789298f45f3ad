"""How the nights go: what failed and was not made good, what is overdue, and the last night in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from loyalty import proof, watermarks
from loyalty.admin.currency import business
from loyalty.admin.nights import NightSummary, failure_text, nights_of, task_name
from loyalty.models import NightRun, Watermark
from loyalty.night import duties


@dataclass(frozen=True, slots=True)
class Trouble:
    """A task that did not do its part: it failed (`text` says how), or it still owes an earlier night."""

    task: str
    day: date
    text: str


def of_the_night() -> tuple[str, ...]:
    """Of the night, in its order."""
    return tuple(duty.task for duty in duties())


def last_runs(now: datetime) -> Mapping[str, NightRun]:
    """The last run of each task, without those that are at work at this moment. One query."""
    at_work = Q(failure=watermarks.INTERRUPTED, started_at__gt=now - watermarks.LONGEST_RUN)
    runs = NightRun.objects.filter(~at_work, task__in=(*of_the_night(), proof.TASK)).order_by()
    last = runs.values("task").annotate(last=Max("pk")).values_list("last", flat=True)
    return {run.task: run for run in NightRun.objects.filter(pk__in=last)}


def troubles(now: datetime, tasks: Sequence[str] | None = None) -> list[Trouble]:
    """What is wrong with these tasks, or those of the night. A failure that was made good since is none."""
    house = business()
    if house is None:
        return []
    runs, overdue = last_runs(now), _overdue(house.day(now))
    found = []
    for task in of_the_night() if tasks is None else tasks:
        run = runs.get(task)
        if run is not None and run.failure:
            found.append(Trouble(task, run.day, failure_text(run.task, run.failure)))
        elif task in overdue:
            found.append(Trouble(task, overdue[task], _("It has not run for this night yet.")))
    return found


def _overdue(today: date) -> Mapping[str, date]:
    """Task → the last night it did, for those that owe a night before today's and are not switched off."""
    late = Watermark.objects.filter(task__in=of_the_night(), day__lt=today - timedelta(days=1)).values_list(
        "task", "day"
    )
    found = {task: day for task, day in late if day is not None}
    if not found:
        return {}
    off = set(PeriodicTask.objects.filter(task__in=found, enabled=False).values_list("task", flat=True))
    return {task: day for task, day in found.items() if task not in off}


@dataclass(frozen=True, slots=True)
class LastNight:
    """The panel of the first page: the last night, and what is wrong."""

    night: NightSummary | None
    troubles: Sequence[str]


def last_night(now: datetime) -> LastNight:
    """The night is None before the first one. One that somebody ran ahead of time by hand is none yet."""
    house = business()
    if house is None:
        return LastNight(None, [])
    past = NightRun.objects.filter(task__in=of_the_night(), day__lte=house.day(now))
    newest = past.order_by("-day").values("day")[:1]
    wrong = troubles(now, (*of_the_night(), proof.TASK))
    said = [_("%(task)s: %(text)s") % {"task": task_name(one.task), "text": one.text} for one in wrong]
    return LastNight(next(iter(nights_of(newest, now)), None), said)
