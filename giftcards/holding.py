"""What a client has of gift cards: those that they bought, with where each is, and those that they were given.

Nothing of a code is shown: the card was for somebody else. What was mailed to a client is not looked for by their
address, which nobody has proved to be theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from clients.models import Client
from giftcards.cards import CardState, states
from giftcards.delivery import STATE_NAMES, state_of
from giftcards.models import GiftCard, GiftCardDelivery
from giftcards.words import STATUS_NAMES
from loyalty.house import House
from loyalty.mechanics import Holdings, Panel


@dataclass(frozen=True, slots=True)
class Sent:
    """Whom a card is for, and where the letter is."""

    to: str
    on: date
    state: str
    name: str
    """Of the state, in words."""


@dataclass(frozen=True, slots=True)
class Held:
    """A card as the page of its buyer shows it."""

    state: CardState
    status: str
    sent: Sent | None
    is_present: bool
    waits: bool
    """Its code was told to nobody yet: staff tell it."""


def holdings(client: Client, house: House, now: datetime) -> Holdings:
    """Cards with something left, and those on their way. Two queries, however many cards."""
    on_its_way = Q(delivery__sent_at=None, delivery__cancelled_at=None, delivery__isnull=False)
    bought = GiftCard.objects.filter(Q(account__lots__remaining__gt=0) | on_its_way, buyer=client, voided_at=None)
    found = [state for _hash, state in states(bought.order_by("pk"), house.day(now)) if state.remaining]
    facts = [
        {
            "id": str(card.id),
            "last_four": card.last_four,
            "remaining": card.remaining,
            "last_day": card.last_day,
            "status": str(card.status),
        }
        for card in found
    ]
    if not found:
        return Holdings(balance={"gift_cards": []})
    shown = _shown(found, now)
    portal = Panel(
        "giftcards/portal.html",
        {
            "bought": [one for one in shown if not one.is_present],
            "presents": [one for one in shown if one.is_present],
        },
    )
    return Holdings(
        balance={"gift_cards": facts}, portal=(portal,), desk=(Panel("giftcards/desk.html", {"cards": facts}),)
    )


def _shown(found: Sequence[CardState], now: datetime) -> list[Held]:
    rows = GiftCard.objects.filter(pk__in=[card.id for card in found]).select_related("delivery")
    known = {row.pk: row for row in rows}
    return [_held(card, known[card.id], now) for card in found]


def _held(card: CardState, row: GiftCard, now: datetime) -> Held:
    letter: GiftCardDelivery | None = getattr(row, "delivery", None)
    is_present = row.sold_on_id is None and row.batch_id is None and row.replaces_id is None
    waits = is_present and letter is None and bool(row.sealed_code)
    return Held(card, str(STATUS_NAMES[card.status]), _sent(letter, row, now), is_present, waits)


def _sent(letter: GiftCardDelivery | None, row: GiftCard, now: datetime) -> Sent | None:
    if letter is None:
        return None
    letter.card = row
    state = state_of(letter, now)
    return Sent(letter.name or letter.email, letter.on_day, str(state), str(STATE_NAMES[state]))
