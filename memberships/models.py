"""Memberships: the plans on sale, and who holds how many sessions of what."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, code_validator
from loyalty.fields import MoneyField
from loyalty.models import Account, Service, VisitLine


class RefundBy(models.TextChoices):
    """What of a sold membership's price comes back."""

    PROPORTIONAL = "proportional", _("in proportion to the sessions left")
    USED = "used", _("all but the used sessions at list price")
    NONE = "none", _("nothing")


class Plan(Configured):
    """So many sessions, for so long, at this price."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on sale"), default=True)
    sessions = models.PositiveIntegerField(_("sessions"), validators=[MinValueValidator(1)])
    price = MoneyField(_("price"), validators=[MinValueValidator(0)])
    valid_days = models.PositiveIntegerField(_("valid, days"), null=True, blank=True)
    valid_months = models.PositiveSmallIntegerField(_("valid, months"), null=True, blank=True)
    refund = models.CharField(
        _("when it is returned, of the price comes back"),
        max_length=12,
        choices=RefundBy.choices,
        default=RefundBy.PROPORTIONAL,
    )
    freeze_days = models.PositiveSmallIntegerField(_("freeze days allowed"), default=0)
    services: models.ManyToManyField[Service, PlanService] = models.ManyToManyField(
        Service, through="PlanService", verbose_name=_("services")
    )

    class Meta:
        verbose_name = _("membership plan")
        verbose_name_plural = _("membership plans")
        ordering = ["sessions", "code"]
        constraints = [models.CheckConstraint(condition=Q(price__gte=0, sessions__gte=1), name="a_plan_makes_sense")]

    def __str__(self) -> str:
        return self.name


class PlanService(Configured):
    """A service that a plan covers."""

    plan = models.ForeignKey(Plan, models.CASCADE)
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("service"))

    class Meta:
        verbose_name = _("covered service")
        verbose_name_plural = _("covered services")
        constraints = [models.UniqueConstraint(fields=["plan", "service"], name="a_plan_names_a_service_once")]

    def __str__(self) -> str:
        return str(self.service)


class Membership(models.Model):
    """A plan that a client bought. Its sessions are a lot in the ledger; it bears the id of its account."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="memberships", verbose_name=_("client"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="memberships", verbose_name=_("plan"))
    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="membership", verbose_name=_("account")
    )
    sessions = models.PositiveIntegerField(_("sessions bought"))
    session_price = MoneyField(_("price of one session"), help_text=_("For revenue not yet earned."))
    refund = models.CharField(
        _("when it is returned, of the price comes back"),
        max_length=12,
        choices=RefundBy.choices,
        default=RefundBy.PROPORTIONAL,
        help_text=_("As it was sold."),
    )
    sold_on = models.ForeignKey(VisitLine, models.PROTECT, null=True, related_name="memberships_sold")
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    created_at = models.DateTimeField(_("sold"), default=timezone.now)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.plan} ({self.client})"
