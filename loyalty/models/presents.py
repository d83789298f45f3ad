"""What clients collect and are given besides bonuses: stamps and miles, gifts, prizes, free services."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clients.configured import Configured
from clients.models import Client, Location, code_validator
from loyalty.fields import MoneyField
from loyalty.models.checks import Service
from loyalty.models.ledger import Account
from loyalty.models.programs import BonusTerms, Program
from loyalty.models.segments import Segment


class StampProgram(Program):
    """So many stamps give a free service. A stamp for each service of a set, or miles for each sum that is paid."""

    class Kind(models.TextChoices):
        STAMPS = "stamps", _("a stamp for each service")
        MILES = "miles", _("a mile for each sum paid")

    kind = models.CharField(_("collects"), max_length=8, choices=Kind.choices, default=Kind.STAMPS)
    services = models.JSONField(_("for the services"), default=list, blank=True)
    """Codes of services and names of categories; none means all."""
    exclude = models.JSONField(_("but not for"), default=list, blank=True)
    per_amount = MoneyField(
        _("a mile for each"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("For miles.")
    )
    needed = models.PositiveIntegerField(_("for a free one, collect"), validators=[MinValueValidator(1)])
    free = models.JSONField(_("the free one is"), default=list, blank=True)
    """Codes of services and names of categories; none means what the stamps are for."""
    stamp_days = models.PositiveIntegerField(
        _("stamps live, days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    free_days = models.PositiveIntegerField(
        _("the free one lives, days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    locations = models.JSONField(_("at the locations"), default=list, blank=True)

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("stamp program")
        verbose_name_plural = _("stamps and miles")
        constraints = [
            models.CheckConstraint(condition=Q(needed__gte=1), name="a_free_one_needs_stamps"),
            models.CheckConstraint(condition=~Q(kind="miles") | Q(per_amount__gte=1), name="miles_are_for_a_sum"),
        ]


class GiftProgram(Program, BonusTerms):
    """A gift when a check, or the total spent, reaches a sum: a free service, a gift card, or bonuses."""

    class When(models.TextChoices):
        CHECK = "check", _("a check comes to")
        TOTAL = "total", _("total spent comes to")

    when = models.CharField(_("given when"), max_length=8, choices=When.choices)
    from_sum = MoneyField(_("sum"), validators=[MinValueValidator(1)])
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("a free service")
    )
    good = models.CharField(_("or a gift card of the type"), max_length=40, blank=True)
    """The code of something that a mechanic can give."""
    amount = MoneyField(
        _("or bonuses; of a gift card, its amount"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    once = models.BooleanField(_("once a client"), default=False)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    locations = models.JSONField(_("at the locations"), default=list, blank=True)

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints = [
            models.CheckConstraint(
                condition=Q(service__isnull=False, good="", amount=None) | Q(service=None, amount__isnull=False),
                name="a_gift_is_one_thing",
            )
        ]


class FreeService(models.Model):
    """Units of a service that a client has for nothing. How many are left is in the ledger, in sessions."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="free_service")
    client = models.ForeignKey(Client, models.PROTECT, related_name="free_services", verbose_name=_("client"))
    program = models.CharField(_("program"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    services = models.JSONField(_("services"), default=list)
    """Codes of services and names of categories."""

    class Meta:
        verbose_name = _("free service")
        verbose_name_plural = _("free services")

    def __str__(self) -> str:
        return self.name


class Prize(Configured):
    """Something that a client can have for bonuses: a service or a thing."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True)
    description = models.TextField(_("description"), blank=True)
    price = MoneyField(_("bonuses"), validators=[MinValueValidator(1)])
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
        help_text=_("Empty: a thing that is handed over."),
    )
    stock = models.PositiveIntegerField(
        _("how many there are"), null=True, blank=True, help_text=_("Empty: any number.")
    )
    per_client = models.PositiveIntegerField(
        _("at most a client"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    free_days = models.PositiveIntegerField(
        _("is kept for the client, days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    by_client = models.BooleanField(
        _("clients take it themselves"), default=True, help_text=_("On their page. Off: at the desk only.")
    )
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("The lower goes first."))

    class Meta:
        verbose_name = _("prize")
        verbose_name_plural = _("prizes")
        ordering = ["priority", "code"]
        constraints = [models.CheckConstraint(condition=Q(price__gte=1), name="a_prize_has_a_price")]

    def __str__(self) -> str:
        return self.name


class PrizeStock(models.Model):
    """How many of a prize were taken. Its row is what two who want the last one wait for; the limit holds without."""

    prize = models.OneToOneField(Prize, models.PROTECT, primary_key=True, related_name="taken_stock")
    limit = models.PositiveIntegerField(_("how many there are"), null=True)
    taken = models.PositiveIntegerField(_("taken"), default=0)

    class Meta:
        verbose_name = _("taken prizes")
        verbose_name_plural = _("taken prizes")
        constraints = [
            models.CheckConstraint(
                condition=Q(limit=None) | Q(taken__lte=models.F("limit")), name="no_more_prizes_than_there_are"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prize_id}: {self.taken}"


class PrizeClaim(models.Model):
    """A prize that a client took for bonuses, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be handed over")
        HANDED_OVER = "handed_over", _("handed over")
        CANCELLED = "cancelled", pgettext_lazy("a prize", "taken back")

    operation = models.CharField(max_length=120, unique=True)
    prize = models.ForeignKey(Prize, models.PROTECT, related_name="claims", verbose_name=_("prize"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="prizes", verbose_name=_("client"))
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("location")
    )
    price = MoneyField(_("bonuses"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    last_day = models.DateField(_("kept until"), null=True, blank=True)
    at = models.DateTimeField(_("taken"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    closed_at = models.DateTimeField(_("handed over or taken back"), null=True, blank=True)
    closed_by = models.CharField(_("by"), max_length=170, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("taken prize")
        verbose_name_plural = _("taken prizes")
        ordering = ["-id"]
        permissions = [("hand_over_prize", _("Can hand over prizes and take them back"))]
        indexes = [models.Index(fields=["client", "-at"], name="prizes_of_a_client")]

    def __str__(self) -> str:
        return f"{self.prize}: {self.client}"
