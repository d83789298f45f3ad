"""Gift cards: what kinds are sold, and the cards that were."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, code_validator
from loyalty.fields import MoneyField
from loyalty.models import Account, VisitLine


class GiftCardType(Configured):
    """A kind of gift card that is sold."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on sale"), default=True)
    valid_days = models.PositiveIntegerField(
        _("valid, days from the sale"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    single_use = models.BooleanField(
        _("for one check"), default=True, help_text=_("What is left after the first check is lost.")
    )

    class Meta:
        verbose_name = _("gift card type")
        verbose_name_plural = _("gift card types")
        ordering = ["code"]

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


class GiftCard(models.Model):
    """One sold card. Its money is a lot in the ledger; its code is kept as a keyed hash only."""

    type = models.ForeignKey(GiftCardType, models.PROTECT, related_name="cards", verbose_name=_("type"))
    account = models.OneToOneField(Account, models.PROTECT, related_name="gift_card", verbose_name=_("account"))
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(_("last four"), max_length=4)
    amount = MoneyField(_("amount"))
    single_use = models.BooleanField(_("for one check"), default=True, help_text=_("As it was sold."))
    sold_on = models.OneToOneField(VisitLine, models.PROTECT, null=True, related_name="gift_card_sold")
    buyer = models.ForeignKey(Client, models.PROTECT, null=True, blank=True, related_name="gift_cards")
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)
    block_reason = models.CharField(_("reason of the block"), max_length=250, blank=True)
    blocked_by = models.CharField(_("blocked or unblocked by"), max_length=170, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    created_at = models.DateTimeField(_("sold"), default=timezone.now)

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")
        permissions = [("block_giftcard", _("Can block and unblock gift cards"))]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"…{self.last_four}"
