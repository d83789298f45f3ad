"""Value that is stored: accounts hold lots, entries explain them. `loyalty.ledger` is the only writer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from loyalty.fields import MoneyField, PercentField, whole

ANY_NUMBER = 1_000_000
"""Sessions of a lot that stands for any number of them: uses are taken from it all the same."""


def is_any_number(sessions: int) -> bool:
    """Whether so many sessions that move, or are left, stand for any number: nobody is shown a million."""
    return abs(sessions) > ANY_NUMBER // 2


def summed(lot: str = "") -> Q:
    """Lots of which there is a sum: not those that stand for any number. `lot` is the way to them ("lot__")."""
    return ~Q(**{f"{lot}account__unit": "session"}) | Q(**{f"{lot}remaining__lte": ANY_NUMBER // 2})


class Account(models.Model):
    """Where stored value lives, in one unit. Its row is what two tills that spend at once wait for."""

    class Unit(models.TextChoices):
        BONUS = "bonus", _("bonuses")
        MONEY = "money", _("gift-card money")
        SESSION = "session", _("sessions")
        STAMP = "stamp", _("stamps")

    unit = models.CharField(_("unit"), max_length=8, choices=Unit.choices)
    client = models.ForeignKey(
        Client, models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name=_("client")
    )
    operation = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(_("opened"), default=timezone.now)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("adjust_balance", _("Can adjust balances by hand"))]
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(unit="bonus"), name="a_client_has_one_bonus_account"
            ),
            models.CheckConstraint(
                condition=Q(unit__in=["bonus", "money", "session", "stamp"]), name="account_unit_is_known"
            ),
            models.CheckConstraint(condition=~Q(unit="bonus", client=None), name="bonuses_belong_to_a_client"),
        ]

    def __str__(self) -> str:
        return f"{self.get_unit_display()} {self.pk}"


class Lot(models.Model):
    """Value that came in together: one source, one amount, one first and one last usable day.

    `remaining` is the only balance. A debt lot is the one that may be negative: something already spent had to
    be taken back.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="lots", verbose_name=_("account"))
    operation = models.CharField(max_length=120, unique=True)
    program = models.CharField(_("program"), max_length=40, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    amount = MoneyField(_("amount"))
    remaining = MoneyField(_("remaining"))
    is_debt = models.BooleanField(_("debt"), default=False)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    # xgettext:no-python-format
    limit_percent = PercentField(_("at most, % of a check"), default=whole)
    min_check = MoneyField(_("check from"), default=0)
    entry_count = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("came in"))

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_debt=False, remaining__gte=0, remaining__lte=F("amount"))
                | Q(is_debt=True, remaining__lte=0, amount__lte=0, last_day=None),
                name="remaining_is_between_nothing_and_the_amount",
            ),
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")), name="a_lot_ends_after_it_begins"
            ),
        ]
        indexes = [
            # What can still be spent or must still expire: the ended history of a client is never read.
            models.Index(fields=["account"], condition=~Q(remaining=0), name="lots_with_something_left"),
            models.Index(fields=["last_day"], condition=Q(remaining__gt=0), name="lots_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.program or self.operation}: {self.remaining}"


class Entry(models.Model):
    """One movement of one lot, never changed afterwards: a trigger refuses it on both engines."""

    class Kind(models.TextChoices):
        GRANT = "grant", _("granted")
        SPEND = "spend", _("spent")
        RETURN = "return", _("returned")
        TAKE_BACK = "take_back", _("taken back")
        EXPIRE = "expire", _("ended")
        ADJUST = "adjust", _("adjusted")
        TRANSFER = "transfer", _("moved")

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="entries", verbose_name=_("lot"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries", verbose_name=_("account"))
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    amount = MoneyField(_("amount"))
    remaining = MoneyField(_("remaining after"))
    last_day = models.DateField(_("last day after"), null=True, blank=True)
    operation = models.CharField(_("operation"), max_length=120)
    visit = models.ForeignKey("loyalty.Visit", models.PROTECT, null=True, blank=True, verbose_name=_("visit"))
    refund = models.ForeignKey("loyalty.Refund", models.PROTECT, null=True, blank=True, verbose_name=_("refund"))
    by = models.CharField(_("by"), max_length=170)
    note = models.CharField(_("note"), max_length=250, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint(fields=["lot", "number"], name="entries_of_a_lot_are_numbered"),
            models.UniqueConstraint(fields=["operation", "lot", "kind"], name="an_operation_is_posted_once"),
            models.CheckConstraint(
                condition=~Q(amount=0) | Q(kind="adjust", last_day__isnull=False), name="an_entry_moves_something"
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="entries_of_an_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.operation})"
