"""Who may call the API, the answers that were given, so that a repeated request counts once, and what was promised."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Location


class ApiKey(models.Model):
    """A key of the API. Only its hash is kept; the key itself was shown once."""

    class Scope(models.TextChoices):
        OWNER = "owner", _("everything")
        TILL = "till", _("clients, visits and sales")
        READ = "read", _("reading only")

    name = models.CharField(_("name"), max_length=80, unique=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.TILL)
    locations = models.ManyToManyField(
        Location, verbose_name=_("locations"), blank=True, help_text=_("None means all.")
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name


class Reply(models.Model):
    """The answer to a request with an `Idempotency-Key`, kept for a day, encrypted: it may carry a gift card's code."""

    api_key = models.ForeignKey(ApiKey, models.PROTECT)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="a_key_is_used_once")]

    def __str__(self) -> str:
        return self.key


class PromisedRules(models.Model):
    """The settings that quotes were made by, kept so that such a quote can be settled after they have changed."""

    revision = models.UUIDField(primary_key=True)
    rules = models.BinaryField()
    kept_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("settings of a quote")
        verbose_name_plural = _("settings of quotes")

    def __str__(self) -> str:
        return str(self.revision)
