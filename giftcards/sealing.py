"""Codes that must still be told: encrypted until a letter or a printer has them."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from clients.ciphers import cipher
from clients.refusals import Refusal

PURPOSE = "giftcards.sealing"


class CodeIsLost(Refusal):
    """The secret key has changed since the code was sealed: only a replacement of the card helps."""


def seal(code: str) -> str:
    """What may be stored of a code until it has been told."""
    return cipher(PURPOSE).encrypt(code.encode()).decode()


def unseal(text: str) -> str:
    """The code that was sealed. Raises `CodeIsLost`."""
    try:
        return cipher(PURPOSE).decrypt(text.encode()).decode()
    except InvalidToken:
        message = _("The code of this gift card can no longer be read: the secret key has changed. Replace the card.")
        raise CodeIsLost(message) from None
