"""Who brought whom, and what both get for it."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.fields import MoneyField, PercentField
from loyalty.models import BonusTerms, Program


class When(models.TextChoices):
    EVERY_VISIT = "every_visit", _("at every visit")
    FIRST_VISIT = "first_visit", _("at the first visit")


class FriendWhen(models.TextChoices):
    REGISTRATION = "registration", _("on joining")
    FIRST_VISIT = "first_visit", _("after the first paid visit")


class ReferralProgram(Program, BonusTerms):
    """The one referral program: what the client gets who brings a friend, and what the friend starts with."""

    CODE = "referral"

    referrer_percent = PercentField(_("share of what the friend pays, %"), null=True, blank=True)
    referrer_amount = MoneyField(_("or a fixed amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    referrer_when = models.CharField(_("when"), max_length=20, choices=When.choices, default=When.EVERY_VISIT)
    months = models.PositiveSmallIntegerField(_("for the first months"), null=True, blank=True)
    max_per_month = MoneyField(_("at most a month"), null=True, blank=True, validators=[MinValueValidator(1)])
    friend_amount = MoneyField(_("the friend gets"), null=True, blank=True, validators=[MinValueValidator(1)])
    friend_when = models.CharField(
        _("the friend gets it"), max_length=20, choices=FriendWhen.choices, default=FriendWhen.REGISTRATION
    )
    friend_discount_percent = PercentField(_("or a discount on the first check, %"), null=True, blank=True)

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("referral program")
        verbose_name_plural = _("referral program")
        constraints = [
            models.CheckConstraint(condition=Q(code="referral"), name="there_is_one_referral_program"),
            models.CheckConstraint(
                condition=Q(referrer_percent=None) | Q(referrer_amount=None), name="a_referrer_gets_one_kind_of_reward"
            ),
            models.CheckConstraint(
                condition=Q(friend_amount=None) | Q(friend_discount_percent=None),
                name="a_friend_gets_one_kind_of_reward",
            ),
        ]


class Code(models.Model):
    """What a client tells a friend: a short code, in a link and a QR too."""

    client = models.OneToOneField(Client, models.PROTECT, primary_key=True, related_name="referral_code")
    code = models.CharField(_("code"), max_length=16, unique=True)

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """Who brought a client: one referrer for life, the first one named."""

    friend = models.OneToOneField(
        Client, models.PROTECT, primary_key=True, related_name="referral", verbose_name=_("friend")
    )
    referrer = models.ForeignKey(Client, models.PROTECT, related_name="brought", verbose_name=_("referrer"))
    named_at = models.DateTimeField(_("named"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(condition=~Q(friend=F("referrer")), name="nobody_brings_themselves"),
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} → {self.friend_id}"
