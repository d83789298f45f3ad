"""Segments: which clients a program is for, by what the till knows of them at the quote."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Location, code_validator
from loyalty.fields import MoneyField


class Segment(Configured):
    """A live rule over clients: whoever meets all its conditions belongs, from one check to the next."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True, help_text=_("Off: nobody belongs to it."))
    visits_min = models.PositiveIntegerField(_("visits, at least"), null=True, blank=True)
    spent_min = MoneyField(_("total spent, at least"), null=True, blank=True, validators=[MinValueValidator(0)])
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
