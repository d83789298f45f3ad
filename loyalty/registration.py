"""Joining: one form, one transaction. The client, the bonus account, and what every mechanic does for a newcomer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clients import registration
from clients.actors import Actor
from clients.models import Client
from clients.refusals import Invalid
from loyalty import events, ledger
from loyalty.checkout.belonging import gaps_of
from loyalty.events import Happened
from loyalty.ledger import Opening
from loyalty.mechanics import Newcomer, gathered, mechanics
from loyalty.models import Account, Standing
from loyalty.rulebook import rulebook


def extra_keys() -> frozenset[str]:
    """Keys of a registration that mechanics read (`referrer`)."""
    return frozenset().union(*(mechanic.client_keys for mechanic in mechanics()))


def register(
    *, details: Mapping[str, Any], extras: Mapping[str, Any] | None = None, by: Actor, now: datetime, key: str = ""
) -> Client:
    """Register a client. `details` are what `clients.registration.register` takes, `extras` the keys of mechanics.

    `key` is the operation: sent twice (a form submitted twice has no phone to tell by) it registers once. Raises
    `Invalid` with the field, and the refusals of mechanics (`referrer_refused`); nothing is kept then.
    """
    _only_known(extras or {})
    try:
        with transaction.atomic():
            earlier = _registered(key)
            return earlier or _register(details, extras or {}, by=by, now=now, key=key)
    except IntegrityError:
        earlier = _registered(key)  # the same form, sent again while it was still being written
        if earlier is None:
            raise
        return earlier


def amend(
    *, client: Client, changes: Mapping[str, Any], extras: Mapping[str, Any] | None = None, by: Actor, now: datetime
) -> Client:
    """Change a client: `changes` as in `clients.registration.update`, `extras` the keys of mechanics."""
    _only_known(extras or {})
    with transaction.atomic():
        registration.update(client, changes, by=by, at=now)
        if extras:
            movements = gathered(lambda mechanic: mechanic.amend(client, extras, now, by))
            ledger.post(movements, at=now, by=by, listens=rulebook().house.listens)
    return client


def _only_known(extras: Mapping[str, Any]) -> None:
    for name in sorted(set(extras) - extra_keys()):
        raise Invalid(_("unknown field"), field=name)


def _operation(client: int, key: str) -> str:
    return f"register:{key}" if key else f"client:{client}:bonus"


def _registered(key: str) -> Client | None:
    account = Account.objects.filter(operation=_operation(0, key)).select_related("client").first() if key else None
    return account.client if account is not None else None


def _register(details: Mapping[str, Any], extras: Mapping[str, Any], *, by: Actor, now: datetime, key: str) -> Client:
    book = rulebook()
    client = registration.register(**details, by=by, at=now)
    opening = Opening(_operation(client.pk, key), Account.Unit.BONUS, client.pk)
    account = ledger.open_accounts([opening], at=now)[0]
    Standing.objects.create(client=client)
    newcomer = Newcomer(
        client=client,
        account=account,
        house=book.house,
        rules=book.rules,
        extras=extras,
        now=now,
        by=by,
        gaps=gaps_of(client.pk, book, now),
    )
    ledger.post(gathered(lambda mechanic: mechanic.join(newcomer)), at=now, by=by, listens=book.house.listens)
    events.write([_created(client)], now=now, listens=book.house.listens)
    return client


def _created(client: Client) -> Happened:
    location = client.home.code if client.home is not None else None
    return Happened("client.created", {"client": str(client.pk), "location": location})
