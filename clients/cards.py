"""Loyalty cards: a number that can be told over the counter. Its last digit shows a mistyped one (Luhn)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from stdnum import luhn

from clients.models import Card, Client
from clients.refusals import Invalid

LENGTH = 10
TRIES = 5
PLASTIC = re.compile(r"[0-9]{4,20}", re.ASCII)
SEPARATORS = re.compile(r"[\s-]+")


class WrongCardNumber(Invalid):
    """The check digit does not fit: a digit is wrong, or two are swapped."""


def clean_number(text: str) -> str:
    """A typed card number without spaces and dashes."""
    return SEPARATORS.sub("", text)


def looks_like_card(text: str) -> bool:
    """Whether this could be a card number, mistyped or not."""
    return PLASTIC.fullmatch(clean_number(text)) is not None


def read_number(text: str) -> str:
    """The number of a card that was typed or scanned. Raises `Invalid`, or `WrongCardNumber` for a slip."""
    number = clean_number(text)
    if PLASTIC.fullmatch(number) is None:
        raise Invalid(_("must be a card number of 4 to 20 digits"), field="card")
    if not luhn.is_valid(number):
        raise WrongCardNumber(_("There is a mistake in this card number: its last digit does not fit."), field="card")
    return number


def find_by_card(text: str) -> Client | None:
    """Whose card this is. Raises `WrongCardNumber` for a number that no card can have, unless one does."""
    card = Card.objects.select_related("client").filter(number=clean_number(text)[:20]).first()
    if card is None:
        read_number(text)
        return None
    return card.client


def issue_card(client: Client, *, at: datetime) -> Card:
    """A new electronic card, primary unless the client has a primary one."""
    for _attempt in range(TRIES):
        number = _fresh_number()
        try:
            with transaction.atomic():
                return _add(client, number, "electronic", at)
        except IntegrityError:
            if not Card.objects.filter(number=number).exists():
                raise
    raise RuntimeError("no free card number was found")  # each try misses with the share of numbers in use


def give_card(client: Client, text: str, *, at: datetime) -> Card:
    """A plastic card with this number, primary from now on. Raises `Invalid`, field "card", also if it is taken."""
    number = read_number(text)
    taken = Card.objects.filter(number=number).first()
    if taken is not None and taken.client_id == client.pk:
        return taken
    try:
        with transaction.atomic():
            Card.objects.filter(client=client, is_primary=True).update(is_primary=False)
            return _add(client, number, "plastic", at)
    except IntegrityError:
        raise Invalid(_("This card belongs to another client."), field="card") from None


def _add(client: Client, number: str, kind: str, at: datetime) -> Card:
    has_primary = Card.objects.filter(client=client, is_primary=True).exists()
    return Card.objects.create(client=client, number=number, kind=kind, is_primary=not has_primary, created_at=at)


def _fresh_number() -> str:
    """Random digits, the last one the check digit; never a leading zero, which spreadsheets lose."""
    lead = 10 ** (LENGTH - 2)
    digits = str(lead + secrets.randbelow(9 * lead))
    return digits + luhn.calc_check_digit(digits)
