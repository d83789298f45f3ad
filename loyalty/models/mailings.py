"""Letters that the house sends by itself: mailings to a segment, and chains that begin on an occasion."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models import Channel, Client, LetterTemplate, code_validator
from loyalty.fields import MoneyField
from loyalty.models.ledger import Lot
from loyalty.models.programs import BonusProgram
from loyalty.models.segments import Segment


class Mailing(models.Model):
    """One letter to everybody of a segment, on one channel. It can be watched, paused and gone on with."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    name = models.CharField(_("name"), max_length=120)
    template = models.ForeignKey(LetterTemplate, models.PROTECT, related_name="+", verbose_name=_("letter"))
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("to the segment")
    )
    channel = models.CharField(
        pgettext_lazy("a channel", "by"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    begins_at = models.DateTimeField(_("not before"), null=True, blank=True)
    wanted = models.PositiveIntegerField(_("clients in all"), default=0)
    written = models.PositiveIntegerField(_("letters written"), default=0)
    last_client = models.BigIntegerField(default=0, editable=False)
    """Clients are gone through by their id; this is how far it has come."""
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)
    begun_at = models.DateTimeField(_("begun"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-id"]
        permissions = [("send_mailing", _("Can send mailings"))]
        indexes = [models.Index(fields=["id"], condition=Q(state="running"), name="mailings_that_run")]

    def __str__(self) -> str:
        return self.name

    @property
    def occasion(self) -> str:
        return f"mailing:{self.pk}"


class Chain(Configured):
    """What is done for a client after an occasion, step by step, until it has worked."""

    class Begins(models.TextChoices):
        LOT_ENDS = "lot_ends", _("bonuses end in so many days")
        REGISTERED = "registered", _("a client has joined")
        VISITED = "visited", _("a client has been here")
        ABSENT = "absent", _("a client has not been here for so many days")
        BIRTHDAY = "birthday", _("a birthday is in so many days")
        TIER_FALLS = "tier_falls", _("a tier falls in so many days")

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True)
    begins = models.CharField(_("begins when"), max_length=12, choices=Begins.choices)
    days = models.PositiveSmallIntegerField(_("days"), default=0)
    min_amount = MoneyField(_("for bonuses from"), null=True, blank=True, validators=[MinValueValidator(1)])
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the segment")
    )
    stop_when_visited = models.BooleanField(_("stops when the client has been here"), default=True)
    stop_when_spent = models.BooleanField(_("stops when the bonuses were spent"), default=False)

    class Meta:
        verbose_name = _("chain")
        verbose_name_plural = _("chains")
        ordering = ["name", "code"]

    def __str__(self) -> str:
        return self.name


class ChainStep(Configured):
    """A step of a chain: after so long, if the condition holds, do this; else go on with another step."""

    class Condition(models.TextChoices):
        ALWAYS = "always", _("always")
        VISITED = "visited", _("the client has been here since")
        NOT_VISITED = "not_visited", _("the client has not been here since")
        SPENT = "spent", _("the bonuses were spent")
        NOT_SPENT = "not_spent", _("the bonuses were not spent")
        HAS_EMAIL = "has_email", _("the client can be written to by e-mail")
        IN_SEGMENT = "in_segment", _("the client is in the segment")

    class Action(models.TextChoices):
        LETTER = "letter", _("send a letter")
        BONUS = "bonus", _("give bonuses")
        WAIT = "wait", _("do nothing")
        STOP = "stop", _("stop")

    chain = models.ForeignKey(Chain, models.PROTECT, related_name="steps", verbose_name=_("chain"))
    number = models.PositiveSmallIntegerField(pgettext_lazy("of a chain", "step"))
    enabled = models.BooleanField(default=True, editable=False)
    after_days = models.PositiveSmallIntegerField(_("after, days"), default=0)
    after_hours = models.PositiveSmallIntegerField(_("and hours"), default=0)
    condition = models.CharField(_("if"), max_length=12, choices=Condition.choices, default=Condition.ALWAYS)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    action = models.CharField(_("do"), max_length=8, choices=Action.choices)
    template = models.ForeignKey(
        LetterTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("letter")
    )
    channel = models.CharField(
        pgettext_lazy("a channel", "by"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    program = models.ForeignKey(
        BonusProgram, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("bonuses of the action")
    )
    then = models.PositiveSmallIntegerField(
        _("then go to step"), null=True, blank=True, help_text=_("Empty: the next one.")
    )
    otherwise = models.PositiveSmallIntegerField(
        _("else go to step"), null=True, blank=True, help_text=_("Empty: the next one, nothing done.")
    )

    class Meta:
        verbose_name = pgettext_lazy("of a chain", "step")
        verbose_name_plural = pgettext_lazy("of a chain", "steps")
        ordering = ["chain", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "number"], condition=Q(enabled=True), name="steps_of_a_chain_are_numbered"
            )
        ]

    def __str__(self) -> str:
        return gettext("Step %(number)d") % {"number": self.number or 0}


class ChainRun(models.Model):
    """One client on their way through a chain, for one occasion."""

    class State(models.TextChoices):
        WAITING = "waiting", _("on the way")
        DONE = "done", _("came to the end")
        STOPPED = "stopped", _("stopped")

    operation = models.CharField(max_length=160, unique=True)
    """`chain:<code>:<occasion>:client:<id>`: a client goes through a chain once an occasion."""
    chain = models.ForeignKey(Chain, models.PROTECT, related_name="runs", verbose_name=_("chain"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="chains", verbose_name=_("client"))
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("bonuses"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    step = models.PositiveSmallIntegerField(_("next step"))
    next_at = models.DateTimeField(_("next at"))
    begun_at = models.DateTimeField(_("begun"))
    ended_at = models.DateTimeField(pgettext_lazy("of a chain", "ended"), null=True, blank=True)
    reason = models.CharField(_("why it stopped"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("way through a chain")
        verbose_name_plural = _("ways through chains")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="chains_to_go_on"),
            models.Index(fields=["chain", "state", "step"], name="where_people_are"),
        ]

    def __str__(self) -> str:
        return self.operation


class ChainEvent(models.Model):
    """What happened to a client on the way through a chain."""

    run = models.ForeignKey(ChainRun, models.PROTECT, related_name="events", verbose_name=_("way"))
    step = models.PositiveSmallIntegerField(pgettext_lazy("of a chain", "step"))
    did = models.CharField(_("what was done"), max_length=12)
    """`letter`, `bonus`, `wait`, `skipped`, `stop`."""
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step that was taken")
        verbose_name_plural = _("steps that were taken")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.step} {self.did}"
