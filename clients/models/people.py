"""People and places: the business, its locations and staff, its clients and their cards."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clients.configured import Configured

LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]

code_validator = RegexValidator(
    r"\A[a-zA-Z0-9][a-zA-Z0-9_-]*\Z", _("Letters, digits, dashes and underscores, starting with a letter or digit.")
)


def check_timezone(name: str) -> None:
    """Refuse what is not an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(_("%(name)s is not a time zone like Europe/Moscow."), params={"name": name}) from None


class Business(Configured):
    """The one company that this installation serves."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(
        _("currency"), max_length=3, help_text=_("The three letters of ISO 4217, for example USD or EUR.")
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        validators=[check_timezone],
        help_text=_("Days begin and end by it, for example Europe/Moscow."),
    )
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#1f6f5c",
        validators=[RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("A colour like #1f6f5c."))],
        help_text=_("The one colour of the pages that your clients see."),
    )
    terms = models.TextField(_("terms"), blank=True, help_text=_("What a client agrees to on joining."))
    is_demo = models.BooleanField(_("demonstration"), default=False, editable=False)
    revision = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("business")
        verbose_name_plural = _("business")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_business")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.revision = uuid.uuid4()
        super().save(*args, **kwargs)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def day(self, at: datetime) -> date:
        """The date of this moment where the business is."""
        return at.astimezone(self.zone).date()


class Location(Configured):
    """A branch."""

    business = models.ForeignKey(Business, models.PROTECT, default=Business.ONLY, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=250, blank=True)
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[check_timezone],
        help_text=_("Only if it differs from that of the business."),
    )
    enabled = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Staff(AbstractUser):
    """Someone who works here and signs in. What they may do is said by their role (a group)."""

    locations = models.ManyToManyField(
        Location, verbose_name=_("locations"), blank=True, help_text=_("Where they work. None means everywhere.")
    )
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, blank=True)

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class CalendarDay(models.PositiveSmallIntegerField):  # type: ignore[type-arg]  # generic for the type checker only
    """Month and day of another column of its row, like 229 for 29 February: birthdays are found by its index.

    Filled on every save, also in bulk; an `update` of the date past `save` must set it as well.
    """

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> int | None:
        value = calendar_day(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value


def calendar_day(day: date | str | None) -> int | None:
    """29 February → 229."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return None if day is None else day.month * 100 + day.day


class Client(models.Model):
    """A person known to the business, or the anonymous holder of a card who may become one later."""

    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=16, unique=True, null=True, blank=True)
    email = models.EmailField(_("e-mail"), null=True, blank=True, db_index=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    birthday_on = CalendarDay(of="birthday", null=True, editable=False, db_index=True)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, blank=True)
    note = models.TextField(_("note"), blank=True, help_text=_("Seen by staff only."))
    search_name = models.CharField(max_length=170, editable=False, db_index=True, default="")
    home = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, verbose_name=_("registered at"), related_name="+"
    )
    created_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["-id"]
        indexes = [models.Index(fields=["created_at"], name="clients_by_registration")]

    def __str__(self) -> str:
        return self.full_name or str(_("Client %(id)s") % {"id": self.pk})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_name = self.full_name.casefold()
        named = kwargs.get("update_fields")
        if named is not None and "birthday" in named:
            kwargs["update_fields"] = {*named, "birthday_on"}
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def short_name(self) -> str:
        """ "B. Petrov", as the desk shows it."""
        return f"{self.first_name[:1]}. {self.last_name}" if self.first_name and self.last_name else str(self)


class Card(models.Model):
    """A numbered loyalty card. A client may have several, one is primary."""

    KINDS = [("electronic", _("electronic")), ("plastic", _("plastic"))]

    client = models.ForeignKey(Client, models.PROTECT, related_name="cards", verbose_name=_("client"))
    number = models.CharField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS, default="electronic")
    is_primary = models.BooleanField(_("primary"), default=True)
    created_at = models.DateTimeField(_("issued"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(is_primary=True), name="a_client_has_one_primary_card"
            )
        ]

    def __str__(self) -> str:
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


class Consent(models.Model):
    """What a client agreed to, and when they took it back."""

    TOPICS = [("terms", _("terms")), ("email", _("e-mail")), ("sms", _("SMS and messengers"))]

    client = models.ForeignKey(Client, models.PROTECT, related_name="consents", verbose_name=_("client"))
    topic = models.CharField(_("topic"), max_length=12, choices=TOPICS)
    given_at = models.DateTimeField(pgettext_lazy("a consent", "given"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "topic"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="a_consent_stands_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.client}: {self.get_topic_display()}"


class ClientTag(models.Model):
    """A word that staff or a till have put on a client; segments go by it."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="tags", verbose_name=_("client"))
    name = models.CharField(_("tag"), max_length=40, db_index=True)

    class Meta:
        verbose_name = _("tag of a client")
        verbose_name_plural = _("tags of clients")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["client", "name"], name="a_client_has_a_tag_once")]

    def __str__(self) -> str:
        return self.name


class PersonalDate(models.Model):
    """A day of a client that comes every year: a child's birthday, a wedding. Bonus programs go by its name."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="dates", verbose_name=_("client"))
    name = models.CharField(_("what it is"), max_length=40, help_text=_("For example: child."))
    day = models.DateField(_("day"))
    day_on = CalendarDay(of="day", editable=False)

    class Meta:
        verbose_name = _("personal date")
        verbose_name_plural = _("personal dates")
        ordering = ["name", "day"]
        constraints = [models.UniqueConstraint(fields=["client", "name", "day"], name="a_client_has_a_date_once")]
        indexes = [models.Index(fields=["name", "day_on"], name="personal_dates_by_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.day}"


class Throttle(models.Model):
    """How often somebody tried something in the present period. `clients.throttle` is the only writer."""

    scope = models.CharField(max_length=40)
    who = models.CharField(max_length=64, help_text="A keyed hash of an address or a phone.")
    tries = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("count of tries")
        verbose_name_plural = _("counts of tries")
        constraints = [models.UniqueConstraint(fields=["scope", "who"], name="tries_are_counted_once")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.tries}"


class PublicRequest(models.Model):
    """What a stranger asked for on a public page: to join, or a link to their balance.

    It is kept as said and answered in the background, so that the page takes the same time and looks the same
    whether we know them or not. Answered, the row is deleted.
    """

    class Kind(models.TextChoices):
        JOIN = "join", _("to join")
        LINK = "link", _("a link to the balance")
        WELCOME = "welcome", _("the letter after joining")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("asks for"), max_length=10, choices=Kind.choices)
    said = models.JSONField(_("said"))
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES)
    made_at = models.DateTimeField(_("made"))
    next_at = models.DateTimeField(_("next try"), db_index=True)

    class Meta:
        verbose_name = _("request of a visitor")
        verbose_name_plural = _("requests of visitors")

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Device(models.Model):
    """A phone or computer from which a client joined or opened their page: a random mark in a cookie, kept hashed."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="devices")
    mark = models.CharField(max_length=64)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [models.UniqueConstraint(fields=["mark", "client"], name="a_device_is_known_once_a_client")]
        indexes = [models.Index(fields=["client"], name="devices_of_a_client")]

    def __str__(self) -> str:
        return str(self.pk)
