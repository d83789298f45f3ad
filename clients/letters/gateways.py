"""Ways out for SMS and messengers: addresses as apprise reads them, from the admin and from the environment.

An address holds keys, so it is kept encrypted with a key made of `SECRET_KEY`, never shown again, and never logged:
apprise's own log is silenced, as some of its services write the address there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from clients.ciphers import cipher
from clients.models import Gateway
from clients.refusals import Invalid

log = logging.getLogger(__name__)
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False

PURPOSE = "clients.gateway"
LOCKED = "locked:"
PHONE = "{phone}"
EXAMPLE = "+12125550100"
PATIENCE = 20
"""Seconds for a gateway to answer, all its requests together."""


class Unreadable(Invalid):
    """The address was encrypted with another `SECRET_KEY`."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """An address that is on. `repr` does not show it."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"WayOut({self.name!r})"


def lock(url: str) -> str:
    """The address as it is stored."""
    return LOCKED + cipher(PURPOSE).encrypt(url.encode()).decode()


def unlock(stored: str) -> str:
    """The address as it was typed. Raises `Unreadable`."""
    if not stored.startswith(LOCKED):
        return stored
    try:
        return cipher(PURPOSE).decrypt(stored.removeprefix(LOCKED).encode()).decode()
    except InvalidToken:
        raise Unreadable(_("The address was kept with another SECRET_KEY: type it again.")) from None


def check_address(url: str) -> None:
    """Refuse what apprise does not know, and an address that has no place for the number. Raises `Invalid`."""
    if PHONE not in url:
        raise Invalid(_("The address must have {phone}: there the client's number stands."), field="url")
    if Apprise.instantiate(_for_phone(url, EXAMPLE), asset=_asset(), suppress_exceptions=True) is None:
        raise Invalid(_("This is no address that apprise knows. Its pages list them for each service."), field="url")


def ways_out() -> list[WayOut]:
    """What may be used, in order: the gateways of the admin by priority, then the addresses of the environment."""
    found = []
    for row in Gateway.objects.filter(enabled=True).order_by("priority", "name"):
        try:
            found.append(WayOut(row.name, unlock(row.url)))
        except Unreadable:
            log.warning("the address of gateway %s was kept with another SECRET_KEY", row.name)
    listed = enumerate(settings.MESSAGE_URLS, start=1)
    return found + [WayOut(f"MESSAGE_URLS {number}", url) for number, url in listed if url.strip()]


def push(way: WayOut, phone: str, text: str) -> bool:
    """Hand a message over; whether the gateway took it."""
    service = Apprise.instantiate(_for_phone(way.url, phone), asset=_asset(), suppress_exceptions=True)
    if service is None:
        return False
    return bool(Apprise(services=service, asset=_asset()).notify(body=text, body_format=NotifyFormat.TEXT))


def _for_phone(url: str, phone: str) -> str:
    return url.strip().replace(PHONE, quote(phone, safe=""))


def _asset() -> AppriseAsset:
    """Nothing is kept on disk, and texts go as they are."""
    return AppriseAsset(
        app_id="Regulars",
        app_desc="Regulars",
        async_mode=False,
        interpret_escapes=False,
        interpret_emojis=False,
        secure_logging=True,
        service_timeout=PATIENCE,
        storage_mode=PersistentStoreMode.MEMORY,
    )
