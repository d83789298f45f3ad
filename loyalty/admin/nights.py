"""The nights, as they went: for each day what was done, when, how long it took, and what went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.numbers import format_decimal
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clients.admin_base import ReadOnlyAdmin
from loyalty import proof, watermarks
from loyalty.explanations import show_day
from loyalty.models import NightRun
from loyalty.night import duties

NIGHTS_A_PAGE = 15
AWAY = ("OperationalError", "InterfaceError", "database is locked")


def task_name(task: str) -> str:
    """What its number counts."""
    if task == proof.TASK:
        return _("Differences in the ledger")
    return next((str(duty.counts) for duty in duties() if duty.task == task), task)


def of_the_nights() -> list[str]:
    """Tasks, in the order of the night."""
    return [*(duty.task for duty in duties()), proof.TASK]


def place_of(task: str) -> int:
    """In the order of the night; the proof comes last."""
    return next((place for place, duty in enumerate(duties()) if duty.task == task), len(duties()))


def failure_text(task: str, failure: str) -> str:
    """What went wrong and what to do about it."""
    if failure == watermarks.INTERRUPTED:
        return _("It was stopped halfway: the worker was restarted or killed. It goes on by itself within minutes.")
    if failure == watermarks.TOO_LONG:
        return _("It took longer than nine minutes and was stopped. It goes on by itself where it stopped.")
    if task == proof.TASK:
        return _("The ledger does not add up. Correct nothing by hand: keep a copy of the database and ask for help.")
    if any(word in failure for word in AWAY):
        return _("The database did not answer. It is tried again every five minutes.")
    return _("It is tried again every five minutes. If it fails again, the log of the worker says more.")


def took_text(took: timedelta) -> str:
    """ "0.4 s", "12 s", "3 min 20 s"."""
    seconds = took.total_seconds()
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": format_decimal(round(seconds, 1), locale=get_language() or "en")}
    if seconds < 120:
        return _("%(seconds)s s") % {"seconds": round(seconds)}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the page shows it. `trouble` says what to do, `detail` what the program said."""

    run: NightRun
    is_running: bool
    made_good: bool

    @property
    def name(self) -> str:
        return task_name(self.run.task)

    @property
    def count(self) -> str:
        return str(format_decimal(self.run.count, locale=get_language() or "en"))

    @property
    def took(self) -> str:
        is_known = self.run.failure != watermarks.INTERRUPTED
        return took_text(timedelta(milliseconds=self.run.took_ms)) if is_known else ""

    @property
    def failed(self) -> bool:
        return bool(self.run.failure) and not self.is_running

    @property
    def trouble(self) -> str:
        if not self.failed:
            return ""
        return _("Made good since.") if self.made_good else failure_text(self.run.task, self.run.failure)

    @property
    def detail(self) -> str:
        is_ours = self.run.failure in (watermarks.INTERRUPTED, watermarks.TOO_LONG)
        return "" if is_ours or not self.failed else self.run.failure


@dataclass(frozen=True, slots=True)
class NightSummary:
    """All runs for one day."""

    day: date
    rows: Sequence[RunRow]

    @property
    def name(self) -> str:
        return show_day(self.day)

    @property
    def did(self) -> Sequence[RunRow]:
        """What came to something."""
        return [row for row in self.rows if row.run.count]

    @property
    def failed(self) -> bool:
        return any(row.failed and not row.made_good for row in self.rows)

    @property
    def is_running(self) -> bool:
        return any(row.is_running for row in self.rows)

    @property
    def ended_at(self) -> datetime:
        return max(row.run.started_at + timedelta(milliseconds=row.run.took_ms) for row in self.rows)

    @property
    def told(self) -> str:
        """ "Done on 5 March at 00:51, 1.2 s of work."."""
        if self.is_running:
            return _("It is at work.")
        if self.failed:
            return _("Something is not done yet.")
        at = timezone.localtime(self.ended_at)
        took = took_text(timedelta(milliseconds=sum(row.run.took_ms for row in self.rows)))
        facts = {"day": show_day(at.date()), "time": at.strftime("%H:%M"), "took": took}
        return _("Done on %(day)s at %(time)s, %(took)s of work.") % facts

    @property
    def failures(self) -> str:
        """ "2 failures", of runs that were not made good."""
        count = sum(row.failed and not row.made_good for row in self.rows)
        return ngettext("%(count)d failure", "%(count)d failures", count) % {"count": count} if count else ""


def nights_of(days: Iterable[Any], now: datetime, task: str = "") -> list[NightSummary]:
    """What was done for these days (dates, or a query of them), newest first, in the order of the night. One query."""
    runs = NightRun.objects.filter(day__in=days).order_by("pk")
    by_day: dict[date, list[NightRun]] = defaultdict(list)
    for run in runs.filter(task=task) if task else runs:
        by_day[run.day].append(run)
    return [_summary(day, by_day[day], now) for day in sorted(by_day, reverse=True)]


def _summary(day: date, runs: Sequence[NightRun], now: datetime) -> NightSummary:
    good = {run.task: run.pk for run in runs if not run.failure}  # the last one: they come in order
    rows = [RunRow(run, watermarks.is_running(run, now), good.get(run.task, 0) > run.pk) for run in runs]
    return NightSummary(day, sorted(rows, key=lambda row: (place_of(row.run.task), row.run.pk)))


@admin.register(NightRun)
class NightRunAdmin(ReadOnlyAdmin):
    """A page of nights instead of a list of runs: people ask how the night went."""

    list_filter = ("task", "failure")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        task = request.GET.get("task", "")
        task = task if task in of_the_nights() else ""
        failed = request.GET.get("failed") == "1"
        page = Paginator(_days(task, failed=failed), NIGHTS_A_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Nights"),
            "opts": self.opts,
            "nights": nights_of(list(page.object_list), timezone.now(), task),
            "page": page,
            "tasks": [(name, task_name(name)) for name in of_the_nights()],
            "task": task,
            "failed": failed,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/nights.html", context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """A run has no page of its own: the night it belongs to has."""
        if object_id is None or request.method == "POST":
            raise PermissionDenied
        return self.changelist_view(request)


def _days(task: str, *, failed: bool) -> Sequence[date]:
    """The days that something was done for, newest first."""
    runs = NightRun.objects.filter(task=task) if task else NightRun.objects.all()
    if failed:
        runs = runs.exclude(failure="")
    return list(runs.order_by("-day").values_list("day", flat=True).distinct())
