"""Devices from which clients join and open their page: a random mark in a cookie, of which a keyed hash is kept.

The mark says nothing of the device and is read on these pages only: whether two people used the same browser, and no
more. The key is derived from `SECRET_KEY`; after it changes devices are learned anew.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.utils.crypto import salted_hmac

from clients.models import Device

MARK = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
MOST = 20
"""Of one client. Whoever opens the page in a new private window each time is not followed further."""


def new_mark() -> str:
    """192 random bits, as 32 symbols that a cookie may have."""
    return secrets.token_urlsafe(24)


def is_mark(text: str) -> bool:
    """Whether this can be a mark of ours, and not what somebody wrote into the cookie."""
    return MARK.fullmatch(text) is not None


def hidden(mark: str) -> str:
    """What is stored of a mark."""
    return salted_hmac("clients.device", mark, algorithm="sha256").hexdigest()


def seen(*, client: int, mark: str, at: datetime) -> None:
    """The client was here with this device (`mark` is hidden already). The first time is kept, later ones are not."""
    known = Device.objects.filter(client=client)
    if known.filter(mark=mark).exists() or known.count() >= MOST:
        return
    Device.objects.bulk_create([Device(client_id=client, mark=mark, seen_at=at)], ignore_conflicts=True)
