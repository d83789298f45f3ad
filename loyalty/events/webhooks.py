"""Who listens: addresses that the owner gave, each with a secret that signs what is sent to it.

Only public addresses are called, over https: a webhook must not be a way to reach what stands beside the server. The
name is looked up anew before each call. While `DEBUG` is on, any address will do.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.ciphers import cipher
from clients.refusals import Invalid, Refusal
from loyalty.events.happening import NAMES
from loyalty.models import Webhook

PURPOSE = "loyalty.webhooks"
PREFIX = "whsec_"
SECRET_BYTES = 32
LONGEST_URL = 500
LONGEST_HOST = 253
LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII | re.IGNORECASE)
MOST = 20
"""Addresses of one installation."""


class UnsafeAddress(Refusal):
    """The name leads to the server itself or to its own network, or to nowhere."""


def add(*, url: str, events: Sequence[str], by: Actor) -> tuple[Webhook, str]:
    """A new listener, and the secret that signs what it gets: told only now. Raises `Invalid`."""
    url = check_url(url)
    names = check_names(events)
    if Webhook.objects.count() >= MOST:
        raise Invalid(_("There are %(most)d webhooks already: take one off first.") % {"most": MOST}, field="url")
    secret = PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    row = Webhook.objects.create(url=url, events=names, sealed_secret=seal(secret), by=str(by))
    return row, secret


def remove(webhook: Webhook) -> None:
    """Nothing is sent there any more, and what was on its way is forgotten."""
    webhook.delete()


def switch_on(webhook: Webhook) -> None:
    """Listen again, after it was switched off for not answering."""
    webhook.enabled, webhook.disabled_reason = True, ""
    webhook.save()


def check_url(url: str) -> str:
    """The address. Raises `Invalid` for what is none, or is not https."""
    said = url.strip()
    allowed = ("https", "http") if settings.DEBUG else ("https",)
    parts = _parts(said) if len(said) <= LONGEST_URL and said.isprintable() else None
    if parts is None or parts.scheme not in allowed or parts.username is not None:
        raise Invalid(_("must be an address like https://till.example/hook"), field="url")
    return said


def _parts(url: str) -> SplitResult | None:
    """The parts of an address; None if there is no host in it that can have a name, or no port of this number."""
    try:
        parts = urlsplit(url)
        is_address = _is_host(parts.hostname or "") and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if is_address else None


def _is_host(name: str) -> bool:
    """Whether it is an IP address, or a host name as IDNA writes it; one that is not cannot even be looked up."""
    if ":" in name:
        return bool(ipaddress.ip_address(name))
    try:
        plain = name.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(plain) <= LONGEST_HOST and all(LABEL.fullmatch(label) for label in plain.removesuffix(".").split("."))


def check_names(events: Sequence[str]) -> list[str]:
    """The names, each once, in the order of the contract. Raises `Invalid`."""
    for i, name in enumerate(events):
        if name not in NAMES:
            raise Invalid(_("there is no event %(name)s") % {"name": str(name)[:60]}, field=f"events[{i}]")
    if not events:
        raise Invalid(_("say at least one event"), field="events")
    return [name for name in NAMES if name in events]


def check_is_public(url: str) -> None:
    """Look the name up. Raises `UnsafeAddress`."""
    if settings.DEBUG:
        return
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter is what a name that is no host's raises
        raise UnsafeAddress(_("The name of this address is not known.")) from None
    for *_family, place in found:
        if not ipaddress.ip_address(place[0]).is_global:
            raise UnsafeAddress(_("This address is on a private network."))


def seal(secret: str) -> str:
    return cipher(PURPOSE).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The secret; None if it was kept with another `SECRET_KEY`."""
    try:
        return cipher(PURPOSE).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None
