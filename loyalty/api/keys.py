"""Keys of the API: who calls, what they may do, and where.

A key is 256 random bits, so a plain hash of it is enough: there is nothing to guess. It is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from clients.actors import Actor
from clients.models import Location
from clients.refusals import Invalid, Refusal
from loyalty.models import ApiKey

Scope = ApiKey.Scope
PREFIX = "reg_"
LONGEST = 200

OWNER = frozenset({Scope.OWNER})
TILLS = frozenset({Scope.OWNER, Scope.TILL})
EVERYONE = frozenset({Scope.OWNER, Scope.TILL, Scope.READ})


class NotAllowed(Refusal):
    """The key may not do that, or not there."""

    code = "permission_denied"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls: the key's id, name, scope and locations (id by code; None: everywhere)."""

    key: int
    name: str
    scope: str
    locations: Mapping[str, int] | None

    @property
    def actor(self) -> Actor:
        return Actor.key(self.name)

    def check_location(self, code: Any) -> None:
        """Raises `NotAllowed` for a location that is not the key's. What is no text is refused by its reader."""
        if isinstance(code, str) and self.locations is not None and code.strip() not in self.locations:
            raise NotAllowed(
                _("This key may not be used for the location %(code)s.") % {"code": code}, field="location"
            )

    def sees(self, location: int) -> bool:
        return self.locations is None or location in self.locations.values()


def caller_of(request: Request) -> Caller:
    """Who calls; authentication has put it there."""
    return cast("Caller", request.auth)


def make_key(name: str, *, scope: str, locations: Collection[Location] = ()) -> str:
    """A new key; what is returned is shown once and kept nowhere. Raises `Invalid` if the name is taken."""
    secret = PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            row = ApiKey.objects.create(name=name, key_hash=hash_key(secret), scope=scope)
            row.locations.set(locations)
    except IntegrityError:
        raise Invalid(_("There is a key named %(name)s already.") % {"name": name}, field="name") from None
    return secret


def hash_key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        caller = find_caller(secret.strip())
        if caller is None:
            raise AuthenticationFailed(_("This key is not known, or was revoked."))
        return AnonymousUser(), caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer" if not get_authorization_header(request) else 'Bearer error="invalid_token"'


def find_caller(secret: str) -> Caller | None:
    """The caller with this key, in two queries."""
    if not secret or len(secret) > LONGEST:
        return None
    row = ApiKey.objects.filter(key_hash=hash_key(secret), revoked_at=None).prefetch_related("locations").first()
    if row is None:
        return None
    places = {place.code: place.pk for place in row.locations.all()}
    return Caller(key=row.pk, name=row.name, scope=row.scope, locations=places or None)


class MayCall(BasePermission):
    """The scopes that a view names for the method. A method that it does not name is answered by 405."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scopes: Mapping[str, frozenset[str]] = getattr(view, "scopes", {})
        if not isinstance(request.auth, Caller):
            return False
        allowed = scopes.get("GET" if request.method == "HEAD" else str(request.method))
        return allowed is None or request.auth.scope in allowed

    @property
    def message(self) -> str:
        return _("This key may not do that: it needs another scope.")
