"""Memberships: the plans on sale, and who holds how many sessions of what."""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, code_validator
from loyalty.fields import MoneyField, PercentField
from loyalty.models import Account, BonusTerms, Hours, Service, VisitLine

MOST_DAYS, MOST_MONTHS, MOST_SESSIONS, MOST_PEOPLE = 30_000, 900, 10_000, 100
"""As the setup document allows: what is set up by hand must come back from its dump."""


class RefundBy(models.TextChoices):
    """What of a sold membership's price comes back."""

    PROPORTIONAL = "proportional", _("in proportion to the sessions left")
    USED = "used", _("all but the used sessions at list price")
    NONE = "none", _("nothing")


class Starts(models.TextChoices):
    """The first day of a membership that is sold."""

    PURCHASE = "purchase", _("on the day it is bought")
    FIRST_VISIT = "first_visit", _("at the first visit")
    DATE = "date", _("on a date that is said at the sale")


class Plan(Configured, Hours, BonusTerms):
    """So many sessions (or any number), for so long, at this price; what else its holder has.

    The terms are those of the extra cashback.
    """

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on sale"), default=True)
    sessions = models.PositiveIntegerField(
        _("sessions"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SESSIONS)],
        help_text=_("Empty: any number."),
    )
    """One count for all services together; empty where each service has its own (`PlanService.sessions`) as well."""
    price = MoneyField(_("price"), validators=[MinValueValidator(0)])
    valid_days = models.PositiveIntegerField(
        _("valid, days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
    )
    valid_months = models.PositiveSmallIntegerField(
        _("valid, months"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_MONTHS)]
    )
    starts = models.CharField(_("begins"), max_length=12, choices=Starts.choices, default=Starts.PURCHASE)
    categories = models.JSONField(_("categories"), default=list, blank=True)
    """Names of categories that it covers besides its services."""
    locations = models.JSONField(_("at the locations"), default=list, blank=True)
    """Codes; none means everywhere. `Hours` says on which weekdays and at which hours it covers."""
    per_day = models.PositiveSmallIntegerField(
        _("sessions a day, at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SESSIONS)],
    )
    people = models.PositiveSmallIntegerField(
        _("people who may use it"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)]
    )
    """The holder among them; the others are named."""
    unnamed = models.BooleanField(
        _("whoever comes with it may use it"), default=False, help_text=_("Nobody is named; the desk chooses it.")
    )
    transferable = models.BooleanField(_("can be passed on"), default=True)
    no_show = models.BooleanField(
        _("a missed appointment takes a session"), default=True, help_text=_("Staff say so, visit by visit.")
    )
    refund = models.CharField(
        _("when it is returned, of the price comes back"),
        max_length=12,
        choices=RefundBy.choices,
        default=RefundBy.PROPORTIONAL,
    )
    freeze_days = models.PositiveSmallIntegerField(
        _("freeze days allowed"), default=0, validators=[MaxValueValidator(MOST_DAYS)]
    )
    services: models.ManyToManyField[Service, PlanService] = models.ManyToManyField(
        Service, through="PlanService", verbose_name=_("services")
    )
    renews = models.BooleanField(
        _("subscription"), default=False, help_text=_("Each period is a check of its own, which is paid.")
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days to pay after a period has ended"),
        default=3,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text=_("After that it is suspended."),
    )
    remind_days = models.PositiveSmallIntegerField(
        _("is reminded of the payment, days before"), default=3, validators=[MaxValueValidator(MOST_DAYS)]
    )
    discount_percent = PercentField(_("discount on everything else, %"), null=True, blank=True)
    cashback_percent = PercentField(_("extra cashback, %"), null=True, blank=True)
    privileges = models.TextField(_("privileges"), blank=True, help_text=_("Shown to the client and at the desk."))
    priority_booking = models.BooleanField(_("books first"), default=False)
    early_access = models.BooleanField(_("hears of offers first"), default=False)

    class Meta:
        verbose_name = _("membership plan")
        verbose_name_plural = _("membership plans")
        ordering = ["sessions", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=0) & (Q(sessions=None) | Q(sessions__gte=1)), name="a_plan_makes_sense"
            ),
            models.CheckConstraint(
                condition=Q(renews=False) | Q(valid_days__isnull=False) | Q(valid_months__isnull=False),
                name="a_subscription_has_a_period",
            ),
            models.CheckConstraint(condition=Q(people__gte=1), name="a_plan_is_for_somebody"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanService(Configured):
    """A service that a plan covers; with its own count, or out of the one count of the plan."""

    plan = models.ForeignKey(Plan, models.CASCADE)
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("service"))
    sessions = models.PositiveIntegerField(
        _("sessions of it"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SESSIONS)],
    )
    """All services of a plan have one, or none has."""

    class Meta:
        verbose_name = _("covered service")
        verbose_name_plural = _("covered services")
        constraints = [models.UniqueConstraint(fields=["plan", "service"], name="a_plan_names_a_service_once")]

    def __str__(self) -> str:
        return str(self.service)


class Membership(models.Model):
    """A plan that a client has. Its sessions are lots in the ledger; it bears the id of its account.

    A plan with a count for each service has a lot for each, whose operation ends in `:s<id of the service>`. One
    without a number has a lot of `memberships.plans.ENDLESS` sessions, so that each use is in the ledger all the same.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="memberships", verbose_name=_("client"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="memberships", verbose_name=_("plan"))
    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="membership", verbose_name=_("account")
    )
    sessions = models.PositiveIntegerField(_("sessions bought"), null=True, blank=True)
    """All counts together; empty for any number."""
    session_price = MoneyField(
        _("price of one session"), null=True, blank=True, help_text=_("For revenue not yet earned.")
    )
    paid = MoneyField(_("paid for it"), default=0)
    """What stands for all its sessions: less what went along with sessions passed on, with what was credited."""
    credit = MoneyField(_("of it, credited from an earlier one"), default=0)
    refund = models.CharField(
        _("when it is returned, of the price comes back"),
        max_length=12,
        choices=RefundBy.choices,
        default=RefundBy.PROPORTIONAL,
        help_text=_("As it was sold."),
    )
    freeze_days = models.PositiveSmallIntegerField(_("freeze days allowed"), default=0)
    waits = models.BooleanField(_("begins at the first visit"), default=False)
    """True until then."""
    began_on = models.DateField(null=True, blank=True)
    """The day of that visit, for one that waited for it: its days run from here. Its lots keep the day of the sale,
    from which it could have been used.
    """
    origin = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="became", verbose_name=_("came out of")
    )
    sold_on = models.ForeignKey(VisitLine, models.PROTECT, null=True, blank=True, related_name="memberships_sold")
    given_by = models.CharField(_("given by the program"), max_length=40, blank=True)
    renews = models.BooleanField(_("is renewed"), default=False)
    """A subscription that nobody has ended."""
    paid_until = models.DateField(_("paid until"), null=True, blank=True)
    """Of a subscription: the last day of the last period that was paid."""
    suspended_at = models.DateTimeField(_("suspended since"), null=True, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    created_at = models.DateTimeField(_("sold"), default=timezone.now)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-pk"]
        permissions = [
            ("freeze_membership", _("Can freeze memberships, and end a freeze")),
            ("extend_membership", _("Can extend memberships")),
            ("transfer_membership", _("Can pass memberships on to another client")),
            ("count_no_show", _("Can take a session for a missed appointment, and give it back")),
        ]
        indexes = [models.Index(fields=["paid_until"], condition=Q(renews=True), name="subscriptions_to_renew")]

    def __str__(self) -> str:
        return f"{self.plan} ({self.client})"

    def runs_from(self, first_day: date) -> date:
        """The first day of which something is used up, of what could be used from `first_day` on."""
        return first_day if self.began_on is None else max(first_day, self.began_on)


class MembershipPerson(models.Model):
    """Somebody besides the holder who may use a membership."""

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="people")
    client = models.ForeignKey(Client, models.PROTECT, related_name="shared_memberships", verbose_name=_("client"))
    by = models.CharField(_("by"), max_length=170)
    added_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("person who may use a membership")
        verbose_name_plural = _("people who may use a membership")
        constraints = [models.UniqueConstraint(fields=["membership", "client"], name="a_person_is_named_once")]

    def __str__(self) -> str:
        return str(self.client)


class Freeze(models.Model):
    """Days on which a membership rests. Its end is moved when it is frozen, and back again for days not used."""

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="freezes", verbose_name=_("membership"))
    from_day = models.DateField(_("from"))
    days = models.PositiveSmallIntegerField(_("days"), validators=[MinValueValidator(1)])
    """As it was asked for."""
    ended_on = models.DateField(_("ended early on"), null=True, blank=True)
    """The first day on which it did not rest any more; not later than `from_day + days`."""
    by = models.CharField(_("by"), max_length=170)
    ended_by = models.CharField(_("ended by"), max_length=170, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        ordering = ["-from_day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "from_day"], name="a_freeze_begins_once_a_day"),
            models.CheckConstraint(condition=Q(days__gte=1), name="a_freeze_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.from_day} + {self.days}"


class Change(models.Model):
    """What was done to a membership besides selling, using and returning it; each row explains itself."""

    class Kind(models.TextChoices):
        FROZEN = "frozen", _("frozen")
        UNFROZEN = "unfrozen", _("freeze ended")
        EXTENDED = "extended", _("extended")
        TRANSFERRED = "transferred", _("passed on")
        UPGRADED = "upgraded", _("changed to another plan")
        NO_SHOW = "no_show", _("missed appointment")
        NO_SHOW_BACK = "no_show_back", _("session given back")
        PERSON_ADDED = "person_added", _("person added")
        PERSON_REMOVED = "person_removed", _("person removed")
        SUSPENDED = "suspended", _("suspended")
        RENEWED = "renewed", _("renewed")
        ENDED = "ended", _("not renewed any more")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="changes", verbose_name=_("membership"))
    kind = models.CharField(_("what"), max_length=14, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    facts = models.JSONField(default=dict)
    operation = models.CharField(max_length=120, unique=True)
    by = models.CharField(_("by"), max_length=170)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of a membership")
        verbose_name_plural = _("changes of memberships")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.get_kind_display()


class Renewal(models.Model):
    """The next period of a subscription: due, until a check pays for it; missed, if none does in time."""

    class State(models.TextChoices):
        DUE = "due", _("to be paid")
        PAID = "paid", _("paid")
        MISSED = "missed", _("not paid in time")
        CANCELLED = "cancelled", _("not renewed")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="renewals", verbose_name=_("membership"))
    number = models.PositiveIntegerField(_("period"))
    """1 is the first after the one that was sold."""
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"))
    pay_by = models.DateField(_("to be paid by"))
    price = MoneyField(_("price"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DUE)
    line = models.OneToOneField(VisitLine, models.PROTECT, null=True, blank=True, related_name="renewal")
    """That paid for it."""
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    changed_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("renewal")
        verbose_name_plural = _("renewals")
        ordering = ["-first_day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "number"], name="a_period_is_renewed_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="a_period_has_days"),
        ]
        indexes = [models.Index(fields=["pay_by"], condition=Q(state="due"), name="renewals_due")]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"
