"""What happened that others may want to know: events, who listens (webhooks), and what is on its way to them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured


class Webhook(Configured):
    """An address that is told of some kinds of events. What is sent is signed (Standard Webhooks)."""

    url = models.URLField(_("address"), max_length=500)
    events = models.JSONField(_("events"), default=list)
    """Names, as `contract.md` lists them."""
    sealed_secret = models.TextField(editable=False)
    """What signs; encrypted, and told once."""
    enabled = models.BooleanField(_("on"), default=True)
    disabled_reason = models.CharField(_("why it is off"), max_length=250, blank=True)
    by = models.CharField(_("by"), max_length=170, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url


class Event(models.Model):
    """Something that happened, written with it, in the same transaction; only where somebody listens."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("event"), max_length=40)
    facts = models.JSONField(_("facts"), default=dict)
    at = models.DateTimeField(_("at"), default=timezone.now)
    """When it happened: of a check of another time, that time."""
    written_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    """By the clock: who listened then is told, and it is kept from then on."""
    is_spread = models.BooleanField(default=False)
    """Whether its deliveries have been made."""

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], condition=Q(is_spread=False), name="events_to_spread")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """An event on its way to a webhook."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    first_tried_at = models.DateTimeField(null=True, editable=False)
    """Empty again when the webhook is switched off: its patience begins anew with the first try after that."""
    due_at = models.DateTimeField(_("due"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["event", "webhook"], name="an_event_is_told_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(delivered_at=None, given_up_at=None), name="deliveries_to_make")
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"
