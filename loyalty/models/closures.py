"""Days on which a location was closed, and what was extended for it."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Location
from loyalty.models.ledger import Lot
from loyalty.models.standing import TierStanding


class Closure(models.Model):
    """A location is closed for some days; what its clients hold lives so much longer. It can be undone."""

    operation = models.CharField(max_length=120, unique=True)
    location = models.ForeignKey(Location, models.PROTECT, related_name="closures", verbose_name=_("location"))
    from_day = models.DateField(_("closed from"))
    days = models.PositiveSmallIntegerField(_("days"), validators=[MinValueValidator(1)])
    bonuses = models.BooleanField(_("extend bonuses"), default=True)
    money = models.BooleanField(_("extend gift cards"), default=True)
    sessions = models.BooleanField(_("extend memberships"), default=True)
    tiers = models.BooleanField(_("extend terms of tiers"), default=True)
    reason = models.CharField(_("reason"), max_length=250)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=170, blank=True)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["-id"]
        permissions = [("undo_closure", _("Can undo closures"))]
        constraints = [models.CheckConstraint(condition=Q(days__gte=1), name="a_closure_has_days")]

    def __str__(self) -> str:
        return f"{self.location}: {self.from_day} + {self.days}"


class Extension(models.Model):
    """Something that a closure extended: a lot, or the term of a tier."""

    closure = models.ForeignKey(Closure, models.PROTECT, related_name="extensions", verbose_name=_("closure"))
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lot"))
    tier = models.ForeignKey(
        TierStanding, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("tier")
    )
    before = models.DateField(_("ended on"), null=True)
    after = models.DateField(_("ends on"), null=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        constraints = [
            models.UniqueConstraint(fields=["closure", "lot"], name="a_closure_extends_a_lot_once"),
            models.UniqueConstraint(fields=["closure", "tier"], name="a_closure_extends_a_tier_once"),
        ]

    def __str__(self) -> str:
        return f"{self.closure_id}: {self.before} - {self.after}"
