"""Clients come in, change and are found: names, phones, e-mails, cards.

What mechanics do for a newcomer is `loyalty.registration`, which is what pages call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clients import devices, former_phones
from clients.actors import Actor
from clients.cards import clean_number, give_card, issue_card, looks_like_card
from clients.dates import clean_dates, set_dates
from clients.letters.unsubscribing import clean_silences, set_silences
from clients.models import LANGUAGES, Business, Card, Client, Consent, Location
from clients.phones import parse_phone
from clients.refusals import Invalid
from clients.tags import clean_tags, set_tags
from clients.texts import clean_text

SEARCH_LIMIT = 20
EARLIEST_BIRTHDAY = date(1900, 1, 1)
NAME_LENGTH = 80
NOTE_LENGTH = 2000
EMAIL_LENGTH = 254
OF_ROWS = frozenset({"card", "consents", "tags", "dates", "silences"})
"""Fields that rows of their own keep."""
FIELDS = frozenset({"first_name", "last_name", "phone", "email", "birthday", "language", "note", *OF_ROWS})


class AlreadyClient(Invalid):
    """Somebody with this phone is a client. For staff and tills; a public page must not tell (`reliability.md` P14)."""


def register(  # keyword-only, each is a field of the form
    *,
    first_name: str = "",
    last_name: str = "",
    phone: str | None = None,
    email: str | None = None,
    birthday: date | str | None = None,
    language: str = "",
    note: str = "",
    card: str | None = None,
    consents: Collection[str] = (),
    tags: Sequence[str] = (),
    dates: Sequence[Any] = (),
    silences: Sequence[Any] = (),
    home: Location | None = None,
    device: str = "",
    by: Actor,
    at: datetime,
) -> Client:
    """A new client with a card: the plastic one whose number is given, else an electronic one.

    A name is needed, except from the holder of a plastic card who says nothing else. `device` is the hidden mark of
    the one they joined with (`clients.devices`). Raises `Invalid` with the field (phone, card: taken). Inside the
    caller's transaction.
    """
    business = Business.objects.first()
    said = {"first_name": first_name, "last_name": last_name, "phone": phone, "email": email, "birthday": birthday}
    values = _cleaned({**said, "language": language, "note": note}, business, at)
    anonymous = card and not any(values[name] for name in ("last_name", "phone", "email", "birthday"))
    if not values["first_name"] and not anonymous:
        raise Invalid(_("Say the first name."), field="first_name")
    topics, days = _topics(consents), clean_dates(dates, today=_today(business, at))
    client = Client(**values, home=home, created_at=at)
    _save(client)
    if card:
        give_card(client, card, at=at)
    else:
        issue_card(client, at=at)
    Consent.objects.bulk_create(Consent(client=client, topic=topic, given_at=at) for topic in topics)
    if tags:
        set_tags(client, tags, by=by)
    if days:
        set_dates(client, days, by=by)
    if silences:
        set_silences(client, clean_silences(silences), by=by, at=at)
    if device:
        devices.seen(client=client.pk, mark=device, at=at)
    return client


def update(client: Client, changes: Mapping[str, Any], *, by: Actor, at: datetime) -> Client:
    """Change what is named in `changes` (keys of `FIELDS`); None empties a field.

    `consents`, `tags`, `dates` and `silences` are all that now stand.

    Raises `Invalid` with the field. Inside the caller's transaction.
    """
    unknown = sorted(set(changes) - FIELDS)
    if unknown:
        raise Invalid(_("unknown field"), field=unknown[0])
    own = {name: value for name, value in changes.items() if name not in OF_ROWS}
    values = _cleaned(own, Business.objects.first(), at)
    if "first_name" in values and not values["first_name"]:
        raise Invalid(_("Say the first name."), field="first_name")
    _change(client, values, by=by, at=at)
    if changes.get("card"):
        give_card(client, changes["card"], at=at)
    if "consents" in changes:
        _set_consents(client, _topics(changes["consents"] or ()), at)
    if "tags" in changes:
        set_tags(client, changes["tags"], by=by)
    if "silences" in changes:
        set_silences(client, clean_silences(changes["silences"]), by=by, at=at)
    if "dates" in changes:
        set_dates(client, clean_dates(changes["dates"], today=_today(Business.objects.first(), at)), by=by)
    return client


def _change(client: Client, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Save these columns. The phone that goes is read anew: a form has put what was typed into the row already."""
    if not values:
        return
    stored = Client.objects.filter(pk=client.pk).values_list("phone", flat=True)
    former = stored.first() if "phone" in values else None
    for name, value in values.items():
        setattr(client, name, value)
    _save(client, {*values, "search_name"})
    if former and former != client.phone:
        former_phones.record(client, before=former, by=by, at=at)


def checked(said: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """What was said, as it would be stored; nobody is looked up. Raises `Invalid` with the field."""
    return _cleaned(said, Business.objects.first(), at)


def search(text: str) -> QuerySet[Client]:
    """At most 20 clients that match a phone, a card, an e-mail or a name, as it is typed; newest first.

    Whole phones, cards and e-mails and beginnings of names are found by index. Only what is not found so, and is not
    a whole phone or e-mail (a newcomer's), is looked for inside names and phones.
    """
    text = " ".join(text.split()).casefold()
    found: list[int] = []
    if text and "\x00" not in text:
        present = Client.objects.filter(erased_at=None).order_by("-pk")
        found = list(present.filter(_exactly(text)).values_list("pk", flat=True)[:SEARCH_LIMIT])
        if not found and not _is_whole(text):
            found = list(present.filter(_inside(text)).values_list("pk", flat=True)[:SEARCH_LIMIT])
    return Client.objects.filter(pk__in=found).order_by("-pk")


def _exactly(text: str) -> Q:
    where = _begins("search_name", text) | Q(email=text)
    if looks_like_card(text):
        where |= Q(pk__in=Card.objects.filter(number=clean_number(text)).values("client_id"))
    phone = phone_or_none(text)
    return where | Q(phone=phone) if phone else where


def _is_whole(text: str) -> bool:
    return "@" in text or phone_or_none(text) is not None


def _inside(text: str) -> Q:
    """Every word somewhere in the name, or the digits somewhere in the phone or at the end of a card."""
    where = Q()
    for word in text.split():
        where &= Q(search_name__contains=word)
    digits = "".join(character for character in text if character in "0123456789")
    if len(digits) >= 4 and not any(character.isalpha() for character in text):
        where |= Q(phone__contains=digits) | Q(pk__in=Card.objects.filter(number__endswith=digits).values("client_id"))
    return where


def _begins(field: str, text: str) -> Q:
    """`startswith` that uses the index: SQLite has none for LIKE, PostgreSQL's order of a range is its locale's."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": text + "\U0010ffff"})
    return Q(**{f"{field}__startswith": text})


def phone_or_none(text: str) -> str | None:
    """The phone that this text is, if it is one."""
    business = Business.objects.first()
    try:
        return parse_phone(text, timezone=business.timezone if business else "UTC")
    except Invalid:
        return None


def _save(client: Client, fields: Collection[str] | None = None) -> None:
    """Save, and say in words what the database says by a constraint."""
    try:
        with transaction.atomic():
            client.save(update_fields=fields)
    except IntegrityError as error:
        if "phone" not in str(error):
            raise
        raise AlreadyClient(_("A client with this phone is registered already."), field="phone") from None


def _cleaned(said: Mapping[str, Any], business: Business | None, at: datetime) -> dict[str, Any]:
    """What was said, as it is stored. Raises `Invalid` with the field."""
    timezone = business.timezone if business else "UTC"
    today = _today(business, at)
    clean: dict[str, Any] = {
        "first_name": lambda value: clean_text(value, "first_name", NAME_LENGTH),
        "last_name": lambda value: clean_text(value, "last_name", NAME_LENGTH),
        "phone": lambda value: parse_phone(clean_text(value, "phone", 40), timezone=timezone) if value else None,
        "email": _email,
        "birthday": lambda value: _birthday(value, today),
        "language": _language,
        "note": lambda value: clean_text(value, "note", NOTE_LENGTH, lines=True),
        "tags": clean_tags,
        "dates": lambda value: clean_dates(value, today=today),
        "silences": clean_silences,
    }
    return {name: clean[name](value) for name, value in said.items()}


def _today(business: Business | None, at: datetime) -> date:
    return business.day(at) if business else at.date()


def _email(value: Any) -> str | None:
    """Lower case, so that one address has one spelling. Families share one: it need not be unique."""
    address = clean_text(value, "email", EMAIL_LENGTH).lower()
    if not address:
        return None
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(_("must be an e-mail address like name@example.com"), field="email") from None
    return address


def _birthday(value: Any, today: date) -> date | None:
    if value is None or value == "":
        return None
    try:
        day = value if isinstance(value, date) else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007  # a day
    except (TypeError, ValueError):
        raise Invalid(_("must be a date like 1990-05-31"), field="birthday") from None
    if not EARLIEST_BIRTHDAY <= day <= today:
        raise Invalid(_("must be between 1900 and today"), field="birthday")
    return day


def _language(value: Any) -> str:
    if value is None or value == "":
        return ""
    known = [code for code, _name in LANGUAGES]
    if value not in known:
        raise Invalid(_("must be one of %(codes)s") % {"codes": ", ".join(known)}, field="language")
    return str(value)


def _topics(consents: Any) -> list[str]:
    """Topics of consent, each once. Raises `Invalid`, field "consents[i]"."""
    if not isinstance(consents, list | tuple | set | frozenset):
        raise Invalid(_("must be a list"), field="consents")
    known = [topic for topic, _name in Consent.TOPICS]
    for i, topic in enumerate(consents):
        if topic not in known:
            raise Invalid(_("must be one of %(topics)s") % {"topics": ", ".join(known)}, field=f"consents[{i}]")
    return list(dict.fromkeys(consents))


def _set_consents(client: Client, topics: Collection[str], at: datetime) -> None:
    """What is not named any more is withdrawn; what stands keeps its date."""
    standing = Consent.objects.filter(client=client, withdrawn_at=None)
    standing.exclude(topic__in=topics).update(withdrawn_at=at)
    kept = set(standing.filter(topic__in=topics).values_list("topic", flat=True))
    Consent.objects.bulk_create(Consent(client=client, topic=t, given_at=at) for t in topics if t not in kept)
