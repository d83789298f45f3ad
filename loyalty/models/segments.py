"""Segments: which clients a program is for, by a list or by what the till knows of them at the quote."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Business, Client, Location, code_validator
from loyalty.fields import MoneyField


def recency_limits() -> list[int]:
    return [14, 30, 60, 120]


def visit_limits() -> list[int]:
    return [15, 8, 4, 2]


def spent_limits() -> list[int]:
    return [100_000, 50_000, 20_000, 5_000]


class Segment(Configured):
    """Whoever meets all its conditions belongs, from one check to the next; of a list, whoever is on it."""

    class Rfm(models.TextChoices):
        """Ready-made classes. `RfmScale` says where recent, often and much begin."""

        CHAMPIONS = "champions", _("champions")
        LOYAL = "loyal", _("loyal")
        PROMISING = "promising", _("promising")
        NEW = "new", _("new")
        AT_RISK = "at_risk", _("at risk")
        SLEEPING = "sleeping", _("sleeping")
        LOST = "lost", _("lost")

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True, help_text=_("Off: nobody belongs to it."))
    is_static = models.BooleanField(
        _("a list of clients"), default=False, help_text=_("On: whoever is put on the list belongs, and nobody else.")
    )
    visits_min = models.PositiveIntegerField(_("visits, at least"), null=True, blank=True)
    visits_max = models.PositiveIntegerField(_("visits, at most"), null=True, blank=True)
    spent_min = MoneyField(_("total spent, at least"), null=True, blank=True, validators=[MinValueValidator(0)])
    spent_max = MoneyField(_("total spent, at most"), null=True, blank=True, validators=[MinValueValidator(0)])
    balance_min = MoneyField(_("bonuses, at least"), null=True, blank=True, validators=[MinValueValidator(0)])
    last_visit_days_max = models.PositiveIntegerField(_("last visit at most, days ago"), null=True, blank=True)
    last_visit_days_min = models.PositiveIntegerField(_("last visit at least, days ago"), null=True, blank=True)
    tier = models.CharField(_("stands on the tier"), max_length=60, blank=True)
    birthday_month = models.PositiveSmallIntegerField(
        _("birthday in the month"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    tag = models.CharField(_("has the tag"), max_length=40, blank=True)
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("comes to the location")
    )
    service = models.CharField(_("has had the service"), max_length=60, blank=True)
    """The code of a service or the name of a category."""
    rfm = models.CharField(_("class by recency, frequency and money"), max_length=12, blank=True, choices=Rfm.choices)
    further = models.JSONField(_("further conditions"), default=dict, blank=True)
    """Conditions that mechanics bring: key of the rule → value, as JSON (`{"referrals_min": 2}`)."""

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(birthday_month=None) | Q(birthday_month__gte=1, birthday_month__lte=12),
                name="a_birthday_month_is_a_month",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A client on the list of a segment."""

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="listed", verbose_name=_("segment"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="lists", verbose_name=_("client"))
    by = models.CharField(_("by"), max_length=170)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("client on a list")
        verbose_name_plural = _("clients on lists")
        constraints = [models.UniqueConstraint(fields=["segment", "client"], name="a_client_is_on_a_list_once")]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.client_id}"


class RfmScale(Configured):
    """Where the five scores of recency, frequency and money begin. One row beside the business.

    Four limits each, from the best score to the next to worst: recency [14, 30, 60, 120] gives 5 to whoever came at
    most 14 days ago, 4 up to 30 days, ... and 1 to everybody later.
    """

    business = models.OneToOneField(
        Business, models.PROTECT, primary_key=True, default=Business.ONLY, related_name="rfm_scale", editable=False
    )
    recency_days = models.JSONField(_("days since the last visit"), default=recency_limits)
    visits = models.JSONField(_("visits"), default=visit_limits)
    spent = models.JSONField(_("total spent"), default=spent_limits)
    """In minor units."""

    class Meta:
        verbose_name = _("scale of recency, frequency and money")
        verbose_name_plural = _("scale of recency, frequency and money")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
