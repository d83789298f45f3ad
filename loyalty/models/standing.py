"""Where a client stands: figures that every check needs at once. `check_ledger` proves them from the visits."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.fields import MoneyField, no_money
from loyalty.models.programs import CashbackProgram, CashbackTier


class Standing(models.Model):
    """Totals of a client over all checks, refunds taken off.

    Kept because a quote must cost a client of ten thousand visits no more than a new one.
    """

    client = models.OneToOneField(Client, models.PROTECT, primary_key=True, related_name="standing")
    total_spent = MoneyField(_("total spent"), default=no_money)
    visits = models.PositiveIntegerField(_("visits"), default=0)
    last_visit_at = models.DateTimeField(_("last visit"), null=True, blank=True)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")

    def __str__(self) -> str:
        return f"{self.client_id}: {self.total_spent}"


class TierStanding(models.Model):
    """The tier that a client has in a cashback program: up at once, down only at night."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="tiers")
    program = models.ForeignKey(CashbackProgram, models.PROTECT, related_name="+")
    tier = models.ForeignKey(CashbackTier, models.PROTECT, related_name="+")
    since = models.DateField(_("since"))

    class Meta:
        verbose_name = _("tier of a client")
        verbose_name_plural = _("tiers of clients")
        constraints = [models.UniqueConstraint(fields=["client", "program"], name="a_client_has_one_tier_a_program")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.tier_id}"
