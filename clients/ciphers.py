"""What must be read again and is nobody else's: encrypted under keys derived from `SECRET_KEY`, one for each purpose.

What was encrypted under one of `SECRET_KEY_FALLBACKS` is still read.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes


def cipher(purpose: str) -> MultiFernet:
    """The cipher of a purpose ("giftcards.sealing"): what it encrypts, no other purpose reads."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_derived(purpose, key)) for key in keys])


def _derived(purpose: str, key: str | bytes) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(force_bytes(f"{purpose}:") + force_bytes(key)).digest())
