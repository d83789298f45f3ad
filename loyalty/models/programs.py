"""What the owner switches on: the rules of the house and the programs that `loyalty` itself runs."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Business, LetterTemplate, code_validator
from loyalty.fields import MoneyField, PercentField, no_money, whole
from loyalty.models.checks import Service
from loyalty.models.ledger import Entry
from loyalty.models.segments import Segment
from loyalty.money import Money


class HouseRules(Configured):
    """The bonus rules that hold for every program. One row beside the business."""

    business = models.OneToOneField(
        Business, models.PROTECT, primary_key=True, default=Business.ONLY, related_name="house_rules", editable=False
    )
    bonus_step = MoneyField(
        _("bonuses are earned in steps of"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("What is earned is rounded down to it: 0.01 keeps cents, 1 gives whole bonuses."),
    )
    bonus_limit_percent = PercentField(
        # xgettext:no-python-format
        _("bonuses pay at most, % of a check"),
        default=whole,
        help_text=_("Whatever the programs allow."),
    )
    refund_min_days = models.PositiveSmallIntegerField(
        _("returned bonuses live at least, days"),
        default=14,
        help_text=_("When a check is refunded, bonuses that paid for it can be used at least so long."),
    )
    allow_debt = models.BooleanField(
        _("bonuses that were already spent become a debt"),
        default=True,
        help_text=_(
            "When a refund takes back bonuses that the client has spent, later bonuses repay them. "
            "Off: the balance stops at zero."
        ),
    )

    earns_before_discounts = models.BooleanField(
        _("earning counts the price before discounts"),
        default=False,
        help_text=_("Off: what is paid counts. Bonuses that pay never count."),
    )
    gift_cards_earn = models.BooleanField(
        _("what gift cards pay earns"),
        default=True,
        help_text=_("Selling a gift card earns nothing either way."),
    )
    memberships_earn = models.BooleanField(_("selling a membership earns"), default=True)
    desk_refund_hours = models.PositiveIntegerField(
        _("the front desk refunds checks up to, hours old"),
        default=0,
        help_text=_("0: the front desk asks a manager."),
    )
    manager_refund_days = models.PositiveIntegerField(
        _("managers and tills refund checks up to, days old"),
        null=True,
        blank=True,
        help_text=_("Empty: of any age. The owner may always."),
    )

    class Meta:
        verbose_name = _("house rules")
        verbose_name_plural = _("house rules")
        constraints = [models.CheckConstraint(condition=Q(bonus_step__gte=1), name="the_bonus_step_is_positive")]

    def __str__(self) -> str:
        return str(_("House rules"))


class Program(Configured):
    """What every program has."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True)
    from_day = models.DateField(_("from"), null=True, blank=True)
    to_day = models.DateField(_("to"), null=True, blank=True, help_text=_("The last day, to its end."))
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("The lower goes first."))

    class Meta:
        abstract = True
        ordering = ["priority", "code"]

    def __str__(self) -> str:
        return self.name


class BonusTerms(models.Model):
    """How the bonuses that a program gives may be used."""

    lifetime_days = models.PositiveIntegerField(_("live, days"), null=True, blank=True)
    lifetime_months = models.PositiveSmallIntegerField(_("live, months"), null=True, blank=True)
    pending_days = models.PositiveSmallIntegerField(
        _("can be used after, days"), default=0, help_text=_("Until then they are shown as pending.")
    )
    # xgettext:no-python-format
    limit_percent = PercentField(_("pay at most, % of a check"), default=whole)
    min_check = MoneyField(_("for a check from"), default=no_money, validators=[MinValueValidator(0)])

    class Meta:
        abstract = True


class CashbackProgram(Program, BonusTerms):
    """Cumulative cashback: a share of what is paid comes back as bonuses, by the rung that total spent has reached."""

    class Falls(models.TextChoices):
        EARNED = "earned", _("to what they have earned")
        ONE_STEP = "one_step", _("one step at a time")

    window_days = models.PositiveIntegerField(
        _("spending counts for, days"), null=True, blank=True, help_text=_("Empty: since the first visit.")
    )
    falls = models.CharField(
        _("a client falls"),
        max_length=8,
        choices=Falls.choices,
        default=Falls.EARNED,
        help_text=_("When a tier is kept no longer: to the tier that their spending reaches, or one step at a time."),
    )
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    services = models.JSONField(_("on the services"), default=list, blank=True)
    """Codes of services and names of categories; none means everything that earns."""
    exclude = models.JSONField(_("but not on"), default=list, blank=True)
    max_per_check = MoneyField(_("at most a check"), null=True, blank=True, validators=[MinValueValidator(1)])
    max_per_day = MoneyField(_("at most a day"), null=True, blank=True, validators=[MinValueValidator(1)])
    max_per_month = MoneyField(_("at most a month"), null=True, blank=True, validators=[MinValueValidator(1)])

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("cashback")
        verbose_name_plural = _("cashback")


class CashbackTier(Configured):
    """A rung: from so much spent, so many per cent."""

    program = models.ForeignKey(CashbackProgram, models.PROTECT, related_name="tiers", verbose_name=_("program"))
    name = models.CharField(_("name"), max_length=60)
    from_spent = MoneyField(_("from total spent"), validators=[MinValueValidator(0)])
    percent = PercentField(_("cashback, %"))
    min_days = models.PositiveIntegerField(
        _("kept at least, days"), default=0, help_text=_("After reaching it nobody falls from it sooner.")
    )
    grace_days = models.PositiveIntegerField(
        _("and so long after the spending no longer reaches it, days"),
        default=0,
        help_text=_("Clients are told what keeps the tier, and until when."),
    )
    privileges = models.TextField(_("privileges"), blank=True, help_text=_("Shown to the client and at the desk."))
    priority_booking = models.BooleanField(_("books first"), default=False)
    early_access = models.BooleanField(_("hears of offers first"), default=False)
    enabled = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["program", "from_spent"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "from_spent"], condition=Q(enabled=True), name="a_threshold_has_one_tier"
            ),
            models.CheckConstraint(condition=Q(from_spent__gte=0), name="a_threshold_is_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class Hours(models.Model):
    """A part of the week, by the clock of the location. Empty weekdays are all, empty times the whole day."""

    weekdays = models.CharField(_("weekdays"), max_length=27, blank=True)
    """Like "mon,tue", in the order of the week."""
    from_time = models.TimeField(_("from, hours"), null=True, blank=True)
    to_time = models.TimeField(_("until, hours"), null=True, blank=True)

    class Meta:
        abstract = True


class CashbackMultiplier(Configured, Hours):
    """When cashback is more (or less): on these days and hours it is so many times what the tier says."""

    program = models.ForeignKey(CashbackProgram, models.PROTECT, related_name="multipliers", verbose_name=_("program"))
    factor = PercentField(_("times"))
    from_day = models.DateField(_("from"), null=True, blank=True)
    to_day = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("multiplier")
        verbose_name_plural = _("multipliers")
        ordering = ["program", "id"]

    def __str__(self) -> str:
        return f"x {self.factor}"


class BonusProgram(Program, BonusTerms):
    """Bonuses given on an occasion: joining, a birthday, the Nth visit, a long absence, a campaign, an action, ..."""

    class Trigger(models.TextChoices):
        REGISTRATION = "registration", _("on registration")
        FIRST_CHECK = "first_check", _("for the first paid check")
        NTH_VISIT = "nth_visit", _("after the Nth visit")
        BIRTHDAY = "birthday", _("before a birthday")
        ANNIVERSARY = "anniversary", _("before the anniversary of joining")
        PERSONAL_DATE = "personal_date", _("before a personal date")
        INACTIVITY = "inactivity", _("after a long absence")
        CAMPAIGN = "campaign", _("for every check of a campaign")
        ACTION = "action", _("for an action, by staff or API")
        SPENT = "spent", _("when total spent passes a sum")
        BALANCE = "balance", _("when the balance reaches a sum")

    trigger = models.CharField(_("given"), max_length=20, choices=Trigger.choices)
    amount = MoneyField(_("bonuses"), null=True, blank=True, validators=[MinValueValidator(1)])
    percent = PercentField(_("or a share of the check, %"), null=True, blank=True)
    days_before = models.PositiveSmallIntegerField(_("days before"), default=0)
    days = models.PositiveSmallIntegerField(
        _("days without a visit"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    repeat_days = models.PositiveSmallIntegerField(_("again after, days"), null=True, blank=True)
    once = models.BooleanField(_("once a client"), default=False, help_text=_("For actions."))
    nth = models.PositiveSmallIntegerField(_("which visit"), null=True, blank=True, validators=[MinValueValidator(1)])
    reaches = MoneyField(_("sum"), null=True, blank=True, validators=[MinValueValidator(1)])
    """Of a milestone: total spent or balance."""
    date_name = models.CharField(_("which personal date"), max_length=40, blank=True)
    registered_days = models.PositiveSmallIntegerField(
        _("only clients registered at least, days"), default=0, help_text=_("For birthdays and other dates.")
    )
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    locations = models.JSONField(_("at the locations"), default=list, blank=True)
    """Codes; none means everywhere. What the night gives goes by where the client registered."""
    budget = MoneyField(
        _("at most in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("The program stops giving when so many bonuses were given. Empty: no limit."),
    )
    letter = models.ForeignKey(
        LetterTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("letter to the client")
    )

    on_since = models.DateTimeField(null=True, editable=False)
    """When it was last switched on; null: it is off, or nobody knows."""

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("bonus program")
        verbose_name_plural = _("bonus programs")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=False, percent__isnull=True)
                | Q(
                    amount__isnull=True,
                    percent__isnull=False,
                    trigger__in=["nth_visit", "campaign", "first_check"],
                ),
                name="a_bonus_is_an_amount_or_a_share_of_a_check",
            ),
            models.CheckConstraint(
                condition=~Q(trigger="nth_visit") | Q(nth__gte=1), name="an_nth_visit_bonus_says_which"
            ),
            models.CheckConstraint(condition=~Q(trigger="inactivity") | Q(days__gte=1), name="an_absence_has_a_length"),
            models.CheckConstraint(
                condition=~Q(trigger__in=["spent", "balance"]) | Q(reaches__gte=1), name="a_milestone_has_a_sum"
            ),
            models.CheckConstraint(
                condition=~Q(trigger="personal_date") | ~Q(date_name=""), name="a_personal_date_has_a_name"
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The row that counts what is given follows, and since when it is on."""
        self.on_since = (self.on_since or timezone.now()) if self.enabled else None
        super().save(*args, **kwargs)
        Budget.follow(self)


class Budget(models.Model):
    """How much a program with a budget has given. Its row is what two checks that give at once wait for; the limit
    holds without.
    """

    program = models.OneToOneField(BonusProgram, models.PROTECT, primary_key=True, related_name="used_budget")
    limit = MoneyField(_("at most in all"))
    given = MoneyField(_("given"), default=no_money)
    """Less what refunds took back. `check_ledger` proves it."""

    class Meta:
        verbose_name = _("used budget")
        verbose_name_plural = _("used budgets")
        constraints = [
            models.CheckConstraint(condition=Q(given__gte=0, given__lte=F("limit")), name="a_budget_is_kept")
        ]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.given}"

    @classmethod
    def follow(cls, program: BonusProgram) -> None:
        """The limit is the program's, but never below what was given. A program without a budget counts nothing; one
        that is given a budget has given what the ledger says.
        """
        if program.budget is None:
            cls.objects.filter(pk=program.pk).delete()
            return
        of_program = cls.objects.filter(pk=program.pk)
        if not of_program.exists():
            given = given_by(program.code)
            cls.objects.create(program=program, given=given, limit=max(program.budget, given))
        of_program.update(limit=Greatest(F("given"), Value(int(program.budget), output_field=models.BigIntegerField())))


def given_by(code: str) -> Money:
    """What the ledger says that a program has given, less what refunds took back."""
    granted = Entry.objects.filter(lot__program=code, kind=Entry.Kind.GRANT)
    back = Entry.objects.filter(
        kind=Entry.Kind.TAKE_BACK, operation__startswith="visit:", operation__contains=f":occasions:{code}:refund:"
    )
    sums = (rows.aggregate(sum=Sum("amount"))["sum"] or 0 for rows in (granted, back))
    return Money(sum(sums))


class TrialProgram(Program):
    """Part of the price off one unit of a service, for clients who have not been here before."""

    percent = PercentField(_("discount, %"), default=50)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    services: models.ManyToManyField[Service, TrialService] = models.ManyToManyField(
        Service, through="TrialService", verbose_name=_("services")
    )

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("trial session")
        verbose_name_plural = _("trial session")


class TrialService(Configured):
    """A service that a newcomer may try."""

    trial = models.ForeignKey(TrialProgram, models.CASCADE)
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("service"))

    class Meta:
        verbose_name = _("service to try")
        verbose_name_plural = _("services to try")
        constraints = [models.UniqueConstraint(fields=["trial", "service"], name="a_trial_names_a_service_once")]

    def __str__(self) -> str:
        return str(self.service)
