"""Discounts that act by themselves, and promo codes that act when they are typed."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Card, Client
from loyalty.fields import MoneyField, PercentField, no_money, whole
from loyalty.models.checks import Visit
from loyalty.models.programs import Hours, Program
from loyalty.models.segments import Segment


class CheckRule(Program, Hours):
    """What discounts and promo codes share: on which checks they act, on what of them, and how far."""

    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    locations = models.JSONField(_("at the locations"), default=list, blank=True)
    """Codes; none means everywhere."""
    services = models.JSONField(_("on the services"), default=list, blank=True)
    """Codes of services and names of categories; none means all."""
    exclude = models.JSONField(_("but not on"), default=list, blank=True)
    min_check = MoneyField(_("for a check from"), default=no_money, validators=[MinValueValidator(0)])
    max_discount = MoneyField(_("at most off a check"), null=True, blank=True, validators=[MinValueValidator(1)])
    percent = PercentField(_("discount, %"), null=True, blank=True)
    amount = MoneyField(_("or an amount off the check"), null=True, blank=True, validators=[MinValueValidator(1)])
    combinable = models.BooleanField(
        _("combines with others"), default=False, help_text=_("Off: it is used alone, or not at all.")
    )
    earns = models.BooleanField(
        _("what it makes cheaper still earns"), default=True, help_text=_("Off: lines that it touches earn nothing.")
    )

    class Meta(Program.Meta):
        abstract = True


class Discount(CheckRule):
    """A discount that acts by itself on every check that fits."""

    class Kind(models.TextChoices):
        PERMANENT = "permanent", _("for certain clients, always")
        CUMULATIVE = "cumulative", _("by total spent")
        REPEAT = "repeat", _("for the same service again")
        BUNDLE = "bundle", _("for services together")
        HOURS = "hours", _("happy hours")
        CHEAPEST = "cheapest", _("the cheapest of so many")
        DELIVERY = "delivery", _("a free service above a sum")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    tier = models.CharField(_("on the tier"), max_length=60, blank=True)
    card_kind = models.CharField(_("with a card"), max_length=12, blank=True, choices=Card.KINDS)
    client = models.ForeignKey(
        Client, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for one client")
    )
    days = models.PositiveSmallIntegerField(
        _("again within, days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    buy = models.PositiveSmallIntegerField(_("of how many"), null=True, blank=True, validators=[MinValueValidator(2)])

    class Meta(CheckRule.Meta):
        abstract = False
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="cumulative", percent=None, amount=None)
                | Q(~Q(kind="cumulative"), percent__isnull=False, amount=None)
                | Q(~Q(kind="cumulative"), percent=None, amount__isnull=False),
                name="a_discount_is_a_percent_or_an_amount",
            ),
            models.CheckConstraint(condition=~Q(kind="repeat") | Q(days__gte=1), name="a_repeat_discount_has_days"),
            models.CheckConstraint(
                condition=~Q(kind="cheapest") | Q(buy__gte=2, percent__isnull=False), name="the_cheapest_is_of_several"
            ),
        ]


class DiscountStep(Configured):
    """A step of a cumulative discount: from so much spent, so many per cent."""

    discount = models.ForeignKey(Discount, models.PROTECT, related_name="steps", verbose_name=_("discount"))
    from_spent = MoneyField(_("from total spent"), validators=[MinValueValidator(0)])
    percent = PercentField(_("discount, %"))
    enabled = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["discount", "from_spent"]
        constraints = [
            models.UniqueConstraint(
                fields=["discount", "from_spent"], condition=Q(enabled=True), name="a_sum_has_one_step"
            )
        ]

    def __str__(self) -> str:
        return str(self.discount)


class PromoCode(CheckRule):
    """A promo code: one that many may type (`code` itself), or a batch of unique ones (`is_batch`)."""

    priority = models.PositiveSmallIntegerField(_("priority"), default=200, help_text=_("The lower goes first."))
    is_batch = models.BooleanField(
        _("unique codes"), default=False, help_text=_("On: not this code is typed, but one of many made for it.")
    )
    bonus_amount = MoneyField(_("or bonuses"), null=True, blank=True, validators=[MinValueValidator(1)])
    bonus_lifetime_days = models.PositiveIntegerField(_("live, days"), null=True, blank=True)
    bonus_lifetime_months = models.PositiveSmallIntegerField(_("live, months"), null=True, blank=True)
    bonus_pending_days = models.PositiveSmallIntegerField(_("can be used after, days"), default=0)
    # xgettext:no-python-format
    bonus_limit_percent = PercentField(_("pay at most, % of a check"), default=whole)
    bonus_min_check = MoneyField(_("pay for a check from"), default=no_money, validators=[MinValueValidator(0)])
    max_uses = models.PositiveIntegerField(
        _("uses in all"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: any number.")
    )
    max_uses_per_client = models.PositiveIntegerField(
        _("uses of one client"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    new_clients_only = models.BooleanField(_("for new clients only"), default=False)
    staff_only = models.BooleanField(_("used by staff only"), default=False)
    client = models.ForeignKey(
        Client, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for one client")
    )
    valid_hours = models.PositiveIntegerField(
        _("valid after being handed out, hours"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta(CheckRule.Meta):
        abstract = False
        verbose_name = _("promo code")
        verbose_name_plural = _("promo codes")
        constraints = [
            models.UniqueConstraint(Upper("code"), name="a_promo_code_is_one_in_any_case"),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, amount=None, bonus_amount=None)
                | Q(percent=None, amount__isnull=False, bonus_amount=None)
                | Q(percent=None, amount=None, bonus_amount__isnull=False),
                name="a_promo_code_gives_one_thing",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The code that is typed follows: it carries the count of uses and their limit."""
        super().save(*args, **kwargs)
        if not self.is_batch:
            # A code that was made for another promo code is not taken over: the database refuses.
            IssuedCode.objects.update_or_create(code=self.code.upper(), promo=self, defaults={"limit": self.max_uses})


class CodeBatch(models.Model):
    """So many unique codes that are being made, or have been. They are exported once."""

    promo = models.ForeignKey(PromoCode, models.PROTECT, related_name="batches", verbose_name=_("promo code"))
    prefix = models.CharField(_("begin with"), max_length=10, blank=True)
    wanted = models.PositiveIntegerField(_("codes wanted"))
    made = models.PositiveIntegerField(_("codes made"), default=0)
    by = models.CharField(_("by"), max_length=170)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    exported_at = models.DateTimeField(_("exported"), null=True, blank=True)
    exported_by = models.CharField(_("exported by"), max_length=170, blank=True)

    class Meta:
        verbose_name = _("batch of codes")
        verbose_name_plural = _("batches of codes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(made__lte=F("wanted")), name="no_more_codes_are_made_than_wanted")
        ]

    def __str__(self) -> str:
        return f"{self.promo} x {self.wanted}"


class IssuedCode(models.Model):
    """A code that can be typed. Its row is what two tills that use it at once wait for; the limit holds without."""

    promo = models.ForeignKey(PromoCode, models.PROTECT, related_name="issued", verbose_name=_("promo code"))
    batch = models.ForeignKey(CodeBatch, models.PROTECT, null=True, related_name="codes", verbose_name=_("batch"))
    code = models.CharField(_("code"), max_length=40, unique=True)
    """In capitals."""
    limit = models.PositiveIntegerField(_("uses in all"), null=True)
    used = models.PositiveIntegerField(_("used"), default=0)
    handed_out_at = models.DateTimeField(_("handed out"), null=True)
    client = models.ForeignKey(Client, models.PROTECT, null=True, related_name="+", verbose_name=_("for one client"))

    class Meta:
        verbose_name = _("code that can be typed")
        verbose_name_plural = _("codes that can be typed")
        constraints = [
            models.CheckConstraint(condition=Q(limit=None) | Q(used__lte=F("limit")), name="a_code_is_not_overused")
        ]
        indexes = [models.Index(fields=["promo", "handed_out_at", "id"], name="codes_to_hand_out")]

    def __str__(self) -> str:
        return self.code


class PromoUse(models.Model):
    """A promo code that counted on a check. A whole refund releases it."""

    promo = models.ForeignKey(PromoCode, models.PROTECT, related_name="uses", verbose_name=_("promo code"))
    issued = models.ForeignKey(IssuedCode, models.PROTECT, related_name="uses", verbose_name=_("code"))
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="promo_uses", verbose_name=_("visit"))
    client = models.ForeignKey(Client, models.PROTECT, null=True, related_name="+", verbose_name=_("client"))
    released_at = models.DateTimeField(_("released"), null=True)

    class Meta:
        verbose_name = _("use of a promo code")
        verbose_name_plural = _("uses of promo codes")
        constraints = [models.UniqueConstraint(fields=["issued", "visit"], name="a_code_counts_once_a_check")]
        indexes = [models.Index(fields=["promo", "client"], name="uses_of_a_client")]

    def __str__(self) -> str:
        return f"{self.issued_id}: {self.visit_id}"
