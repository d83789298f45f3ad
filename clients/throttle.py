"""Guessing does not pay: how often somebody may try a code, a phone or a password within a period.

Count first, then check. The count is one statement (`INSERT … ON CONFLICT DO UPDATE … RETURNING`), committed before
anything is looked up, so that of forty guesses sent at the same moment no more pass than the limit allows. A period
begins with the first try and ends by itself: tries made while blocked do not prolong it, so no stranger can keep
anybody out for good.

Who tried is stored as a keyed hash: the table holds no address and no phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from clients.models import Throttle
from clients.refusals import Refusal

COUNT = """
INSERT INTO clients_throttle (scope, who, tries, ends_at) VALUES (%s, %s, 1, %s)
ON CONFLICT (scope, who) DO UPDATE SET
    tries = CASE WHEN clients_throttle.ends_at <= %s THEN 1 ELSE clients_throttle.tries + 1 END,
    ends_at = CASE WHEN clients_throttle.ends_at <= %s THEN excluded.ends_at ELSE clients_throttle.ends_at END
RETURNING tries, ends_at
"""
# A customer of an IPv6 provider has a /64 to themselves: counted by single addresses they would have 2**64 tries.
OWN_V6_BITS = 64


class Throttled(Refusal):
    """Too many tries. `facts["seconds"]`: when to try again."""

    code = "throttled"


def count(scope: str, who: str, *, limit: int, period: timedelta, now: datetime) -> None:
    """Count a try of `who` (an address, a phone) at `scope` ("gift_card"). Raises `Throttled` beyond `limit` a period.

    Outside any transaction: a try that is rolled back would not have counted.
    """
    with transaction.atomic(durable=True):
        tries, ends_at = _counted(scope, _hidden(who), now + period, now)
    if tries > limit:
        seconds = max(1, round((ends_at - now).total_seconds()))
        raise Throttled(_later(seconds), seconds=seconds)


def forget(*, now: datetime) -> int:
    """Delete the counts whose period is over; how many there were. For the night."""
    return Throttle.objects.filter(ends_at__lte=now).delete()[0]


def address_of(meta: Mapping[str, Any]) -> str:
    """The address that a request came from, out of its WSGI environment.

    `X-Forwarded-For` is believed only for `settings.TRUSTED_PROXIES` entries from its end: what stands before them
    was written by the caller.
    """
    chain = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    proxies = settings.TRUSTED_PROXIES
    if proxies and len(chain) >= proxies:
        return _network(chain[-proxies])
    return _network(str(meta.get("REMOTE_ADDR", "")))


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> OWN_V6_BITS << OWN_V6_BITS))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _counted(scope: str, who: str, ends_at: datetime, now: datetime) -> tuple[int, datetime]:
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [scope, who, adapt(ends_at), adapt(now), adapt(now)])
        tries, stored = cursor.fetchone()
    if isinstance(stored, str):  # SQLite keeps times as text
        stored = datetime.fromisoformat(stored)
    return tries, stored if stored.tzinfo else stored.replace(tzinfo=UTC)


def _hidden(who: str) -> str:
    return salted_hmac("clients.throttle", who, algorithm="sha256").hexdigest()


def _later(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "That was tried too often. Please try again in %(minutes)d minute.",
        "That was tried too often. Please try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
