"""The time of a scheduled task, as people say it: every so many minutes, or daily at a time."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSingleTimeWidget

DAILY = "*"


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Schedules are shared by tasks: a new time is another schedule, the old one stays for the others."""

    daily_at = forms.TimeField(
        label=gettext_lazy("Every day at"),
        required=False,
        widget=UnfoldAdminSingleTimeWidget(),
        help_text=gettext_lazy("In the business's time zone, for example 03:15."),
    )
    every_minutes = forms.IntegerField(
        label=gettext_lazy("Every so many minutes"),
        required=False,
        min_value=1,
        max_value=1440,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    class Meta:
        model = PeriodicTask
        fields = ("enabled",)
        help_texts = {"enabled": gettext_lazy("Off: it does not run by itself.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        task = self.instance
        self.fields["daily_at"].initial = daily_time(task.crontab)
        self.fields["every_minutes"].initial = minutes(task.interval)

    @staticmethod
    def time_fields(task: PeriodicTask | None) -> tuple[str, ...]:
        """What can be asked of this task; another kind of schedule is only shown."""
        if task is not None and daily_time(task.crontab) is not None:
            return ("daily_at",)
        return ("every_minutes",) if task is not None and minutes(task.interval) else ("at",)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.time_fields(self.instance):
            if (
                name in self.fields
                and not cleaned.get(name)
                and cleaned.get(name) != time(0)
                and name not in self.errors
            ):
                self.add_error(name, _("Say when."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        asked = self.time_fields(self.instance)
        if "daily_at" in asked:
            self.instance.crontab = daily_schedule(self.instance.crontab, self.cleaned_data["daily_at"])
        elif "every_minutes" in asked:
            every = self.cleaned_data["every_minutes"]
            self.instance.interval = IntervalSchedule.objects.get_or_create(every=every, period="minutes")[0]
        return super().save(commit)


def daily_schedule(present: CrontabSchedule, at: time) -> CrontabSchedule:
    """Every day at this time, in the same zone as before."""
    return CrontabSchedule.objects.get_or_create(
        minute=str(at.minute),
        hour=str(at.hour),
        day_of_week=DAILY,
        day_of_month=DAILY,
        month_of_year=DAILY,
        timezone=present.timezone,
    )[0]


def daily_time(schedule: CrontabSchedule | None) -> time | None:
    """The time of a schedule that is once every day."""
    if schedule is None or {schedule.day_of_week, schedule.day_of_month, schedule.month_of_year} != {DAILY}:
        return None
    if not (schedule.hour.isdecimal() and schedule.minute.isdecimal()):
        return None
    return time(int(schedule.hour), int(schedule.minute))


def minutes(schedule: IntervalSchedule | None) -> int | None:
    """The length of an interval of whole minutes."""
    lengths = {"minutes": 1, "hours": 60, "days": 1440}
    return schedule.every * lengths[schedule.period] if schedule and schedule.period in lengths else None


def when_text(task: PeriodicTask) -> str:
    """ "every day at 03:15", "every 5 minutes"."""
    at = daily_time(task.crontab)
    if at is not None:
        return _("every day at %(time)s") % {"time": at.strftime("%H:%M")}
    every = minutes(task.interval)
    if every:
        return ngettext("every minute", "every %(count)d minutes", every) % {"count": every}
    return str(task.crontab or task.interval or "")
