"""Who brought whom, and what both get for it; and partners outside, who are paid for the clients whom they brought."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Client, code_validator
from loyalty.fields import MoneyField, PercentField
from loyalty.models import Account, BonusTerms, Program, Visit


class When(models.TextChoices):
    EVERY_VISIT = "every_visit", _("at every visit")
    FIRST_VISIT = "first_visit", _("at the first visit")


class Kind(models.TextChoices):
    """What a reward is."""

    BONUS = "bonus", _("bonuses")
    DISCOUNT = "discount", _("a discount")
    GIFT_CARD = "gift_card", _("a gift card")
    MEMBERSHIP = "membership", _("a membership")


class FriendWhen(models.TextChoices):
    REGISTRATION = "registration", _("on joining")
    FIRST_VISIT = "first_visit", _("after the first paid visit")


def _at_most_one(side: str) -> Q:
    """That of the rewards of a side at most one is set, and that a gift card has an amount."""
    nothing = {
        "percent": Q(**{f"{side}percent": None}) if side == "referrer_" else Q(),
        "amount": Q(**{f"{side}amount": None}),
        "discount": Q(**{f"{side}discount_percent": None}),
        "gift_card": Q(**{f"{side}gift_card": "", f"{side}gift_amount": None}),
        "membership": Q(**{f"{side}membership": ""}),
    }
    allowed = Q()
    for free in nothing:
        others = Q()
        for kind, condition in nothing.items():
            others &= condition if kind != free else Q()
        allowed |= others
    whole = Q(**{f"{side}gift_card": "", f"{side}gift_amount": None}) | (
        ~Q(**{f"{side}gift_card": ""}) & Q(**{f"{side}gift_amount__isnull": False})
    )
    return allowed & whole


class ReferralProgram(Program, BonusTerms):
    """The one referral program: what the client gets who brings a friend, and what the friend starts with."""

    CODE = "referral"

    referrer_percent = PercentField(_("share of what the friend pays, %"), null=True, blank=True)
    referrer_amount = MoneyField(_("or a fixed amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    referrer_when = models.CharField(_("when"), max_length=20, choices=When.choices, default=When.EVERY_VISIT)
    referrer_discount_percent = PercentField(_("or a discount on the next check, %"), null=True, blank=True)
    referrer_gift_card = models.CharField(_("or a gift card of the type"), max_length=40, blank=True)
    """The code of a kind of gift card, of `referrer_gift_amount`; and below of a plan: other rooms give them."""
    referrer_gift_amount = MoneyField(_("its amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    referrer_membership = models.CharField(_("or a membership"), max_length=40, blank=True)
    months = models.PositiveSmallIntegerField(_("for the first months"), null=True, blank=True)
    max_per_month = MoneyField(_("at most a month"), null=True, blank=True, validators=[MinValueValidator(1)])
    max_per_friend = MoneyField(_("at most for a friend"), null=True, blank=True, validators=[MinValueValidator(1)])
    max_friends = models.PositiveIntegerField(
        _("friends a client can bring, at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    friend_amount = MoneyField(_("the friend gets"), null=True, blank=True, validators=[MinValueValidator(1)])
    friend_when = models.CharField(
        _("the friend gets it"), max_length=20, choices=FriendWhen.choices, default=FriendWhen.REGISTRATION
    )
    friend_discount_percent = PercentField(_("or a discount on the first check, %"), null=True, blank=True)
    friend_gift_card = models.CharField(_("or a gift card of the type"), max_length=40, blank=True)
    friend_gift_amount = MoneyField(_("its amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    friend_membership = models.CharField(_("or a membership"), max_length=40, blank=True)

    class Meta(Program.Meta):
        abstract = False
        verbose_name = _("referral program")
        verbose_name_plural = _("referral program")
        constraints = [
            models.CheckConstraint(condition=Q(code="referral"), name="there_is_one_referral_program"),
            models.CheckConstraint(condition=_at_most_one("referrer_"), name="a_referrer_gets_one_kind_of_reward"),
            models.CheckConstraint(condition=_at_most_one("friend_"), name="a_friend_gets_one_kind_of_reward"),
        ]


class Milestone(Configured):
    """What a client gets on having brought so many friends who came and paid."""

    program = models.ForeignKey(ReferralProgram, models.CASCADE, related_name="milestones")
    friends = models.PositiveIntegerField(_("friends"), validators=[MinValueValidator(1)])
    amount = MoneyField(_("bonuses"), null=True, blank=True, validators=[MinValueValidator(1)])
    discount_percent = PercentField(_("or a discount on the next check, %"), null=True, blank=True)
    gift_card = models.CharField(_("or a gift card of the type"), max_length=40, blank=True)
    gift_amount = MoneyField(_("its amount"), null=True, blank=True, validators=[MinValueValidator(1)])
    membership = models.CharField(_("or a membership"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["program", "friends"]
        constraints = [
            models.UniqueConstraint(fields=["program", "friends"], name="a_number_of_friends_is_one_milestone"),
            models.CheckConstraint(
                condition=Q(amount__isnull=False, discount_percent=None, gift_card="", gift_amount=None, membership="")
                | Q(amount=None, discount_percent__isnull=False, gift_card="", gift_amount=None, membership="")
                | Q(~Q(gift_card=""), amount=None, discount_percent=None, gift_amount__isnull=False, membership="")
                | Q(~Q(membership=""), amount=None, discount_percent=None, gift_card="", gift_amount=None),
                name="a_milestone_gives_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.friends)


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
    """Who brought a client: one referrer for life, the first one named.

    `evidence` is why the pair looks like one that was made up; a person decides, and until then it counts.
    """

    class Decision(models.TextChoices):
        NONE = "", _("nobody has looked yet")
        APPROVED = "approved", _("approved")
        HELD = "held", _("held")
        CANCELLED = "cancelled", _("cancelled")

    friend = models.OneToOneField(
        Client, models.PROTECT, primary_key=True, related_name="referral", verbose_name=_("friend")
    )
    referrer = models.ForeignKey(Client, models.PROTECT, related_name="brought", verbose_name=_("referrer"))
    named_at = models.DateTimeField(_("named"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    """`{"code": ..., ...facts}`, each kind once."""
    flagged_at = models.DateTimeField(_("looks suspicious since"), null=True, blank=True)
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision.choices, default=Decision.NONE, blank=True
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=170, blank=True)
    decision_reason = models.CharField(_("reason"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        permissions = [("decide_referral", _("Can decide about suspicious referrals"))]
        constraints = [
            models.CheckConstraint(condition=~Q(friend=F("referrer")), name="nobody_brings_themselves"),
        ]
        indexes = [
            models.Index(
                fields=["flagged_at"], condition=Q(flagged_at__isnull=False, decision=""), name="referrals_to_decide"
            )
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} → {self.friend_id}"


class Reward(models.Model):
    """A reward that is not simply bonuses on a ledger at once: one of another kind, or one that a person holds.

    Bonuses that are not held are only in the ledger. A discount waits here for the next check (`given`), and is `used`
    on one. A gift card or a membership is `pending` until its day, then in the ledger (`account`).
    """

    class Side(models.TextChoices):
        REFERRER = "referrer", _("for bringing a friend")
        FRIEND = "friend", _("for having been brought")
        MILESTONE = "milestone", _("for so many friends")

    class State(models.TextChoices):
        PENDING = "pending", _("waits for its day")
        HELD = "held", _("held until somebody has looked")
        GIVEN = "given", _("given")
        USED = "used", _("used")
        CANCELLED = "cancelled", _("cancelled")
        TAKEN_BACK = "taken_back", _("taken back")

    client = models.ForeignKey(Client, models.PROTECT, related_name="referral_rewards", verbose_name=_("client"))
    friend = models.ForeignKey(Client, models.PROTECT, related_name="+", verbose_name=_("friend"))
    """Of the pair whose visit brought it."""
    side = models.CharField(_("for"), max_length=10, choices=Side.choices)
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    amount = MoneyField(_("amount"), null=True, blank=True)
    percent = PercentField(_("discount, %"), null=True, blank=True)
    good = models.CharField(_("of the type"), max_length=40, blank=True)
    """Code of the kind of gift card, or of the plan."""
    name = models.CharField(_("name"), max_length=120)
    operation = models.CharField(max_length=120, unique=True)
    due_day = models.DateField(_("from"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    visit = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, related_name="referral_rewards", verbose_name=_("friend's visit")
    )
    account = models.OneToOneField(Account, models.PROTECT, null=True, blank=True, related_name="referral_reward")
    used_on = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("used on the visit")
    )
    created_at = models.DateTimeField(_("earned"), default=timezone.now)
    changed_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("referral reward")
        verbose_name_plural = _("referral rewards")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_day"], condition=Q(state="pending"), name="rewards_to_give"),
            models.Index(fields=["client", "state"], name="rewards_of_a_client"),
        ]

    def __str__(self) -> str:
        return self.name


class Partner(Configured):
    """A business or a person outside: paid a share of what the clients whom they brought have paid."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    """What their clients name on joining, in any case."""
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True)
    percent = PercentField(_("share of what their clients pay, %"))
    months = models.PositiveSmallIntegerField(
        _("for the first months"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    email = models.EmailField(_("e-mail"), blank=True)
    note = models.TextField(_("how they are paid"), blank=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(Upper("code"), name="a_partner_code_is_one_in_any_case")]

    def __str__(self) -> str:
        return self.name


class PartnerClient(models.Model):
    """Which partner brought a client: named like a referrer, instead of one."""

    client = models.OneToOneField(
        Client, models.PROTECT, primary_key=True, related_name="partner_client", verbose_name=_("client")
    )
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="clients", verbose_name=_("partner"))
    named_at = models.DateTimeField(_("named"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)

    class Meta:
        verbose_name = _("client of a partner")
        verbose_name_plural = _("clients of partners")

    def __str__(self) -> str:
        return f"{self.partner_id} → {self.client_id}"


class PartnerStatement(models.Model):
    """What a partner gets for a month, as it was worked out when the month was over."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="statements", verbose_name=_("partner"))
    month = models.DateField(_("month"))
    """Its first day."""
    clients = models.PositiveIntegerField(_("clients who came"))
    visits = models.PositiveIntegerField(_("visits"))
    paid_in = MoneyField(_("they paid"))
    refunded = MoneyField(_("they were given back"))
    percent = PercentField(_("share, %"))
    carried = MoneyField(_("carried over"), default=0)
    """What an earlier month ended below zero by, never positive."""
    amount = MoneyField(_("to pay out"))
    """`percent` of what was paid less what was given back, plus what was carried over; below zero it is carried on."""
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    last_visit = models.PositiveBigIntegerField(null=True, editable=False)
    """The newest check that had been recorded when it was made: later ones are in later statements. None: unknown."""
    paid_at = models.DateTimeField(_("paid out"), null=True, blank=True)
    paid_by = models.CharField(_("marked by"), max_length=170, blank=True)
    paid_note = models.CharField(_("note"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements of partners")
        ordering = ["-month", "partner"]
        permissions = [("pay_partner", _("Can mark statements of partners as paid"))]
        constraints = [models.UniqueConstraint(fields=["partner", "month"], name="a_month_is_stated_once")]

    def __str__(self) -> str:
        return f"{self.partner} {self.month:%Y-%m}"
