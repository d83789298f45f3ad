"""What the nights did: how far each task has come, and a record of every run."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Watermark(models.Model):
    """How far a task has come. What it still owes is worked out from this row, never from a message or a clock."""

    task = models.CharField(_("task"), max_length=80, primary_key=True)
    day = models.DateField(_("done up to"), null=True, blank=True, help_text=_("This day included."))
    seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("progress of a task")
        verbose_name_plural = _("progress of tasks")
        ordering = ["task"]

    def __str__(self) -> str:
        return f"{self.task}: {self.day or '-'}"


class NightRun(models.Model):
    """One run of a task for one day: when, how long, how many, and what went wrong."""

    task = models.CharField(_("task"), max_length=80)
    day = models.DateField(_("for the day"))
    started_at = models.DateTimeField(_("started"), db_index=True)
    took_ms = models.PositiveIntegerField(_("took, milliseconds"))
    count = models.PositiveIntegerField(_("how many"), default=0)
    failure = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("run of a task")
        verbose_name_plural = _("runs of tasks")
        ordering = ["-id"]
        indexes = [models.Index(fields=["task", "-id"], name="runs_of_a_task")]

    def __str__(self) -> str:
        return f"{self.task} {self.day}"
