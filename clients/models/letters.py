"""Letters to clients: what they say, by which channel they go, and what became of each."""

from __future__ import annotations

from datetime import time

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.configured import Configured
from clients.models.people import Business, Client, code_validator


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS and messengers")


class Topic(models.TextChoices):
    """What a letter is about. A client may be silent to a topic on a channel and hear the others."""

    OFFERS = "offers", _("offers and news")
    BONUSES = "bonuses", _("bonuses that were given")
    REMINDERS = "reminders", _("what ends soon")


class Gateway(Configured):
    """A way out for SMS and messengers: an address as apprise reads it. The first that is on is used."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = models.TextField(
        _("address"), help_text=_("As apprise has it; {phone} stands for the client's number. It is never shown again.")
    )
    enabled = models.BooleanField(_("on"), default=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("The lower goes first."))

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering = ["priority", "name"]

    def __str__(self) -> str:
        return self.name


class LetterTemplate(Configured):
    """What a letter says, in both languages, with places like {name} for what is known only when it is written."""

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    enabled = models.BooleanField(_("on"), default=True, help_text=_("Off: nobody is written to with it."))
    topic = models.CharField(_("topic"), max_length=12, choices=Topic.choices, default=Topic.OFFERS)
    value = models.PositiveSmallIntegerField(
        _("value"),
        default=50,
        validators=[MaxValueValidator(100)],
        help_text=_("Of more letters than a client may get in a week, the more valuable are sent. 0 to 100."),
    )
    subject_en = models.CharField(_("subject, English"), max_length=150, blank=True)
    body_en = models.TextField(_("letter, English"), blank=True)
    short_en = models.CharField(_("SMS, English"), max_length=480, blank=True)
    subject_ru = models.CharField(_("subject, Russian"), max_length=150, blank=True)
    body_ru = models.TextField(_("letter, Russian"), blank=True)
    short_ru = models.CharField(_("SMS, Russian"), max_length=480, blank=True)

    class Meta:
        verbose_name = _("letter template")
        verbose_name_plural = _("letter templates")
        ordering = ["name", "code"]

    def __str__(self) -> str:
        return self.name


class LetterRules(Configured):
    """When and how often clients are written to. One row beside the business."""

    business = models.OneToOneField(
        Business, models.PROTECT, primary_key=True, default=Business.ONLY, related_name="letter_rules", editable=False
    )
    quiet_from = models.TimeField(_("no letters from"), default=time(21), help_text=_("By the clock of the business."))
    quiet_to = models.TimeField(_("until"), default=time(9), help_text=_("The same time as above: never quiet."))
    weekly_cap = models.PositiveSmallIntegerField(
        _("at most a week"),
        null=True,
        blank=True,
        default=3,
        help_text=_(
            "Letters to one client in seven days, on all channels together; the more valuable go first. "
            "Empty: no limit."
        ),
    )
    ending_days = models.PositiveSmallIntegerField(
        _("remind of what ends, days before"), default=7, help_text=_("Bonuses, gift cards, memberships.")
    )
    ending = models.ForeignKey(
        LetterTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("with the letter")
    )
    falling_days = models.PositiveSmallIntegerField(_("warn before a tier falls, days"), default=30)
    falling = models.ForeignKey(
        LetterTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("with the letter")
    )
    rewarded = models.ForeignKey(
        LetterTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("thank for friends with the letter"),
        help_text=_("To whoever has got something for bringing friends, the day after."),
    )
    sender_name = models.CharField(_("letters are signed by"), max_length=120, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)

    class Meta:
        verbose_name = _("rules of letters")
        verbose_name_plural = _("rules of letters")

    def __str__(self) -> str:
        return str(_("Rules of letters"))


class Message(models.Model):
    """One letter to one client, from the moment it was due to what became of it. `clients.letters` writes it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("not sent")
        """We did not send it: no consent, silent, over the weekly limit, too late, no address."""
        FAILED = "failed", _("failed")
        """We tried, and the channel would not take it."""

    operation = models.CharField(max_length=160, unique=True)
    client = models.ForeignKey(Client, models.PROTECT, related_name="messages", verbose_name=_("client"))
    template = models.ForeignKey(
        LetterTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("template")
    )
    occasion = models.CharField(_("occasion"), max_length=80, db_index=True)
    """What it was written for: "mailing:3", "program:birthday", "chain:back", "reminder"."""
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    topic = models.CharField(_("topic"), max_length=12, choices=Topic.choices)
    value = models.PositiveSmallIntegerField(_("value"), default=50)
    facts = models.JSONField(default=dict)
    """What fills the places of the template, as text."""
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    text = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    due_at = models.DateTimeField(_("not before"))
    useless_at = models.DateTimeField(_("of no use after"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="letters_to_send"),
            models.Index(fields=["client", "sent_at"], name="letters_of_a_client"),
            models.Index(fields=["occasion", "state"], name="letters_of_an_occasion"),
        ]

    def __str__(self) -> str:
        return self.subject or self.operation


class Silence(models.Model):
    """A topic that a client does not want to hear of on a channel."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="silences", verbose_name=_("client"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    topic = models.CharField(_("topic"), max_length=12, choices=Topic.choices)
    since = models.DateTimeField(_("since"), default=timezone.now)
    by = models.CharField(_("by"), max_length=170)

    class Meta:
        verbose_name = _("unsubscription")
        verbose_name_plural = _("unsubscriptions")
        constraints = [
            models.UniqueConstraint(fields=["client", "channel", "topic"], name="a_client_is_silent_once_a_topic")
        ]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.channel} {self.topic}"
