"""A client's own code: eight letters that a friend can be told on the phone. It gives nothing to whoever guesses it."""

from __future__ import annotations

import re
import secrets
from urllib.parse import unquote

from django.db import IntegrityError, transaction

from clients.models import Client
from referrals.models import Code, Partner

# Letters only, so that a code is never taken for a phone or a card; none that looks like another or like a digit.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
TRIES = 5
# Of an invitation, in whatever text and behind whatever host: the site may be known by several.
LINK = re.compile(r"/join/([^/?#\s]+)", re.IGNORECASE)


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _i in range(LENGTH))


def out_of_link(typed: str) -> str:
    """Whom a pasted link (or the whole message with it) invites from; anything else as it was typed."""
    link = LINK.search(typed)
    return unquote(link[1]) if link is not None else typed


def read_code(typed: str) -> str:
    """What was typed, in any case, with spaces and dashes, or as a link, as a code is stored."""
    return "".join(out_of_link(typed).split()).replace("-", "").upper()


def give_code(client: Client) -> Code:
    """A code of their own for a client who has none."""
    for _attempt in range(TRIES):
        code = new_code()
        if Partner.objects.filter(code__iexact=code).exists():
            continue
        try:
            with transaction.atomic():
                return Code.objects.create(client=client, code=code)
        except IntegrityError:
            if not Code.objects.filter(code=code).exists():
                raise
    raise RuntimeError("no free referral code was found")
