"""Links that open a client's page: the lasting one (`loyalty.links`), and one by e-mail that opens it once.

Both are signed with the installation's key and name the client; neither can be made or altered without the key.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from clients import throttle
from clients.models import Client
from clients.refusals import NotFound
from loyalty.links import LONGEST, balance_link_of, client_of

__all__ = ["balance_link", "client_of", "one_time_link", "use_one_time_link"]

ONCE = "loyalty.portal.one_time_link"
ONCE_LIVES = timedelta(minutes=30)


def balance_link(client: Client) -> str:
    """The address of the client's page, for a receipt or a QR code. It does not end."""
    return balance_link_of(client.pk)


def one_time_link(client: Client, *, now: datetime) -> str:
    """The address that opens the client's page once, within half an hour."""
    ends = int((now + ONCE_LIVES).timestamp())
    token = signing.dumps([client.pk, ends, secrets.token_urlsafe(9)], salt=ONCE)
    return settings.BASE_URL + reverse("portal:open-once", args=[token])


def use_one_time_link(token: str, *, now: datetime) -> int:
    """The client whose link this is; from now on it is used. Raises `NotFound` for one that is used, old or altered.

    Of two uses at the same moment one wins: the throttle counts atomically.
    """
    try:
        client, ends, nonce = signing.loads(token[: 2 * LONGEST], salt=ONCE)
    except (signing.BadSignature, ValueError):
        raise NotFound("not a link of ours") from None
    if now.timestamp() >= ends:
        raise NotFound("too old")
    try:
        throttle.count("one_time_link", nonce, limit=1, period=2 * ONCE_LIVES, now=now)
    except throttle.Throttled:
        raise NotFound("used already") from None
    return int(client)
