"""Gift cards: what kinds are sold, the cards that were, and their way to whoever they are for."""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, code_validator
from loyalty.fields import MoneyField
from loyalty.models import Account, VisitLine

MOST_DAYS = 30_000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
"""As the setup document allows: what is set up by hand must come back from its dump."""


class Design(models.TextChoices):
    """The pictures that a card can have, in print and in a letter."""

    PLAIN = "plain", _("plain, in the colour of the house")
    RIBBON = "ribbon", _("a ribbon")
    FLOWERS = "flowers", _("flowers")
    STARS = "stars", _("stars")


class GiftCardType(Configured):
    """A kind of gift card that is sold."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on sale"), default=True)
    valid_days = models.PositiveIntegerField(
        _("valid, days from the sale"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text=_("Empty: for ever."),
    )
    valid_until = models.DateField(
        _("or valid until"),
        null=True,
        blank=True,
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )
    min_amount = MoneyField(_("any amount from"), null=True, blank=True, validators=[MinValueValidator(1)])
    max_amount = MoneyField(_("up to"), null=True, blank=True, validators=[MinValueValidator(1)])
    """Both or neither; besides the denominations."""
    single_use = models.BooleanField(
        _("for one check"), default=True, help_text=_("What is left after the first check is lost.")
    )
    reloadable = models.BooleanField(_("can be topped up"), default=False)
    services = models.JSONField(_("only for the services"), default=list, blank=True)
    """Codes of services and names of categories; none means all."""
    locations = models.JSONField(_("only at the locations"), default=list, blank=True)
    """Codes; none means everywhere."""
    design = models.CharField(_("picture"), max_length=20, choices=Design.choices, default=Design.PLAIN)

    class Meta:
        verbose_name = _("gift card type")
        verbose_name_plural = _("gift card types")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_days=None) | Q(valid_until=None), name="a_gift_card_ends_in_one_way"
            ),
            models.CheckConstraint(
                condition=Q(min_amount=None, max_amount=None) | Q(min_amount__gte=1, max_amount__gte=F("min_amount")),
                name="the_bounds_of_an_amount_are_a_pair",
            ),
            models.CheckConstraint(
                condition=Q(single_use=False) | Q(reloadable=False), name="a_card_for_one_check_is_not_topped_up"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Denomination(Configured):
    """An amount that a gift card of the type is sold for."""

    type = models.ForeignKey(GiftCardType, models.CASCADE, related_name="denominations")
    amount = MoneyField(_("amount"), validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("denomination")
        verbose_name_plural = _("denominations")
        ordering = ["type", "amount"]
        constraints = [
            models.UniqueConstraint(fields=["type", "amount"], name="a_denomination_is_listed_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_denomination_is_positive"),
        ]

    def __str__(self) -> str:
        return str(self.amount)


class GiftCardBatch(models.Model):
    """Cards made for the printer: of one type and amount, each worth nothing until it is sold."""

    type = models.ForeignKey(GiftCardType, models.PROTECT, related_name="batches", verbose_name=_("type"))
    amount = MoneyField(_("amount of each"), validators=[MinValueValidator(1)])
    count = models.PositiveIntegerField(_("cards"), validators=[MinValueValidator(1)])
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    exported_at = models.DateTimeField(_("codes were exported"), null=True, blank=True)
    exported_by = models.CharField(_("exported by"), max_length=170, blank=True)

    class Meta:
        verbose_name = _("batch of gift cards")
        verbose_name_plural = _("batches of gift cards")
        permissions = [("export_codes", _("Can export the codes of a batch, once"))]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.type} × {self.count}"


class GiftCard(models.Model):
    """One card. Its money is in the ledger, in lots of its account; its code is kept as a keyed hash only.

    A card of a batch holds nothing until it is sold: `sold_on` is empty and there is no lot.
    """

    class Void(models.TextChoices):
        RETURNED = "returned", _("returned")
        REPLACED = "replaced", _("replaced")
        MERGED = "merged", _("put together with another")

    type = models.ForeignKey(GiftCardType, models.PROTECT, related_name="cards", verbose_name=_("type"))
    account = models.OneToOneField(Account, models.PROTECT, related_name="gift_card", verbose_name=_("account"))
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(_("last four"), max_length=4)
    sealed_code = models.TextField(blank=True, editable=False)
    """The code, encrypted, only while it must still be told: until a batch is exported, or a letter has gone."""
    amount = MoneyField(_("amount"))
    single_use = models.BooleanField(_("for one check"), default=True, help_text=_("As it was sold."))
    reloadable = models.BooleanField(_("can be topped up"), default=False, help_text=_("As it was sold."))
    services = models.JSONField(_("only for the services"), default=list, blank=True)
    locations = models.JSONField(_("only at the locations"), default=list, blank=True)
    """Both as they were when it was sold."""
    batch = models.ForeignKey(
        GiftCardBatch, models.PROTECT, null=True, blank=True, related_name="cards", verbose_name=_("batch")
    )
    sold_on = models.OneToOneField(VisitLine, models.PROTECT, null=True, blank=True, related_name="gift_card_sold")
    buyer = models.ForeignKey(
        Client, models.PROTECT, null=True, blank=True, related_name="gift_cards", verbose_name=_("buyer")
    )
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("put together with")
    )
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)
    block_reason = models.CharField(_("reason of the block"), max_length=250, blank=True)
    blocked_by = models.CharField(_("blocked or unblocked by"), max_length=170, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    void_reason = models.CharField(_("why it is void"), max_length=10, choices=Void.choices, blank=True)
    created_at = models.DateTimeField(_("sold"), default=timezone.now)

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")
        permissions = [
            ("block_giftcard", _("Can block and unblock gift cards")),
            ("replace_giftcard", _("Can replace and put together gift cards")),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.last_four}"


class GiftCardDelivery(models.Model):
    """A card on its way to whoever it is for. What is due is picked up by `giftcards.deliver_scheduled`."""

    card = models.OneToOneField(GiftCard, models.PROTECT, related_name="delivery", verbose_name=_("gift card"))
    name = models.CharField(_("for"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"))
    message = models.TextField(_("message"), blank=True, max_length=500)
    giver = models.CharField(_("from"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8)
    on_day = models.DateField(_("on"))
    due_at = models.DateTimeField(_("goes out"))
    """The start of that day, or now; after a failure, when it is tried again."""
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    failure = models.CharField(_("what went wrong"), max_length=250, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)

    class Meta:
        verbose_name = _("delivery of a gift card")
        verbose_name_plural = _("deliveries of gift cards")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None, cancelled_at=None), name="gift_cards_to_deliver")
        ]

    def __str__(self) -> str:
        return f"{self.card} → {self.email}"
