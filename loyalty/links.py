"""The lasting link to a client's page: on receipts, in QR codes and in letters.

It is signed with the installation's key and names the client; it can be neither made nor altered without the key. It
never ends, as it stands on paper: changing `SECRET_KEY` (without a fallback) ends them all.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing

from clients.refusals import NotFound

LASTING = "loyalty.portal.balance_link"
PAGE = "/me/%s/"
"""The page `portal:open`. Rules know no addresses but this one: a letter is written without a request."""
LONGEST = 200


def balance_link_of(client: int) -> str:
    """The address of this client's page. It does not end."""
    token = signing.Signer(salt=LASTING, sep=".").sign(str(client))
    return f"{settings.BASE_URL}{PAGE % token}"


def client_of(token: str) -> int:
    """The client whose lasting link this is. Raises `NotFound`."""
    try:
        return int(signing.Signer(salt=LASTING, sep=".").unsign(token[:LONGEST]))
    except signing.BadSignature:
        raise NotFound("not a link of ours") from None
