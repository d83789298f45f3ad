"""What is sold and what was sold: services, visits (closed checks) and refunds.

`loyalty.checkout` is the only writer of visits and refunds.
"""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, Location, code_validator
from loyalty.fields import MoneyField, no_money


class Service(Configured):
    """Something on the price list, a service or a product."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    category = models.CharField(_("category"), max_length=60, blank=True)
    price = MoneyField(_("list price"), validators=[MinValueValidator(0)])
    earns = models.BooleanField(_("earns bonuses"), default=True)
    accepts_bonus = models.BooleanField(_("can be paid with bonuses"), default=True)
    enabled = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("price list")
        ordering = ["category", "name", "id"]
        constraints = [models.CheckConstraint(condition=Q(price__gte=0), name="a_price_is_not_negative")]

    def __str__(self) -> str:
        return self.name


class Visit(models.Model):
    """One settled check. It never changes; refunds are records of their own that point back."""

    operation = models.CharField(max_length=120, unique=True)
    client = models.ForeignKey(
        Client, models.PROTECT, null=True, blank=True, related_name="visits", verbose_name=_("client")
    )
    location = models.ForeignKey(Location, models.PROTECT, related_name="visits", verbose_name=_("location"))
    at = models.DateTimeField(_("at"), db_index=True)
    by = models.CharField(_("by"), max_length=170)
    is_visit = models.BooleanField(
        _("counts as a visit"), help_text=_("A check that only sells a card or a membership does not.")
    )
    list_total = MoneyField(_("list"))
    membership_total = MoneyField(_("membership"), default=no_money)
    discount_total = MoneyField(_("discount"), default=no_money)
    check_total = MoneyField(_("check"))
    bonus_total = MoneyField(_("bonuses"), default=no_money)
    gift_card_total = MoneyField(_("gift cards"), default=no_money)
    to_pay = MoneyField(_("paid"))
    earned_total = MoneyField(_("earned"), default=no_money)
    base = MoneyField(_("earning base"), default=no_money)
    spent = MoneyField(_("adds to total spent"), default=no_money)
    facts = models.JSONField(default=dict, help_text="What else the client saw: tier, programs that earned, trace.")

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-id"]
        permissions = [
            ("record_visit", _("Can record visits and sell")),
            ("refund_visit", _("Can refund visits")),
            ("refund_recent_visit", _("Can refund visits of the last hours, as the house rules say")),
            ("override_price", _("Can change a price on a check")),
            ("discount_by_hand", _("Can give a discount by hand")),
        ]
        indexes = [
            models.Index(fields=["client", "-at"], name="visits_of_a_client"),
            models.Index(fields=["location", "-at"], name="visits_of_a_location"),
            models.Index(fields=["client", "location"], name="where_a_client_comes"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    check_total=models.F("list_total") - models.F("membership_total") - models.F("discount_total")
                )
                & Q(to_pay=models.F("check_total") - models.F("bonus_total") - models.F("gift_card_total")),
                name="a_check_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(to_pay__gte=0, bonus_total__gte=0, gift_card_total__gte=0, discount_total__gte=0),
                name="a_check_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Visit %(number)s") % {"number": self.number}

    @property
    def number(self) -> str:
        return str(self.pk)


class VisitLine(models.Model):
    """One line of a check, with its share of everything that paid for it."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="lines", verbose_name=_("visit"))
    number = models.PositiveSmallIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=20, default="service")
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, verbose_name=_("service"))
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    quantity = models.PositiveIntegerField(_("quantity"))
    covered = models.PositiveIntegerField(_("covered by a membership"), default=0)
    price = MoneyField(_("price"))
    price_reason = models.CharField(_("reason of the price"), max_length=250, blank=True)
    list = MoneyField(_("list"))
    membership = MoneyField(_("membership"), default=no_money)
    discount = MoneyField(_("discount"), default=no_money)
    bonus = MoneyField(_("bonuses"), default=no_money)
    gift_card = MoneyField(_("gift cards"), default=no_money)
    to_pay = MoneyField(_("paid"))
    base = MoneyField(_("earning base"), default=no_money)
    spent = MoneyField(_("adds to total spent"), default=no_money)
    earned = MoneyField(_("earned"), default=no_money)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["visit", "number"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "number"], name="lines_of_a_visit_are_numbered"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="a_line_sells_something"),
            models.CheckConstraint(
                condition=Q(
                    to_pay=models.F("list")
                    - models.F("membership")
                    - models.F("discount")
                    - models.F("bonus")
                    - models.F("gift_card"),
                    to_pay__gte=0,
                ),
                name="a_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} x {self.quantity}"


class Method(models.TextChoices):
    CASH = "cash", _("cash")
    CARD = "card", _("bank card")
    TRANSFER = "transfer", _("transfer")


class Payment(models.Model):
    """Money that came in for a visit by one method."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="payments", verbose_name=_("visit"))
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    amount = MoneyField(_("amount"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["visit", "method"], name="a_method_pays_once_a_visit"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount}"


class Refund(models.Model):
    """What came back of a visit, and what was given and taken for it."""

    operation = models.CharField(max_length=120, unique=True)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="refunds", verbose_name=_("visit"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=170)
    reason = models.CharField(_("reason"), max_length=250)
    is_whole = models.BooleanField(_("nothing of the visit is left"))
    money = MoneyField(_("money back"), default=no_money)
    bonus_returned = MoneyField(_("bonuses returned"), default=no_money)
    bonus_taken_back = MoneyField(_("bonuses taken back"), default=no_money)
    gift_card_returned = MoneyField(_("returned to gift cards"), default=no_money)
    sessions_returned = models.PositiveIntegerField(_("sessions returned"), default=0)
    debt = MoneyField(_("debt"), default=no_money)
    base = MoneyField(_("earning base"), default=no_money)
    spent = MoneyField(_("taken from total spent"), default=no_money)
    facts = models.JSONField(default=dict, help_text="The explanation of each figure.")

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit"], condition=Q(is_whole=True), name="a_visit_is_wholly_refunded_once"
            )
        ]

    def __str__(self) -> str:
        return gettext("Refund %(number)s") % {"number": self.pk}


class RefundLine(models.Model):
    """The part of a line that came back, with the reversed shares."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines", verbose_name=_("refund"))
    line = models.ForeignKey(VisitLine, models.PROTECT, related_name="refunds", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    covered = models.PositiveIntegerField(_("sessions"), default=0)
    list = MoneyField(_("list"))
    membership = MoneyField(_("membership"), default=no_money)
    discount = MoneyField(_("discount"), default=no_money)
    bonus = MoneyField(_("bonuses"), default=no_money)
    gift_card = MoneyField(_("gift cards"), default=no_money)
    to_pay = MoneyField(_("paid"), default=no_money)
    base = MoneyField(_("earning base"), default=no_money)
    spent = MoneyField(_("adds to total spent"), default=no_money)

    class Meta:
        verbose_name = _("refunded line")
        verbose_name_plural = _("refunded lines")
        constraints = [models.UniqueConstraint(fields=["refund", "line"], name="a_refund_names_a_line_once")]

    def __str__(self) -> str:
        return f"{self.line_id} x {self.quantity}"


class RefundPayment(models.Model):
    """Money that went back to the method it came by."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="payments", verbose_name=_("refund"))
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    amount = MoneyField(_("amount"))

    class Meta:
        verbose_name = _("money back")
        verbose_name_plural = _("money back")
        constraints = [models.UniqueConstraint(fields=["refund", "method"], name="a_method_is_paid_back_once_a_refund")]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount}"
