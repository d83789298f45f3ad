"""For whom a gift card is: read from what was sent, checked, and written with the card that is sold.

A letter that is asked for now goes now, whatever the hour: whoever pays for it expects that. One for a day goes on
that day at nine in the morning where the house is, and a present of the night when the quiet hours are over
(`LetterRules`), so that no telephone rings at night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from clients.letters.quiet import quiet_until
from clients.letters.sending import rules_of
from clients.models import LANGUAGES, Business, Client, LetterRules
from clients.refusals import Invalid
from giftcards.models import GiftCard, GiftCardDelivery
from loyalty.mechanics import Handing
from loyalty.reader import Reader

KEY = "recipient"
LONGEST_EMAIL = 254
KEYS = {"name", "email", "message", "on", "language", "from"}
MORNING = time(9)
FARTHEST = timedelta(days=366)
NAME, MESSAGE = 120, 500


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a card is for. `on` None: now; `language` and `giver` empty: the buyer's."""

    name: str
    email: str
    message: str = ""
    on: date | None = None
    language: str = ""
    giver: str = ""


def read(line: Reader) -> Recipient | None:
    """The recipient of a line, or None. Raises `Invalid` with the field."""
    if line.raw.get(KEY) is None:
        return None
    reader = Reader(line.raw[KEY], line.at(KEY), line.currency)
    reader.only(KEYS)
    return Recipient(
        name=_one_line(reader, "name"),
        email=_email(reader),
        message=reader.text("message", "", limit=MESSAGE).replace("\r\n", "\n"),
        on=_day(reader),
        language=_language(reader),
        giver=_one_line(reader, "from"),
    )


def _one_line(reader: Reader, key: str) -> str:
    text = " ".join(reader.text(key, "", limit=NAME).split())
    if not text.isprintable():
        raise Invalid(_("must be one line of plain text"), field=reader.at(key))
    return text


def _email(reader: Reader) -> str:
    return checked_email(reader.raw.get("email"), field=reader.at("email"))


def checked_email(email: object, *, field: str = "email") -> str:
    """The address. Raises `Invalid`."""
    try:
        # Mail servers take no letters of other alphabets in an address, nor more than the column holds.
        fits = isinstance(email, str) and email.isascii() and len(email) <= LONGEST_EMAIL
        validate_email(str(email) if fits else None)
    except ValidationError:
        message = _("The gift card needs the e-mail address of whoever it is for, like anna@example.com.")
        raise Invalid(message, field=field) from None
    return str(email)


def _day(reader: Reader) -> date | None:
    text = reader.raw.get("on")
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        raise Invalid(_("must be a day, like 2026-05-30"), field=reader.at("on")) from None


def _language(reader: Reader) -> str:
    language = reader.text("language", "", limit=8)
    if language and language not in dict(LANGUAGES):
        raise Invalid(
            _("must be one of %(codes)s") % {"codes": ", ".join(dict(LANGUAGES))}, field=reader.at("language")
        )
    return language


def check_day(recipient: Recipient, *, today: date, last_day: date | None, path: str) -> None:
    """Refuse a day that is over, that the card does not live to see, or that is more than a year away."""
    on, field = recipient.on, f"{path}.{KEY}.on"
    if on is None:
        return
    if on < today:
        raise Invalid(_("The gift card cannot be sent on a day that is over."), field=field)
    if last_day is not None and on > last_day:
        raise Invalid(_("The gift card would end before it is sent."), field=field)
    if on > today + FARTHEST:
        raise Invalid(_("The gift card can be sent at most a year from now."), field=field)


@dataclass(frozen=True, slots=True)
class Addressed:
    """A card that was just written, with its code sealed, and whom it is for."""

    card: GiftCard
    recipient: Recipient


def write(addressed: Sequence[Addressed], *, buyer: int | None, today: date, now: datetime) -> None:
    """Put the cards on their way, inside the caller's transaction. Queries do not grow with the cards."""
    if not addressed:
        return
    business = Business.objects.get()
    giver = Client.objects.filter(pk=buyer).first() if buyer is not None else None
    rules = rules_of(business)
    GiftCardDelivery.objects.bulk_create(_row(one, business, rules, giver, today=today, now=now) for one in addressed)


def _row(
    one: Addressed, business: Business, rules: LetterRules, buyer: Client | None, *, today: date, now: datetime
) -> GiftCardDelivery:
    said = one.recipient
    morning = morning_of(said.on, rules, business.zone) if said.on is not None else now
    return GiftCardDelivery(
        card=one.card,
        name=said.name,
        email=said.email,
        message=said.message,
        giver=said.giver or (buyer.first_name if buyer is not None else ""),
        language=said.language or (buyer.language if buyer is not None else "") or business.language,
        on_day=said.on or today,
        due_at=max(morning, now),
        created_at=now,
    )


def morning_of(day: date, rules: LetterRules, zone: ZoneInfo) -> datetime:
    """Nine o'clock there, or the end of the quiet hours if those last longer."""
    at = datetime.combine(day, MORNING, tzinfo=zone).astimezone(UTC)
    return quiet_until(at, rules.quiet_from, rules.quiet_to, zone) or at


def mail_present(card: GiftCard, handing: Handing) -> None:
    """A present that nobody could be told: it goes to the client's own address, not by night.

    Without an address the code stays sealed, until staff tell it to the client at the desk (`delivery.tell`).
    """
    clients = Client.objects.filter(erased_at=None)
    client = clients.filter(pk=handing.client).first() if handing.client is not None else None
    if client is None or not client.email:
        return
    business = Business.objects.get()
    rules = rules_of(business)
    due_at = quiet_until(handing.now, rules.quiet_from, rules.quiet_to, business.zone) or handing.now
    GiftCardDelivery.objects.create(
        card=card,
        name=client.first_name,
        email=client.email,
        language=client.language or business.language,
        on_day=business.day(due_at),
        due_at=due_at,
        created_at=handing.now,
    )


def from_the_desk(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed in the fields of a line, as `read` takes it; nothing if it was left empty."""
    said = {name: text for name, text in typed.items() if name in KEYS}
    return {KEY: said} if said.keys() - {"language"} else {}
