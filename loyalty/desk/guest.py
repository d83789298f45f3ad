"""Who is standing at the desk: what the left column tells of a client."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _

from clients.dates import Dated, dates_of
from clients.models import Card, Client
from clients.refusals import Refusal
from clients.tags import tags_of
from loyalty.actions import actions_of
from loyalty.bonuses import Occasion
from loyalty.desk.access import Desk
from loyalty.mechanics import Panel
from loyalty.models import Prize, PrizeClaim, Visit
from loyalty.money import Money, total
from loyalty.prizes import number_of, waiting_for
from loyalty.wallet import Wallet, wallet

LAST_VISITS = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """So many bonuses that end on one day (None: never)."""

    amount: Money
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Guest:
    """A client at the desk."""

    client: Client
    card: Card | None
    wallet: Wallet
    endings: Sequence[Ending]
    panels: Sequence[Panel]
    visits: Sequence[Visit]
    tags: Sequence[str]
    dates: Sequence[Dated]
    actions: Sequence[Occasion]
    """What can be counted here today."""
    action_key: str
    """Of an action that is counted next: sent twice it counts once."""
    waiting: Sequence[tuple[str, PrizeClaim]]
    """Prizes to hand over, each with its number."""
    has_prizes: bool


def guest_of(client: str, desk: Desk) -> tuple[Guest | None, str]:
    """The client with this id and what they hold; or nobody, and why in words."""
    if not client:
        return None, ""
    row = find_client(client)
    if row is None:
        return None, _("There is no such client.")
    try:
        held = wallet(row, now=desk.now)
    except Refusal as refusal:
        return None, str(refusal)
    return _guest(row, held, desk), ""


def find_client(text: str) -> Client | None:
    """The client with this id, however odd the text."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        return None
    return Client.objects.filter(pk=int(text)).first()


def _guest(client: Client, held: Wallet, desk: Desk) -> Guest:
    panels = [panel for holding in held.holdings for panel in holding.desk]
    visits = Visit.objects.filter(client=client).order_by("-at").prefetch_related("refunds")
    card = Card.objects.filter(client=client, is_primary=True).first()
    return Guest(
        client=client,
        card=card,
        wallet=held,
        endings=_endings(held),
        panels=panels,
        visits=list(visits[:LAST_VISITS]),
        tags=tags_of(client),
        dates=dates_of(client),
        actions=actions_of(desk.book, held.today, desk.place.code),
        action_key=secrets.token_urlsafe(24),
        waiting=[(number_of(claim), claim) for claim in waiting_for(client)],
        has_prizes=Prize.objects.filter(enabled=True).exists(),
    )


def _endings(held: Wallet) -> list[Ending]:
    """What can be spent today, by the day on which it ends, soonest first."""
    active = [lot for lot in held.lots if lot.is_active(held.today) and not lot.is_debt]
    by_day = groupby(sorted(active, key=lambda lot: lot.last_day or date.max), key=lambda lot: lot.last_day)
    return [Ending(total(lot.remaining for lot in lots), last_day) for last_day, lots in by_day]
