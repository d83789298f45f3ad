"""Codes that must still be told: encrypted, under a key derived from `SECRET_KEY`, until a letter or a printer has it.

Codes sealed under one of `SECRET_KEY_FALLBACKS` are still read.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from clients.refusals import Refusal


class CodeIsLost(Refusal):
    """The secret key has changed since the code was sealed: only a replacement of the card helps."""


def seal(code: str) -> str:
    """What may be stored of a code until it has been told."""
    return _cipher().encrypt(code.encode()).decode()


def unseal(text: str) -> str:
    """The code that was sealed. Raises `CodeIsLost`."""
    try:
        return _cipher().decrypt(text.encode()).decode()
    except InvalidToken:
        message = _("The code of this gift card can no longer be read: the secret key has changed. Replace the card.")
        raise CodeIsLost(message) from None


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    return base64.urlsafe_b64encode(hashlib.sha256(b"giftcards.sealing:" + raw).digest())
