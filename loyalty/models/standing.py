"""Where a client stands: figures that every check needs at once. `check_ledger` proves them from the visits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
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
        indexes = [models.Index(fields=["last_visit_at"], name="clients_by_last_visit")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.total_spent}"


class TierStanding(models.Model):
    """The tier that a client has in a cashback program: up at once, down when its term and grace are over.

    `falls` is what will happen by itself if nobody spends: days of the calendar with the tier of each, worked out when
    something changes (`loyalty.tiers`). Time decides: from such a day on the lower tier holds, whether the night has
    written it down or not.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="tiers", verbose_name=_("client"))
    program = models.ForeignKey(CashbackProgram, models.PROTECT, related_name="+", verbose_name=_("program"))
    tier = models.ForeignKey(CashbackTier, models.PROTECT, related_name="+", verbose_name=_("tier"))
    since = models.DateField(_("since"))
    falls = models.JSONField(default=list, editable=False)
    """[["2027-05-01", tier id or null, "2027-04-01"], ...], soonest first: the day, the tier that the client comes to,
    and the first night in which the spending did not reach the tier that is left."""
    falls_on = models.DateField(_("falls on"), null=True, blank=True)
    """The first of these days."""
    is_due = models.BooleanField(default=False, editable=False)
    """Nothing but the next night is waited for, be it run by hand on the same day."""
    warned_of = models.DateField(null=True, blank=True, editable=False)
    """The fall that the client was warned of."""
    extension_days = models.PositiveIntegerField(_("extended by, days"), default=0)
    """Closures of a location."""
    by_hand = models.BooleanField(_("set by hand"), default=False)
    hand_tier = models.ForeignKey(
        CashbackTier, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("set by hand to")
    )
    """Nobody falls below it while it holds. `tier` is higher where the client has earned more."""
    hand_since = models.DateField(_("by hand since"), null=True, blank=True)
    until = models.DateField(_("by hand until"), null=True, blank=True, help_text=_("Empty: for ever."))
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    by = models.CharField(_("by"), max_length=170, blank=True)

    class Meta:
        verbose_name = _("tier of a client")
        verbose_name_plural = _("tiers of clients")
        permissions = [("set_tier", _("Can set a tier by hand"))]
        constraints = [models.UniqueConstraint(fields=["client", "program"], name="a_client_has_one_tier_a_program")]
        indexes = [
            models.Index(fields=["falls_on"], condition=Q(falls_on__isnull=False), name="tiers_that_fall"),
            models.Index(fields=["until"], condition=Q(by_hand=True), name="tiers_set_by_hand"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.tier_id}"


class TierChange(models.Model):
    """Thresholds of a program that the owner changed, to be counted by the next night."""

    program = models.ForeignKey(CashbackProgram, models.PROTECT, related_name="+", verbose_name=_("program"))
    made_at = models.DateTimeField(_("changed"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    done_at = models.DateTimeField(_("counted"), null=True, blank=True)
    moved = models.PositiveIntegerField(_("clients who changed their tier"), default=0)

    class Meta:
        verbose_name = _("change of thresholds")
        verbose_name_plural = _("changes of thresholds")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.made_at}"
