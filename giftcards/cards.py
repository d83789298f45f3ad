"""A gift card's state: what is on it, until when, and whether it can be used.

Time decides, not the night's job: past its last day a card is ended even while its money still stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from babel.dates import format_date
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid, Refusal
from giftcards.codes import hashes_of, read_code
from giftcards.models import GiftCard
from loyalty import ledger
from loyalty.money import ZERO, Money
from loyalty.rulebook import rulebook

REASON_LENGTH = 250


class Status(StrEnum):
    ACTIVE = "active"
    EMPTY = "empty"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    VOID = "void"


class GiftCardUnknown(Refusal):
    """No card has this code."""

    code = "gift_card_unknown"


class GiftCardExpired(Refusal):
    """Its last day is over."""

    code = "gift_card_expired"


class GiftCardBlocked(Refusal):
    """Staff blocked it, or it was returned and is void."""

    code = "gift_card_blocked"


class GiftCardEmpty(Refusal):
    """Nothing is left on it."""

    code = "gift_card_empty"


@dataclass(frozen=True, slots=True)
class CardState:
    """A card on a day. `remaining` is what can be spent, were it not blocked."""

    id: int
    account: int
    last_four: str
    single_use: bool
    remaining: Money
    last_day: date | None
    status: Status


STATE_COLUMNS = (
    "pk",
    "account_id",
    "code_hash",
    "last_four",
    "single_use",
    "blocked_at",
    "voided_at",
    "account__lots__remaining",
    "account__lots__last_day",
)


def states(cards: QuerySet[GiftCard], today: date) -> list[tuple[str, CardState]]:
    """(hash of the code, state) of each card, in one query: a card's money is one lot."""
    return [(row["code_hash"], _state(row, today)) for row in cards.values(*STATE_COLUMNS)]


def _state(row: Mapping[str, Any], today: date) -> CardState:
    last_day: date | None = row["account__lots__last_day"]
    remaining: Money = row["account__lots__remaining"] or ZERO
    has_ended = last_day is not None and last_day < today
    status = _status(row, remaining, has_ended=has_ended)
    return CardState(
        id=row["pk"],
        account=row["account_id"],
        last_four=row["last_four"],
        single_use=row["single_use"],
        remaining=ZERO if has_ended or status is Status.VOID else remaining,
        last_day=last_day,
        status=status,
    )


def _status(row: Mapping[str, Any], remaining: Money, *, has_ended: bool) -> Status:
    if row["voided_at"] is not None:
        return Status.VOID
    if row["blocked_at"] is not None:
        return Status.BLOCKED
    if has_ended:
        return Status.EXPIRED
    return Status.ACTIVE if remaining else Status.EMPTY


def cards_with(codes: Iterable[str]) -> QuerySet[GiftCard]:
    """Cards with any of these codes."""
    return GiftCard.objects.filter(code_hash__in=[stored for code in codes for stored in hashes_of(code)])


def find(codes: Iterable[str], today: date) -> Mapping[str, CardState]:
    """Code (as `read_code` gives it) → its card, for those there are. One query."""
    codes = list(codes)
    by_hash = dict(states(cards_with(codes), today)) if codes else {}
    return {code: by_hash[stored] for code in codes for stored in hashes_of(code) if stored in by_hash}


def refuse_unusable(card: CardState | None, *, field: str) -> CardState:
    """The card, if it can pay. Raises which it was: for staff and tills; public pages give one answer for all."""
    if card is None:
        raise GiftCardUnknown(_("There is no gift card with this code. Check it letter by letter."), field=field)
    if card.status is Status.VOID:
        raise GiftCardBlocked(_("This gift card was returned. It cannot be used."), field=field)
    if card.status is Status.BLOCKED:
        raise GiftCardBlocked(_("This gift card is blocked. It cannot be used."), field=field)
    if card.status is Status.EXPIRED:
        message = _("This gift card ended on %(day)s. It cannot be used.")
        raise GiftCardExpired(message % {"day": _show(card.last_day)}, field=field, last_day=card.last_day)
    if card.status is Status.EMPTY:
        raise GiftCardEmpty(_("Nothing is left on this gift card."), field=field)
    return card


def _show(day: date | None) -> str:
    return format_date(day, "d MMMM y", locale=get_language() or "en")


def check(typed: str, now: datetime) -> CardState:
    """What is on the card with this code. Raises `GiftCardUnknown`. The caller throttles: guessing must not pay."""
    code = read_code(typed)
    card = find([code], rulebook().house.day(now)).get(code) if code is not None else None
    if card is None:
        raise GiftCardUnknown(_("There is no gift card with this code. Check it letter by letter."), field="code")
    return card


def block(card: GiftCard, *, reason: str, by: Actor, now: datetime) -> GiftCard:
    """Nobody can pay with the card until it is unblocked. Blocked twice, the first reason stands."""
    return _mark(card, reason, by, blocked_at=now)


def unblock(card: GiftCard, *, reason: str, by: Actor) -> GiftCard:
    """The card can pay again. Its last day has not moved."""
    return _mark(card, reason, by, blocked_at=None)


def _mark(card: GiftCard, reason: str, by: Actor, *, blocked_at: datetime | None) -> GiftCard:
    if not reason.strip() or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    with transaction.atomic():
        ledger.lock(Q(pk=card.account_id))  # a till that is paying with it comes first or second, not in between
        card.refresh_from_db()
        if card.voided_at is not None:
            raise GiftCardBlocked(_("This gift card was returned. It cannot be used."))
        if (card.blocked_at is None) != (blocked_at is None):
            card.blocked_at, card.block_reason, card.blocked_by = blocked_at, reason.strip(), str(by)
            card.save(update_fields=["blocked_at", "block_reason", "blocked_by"])
    return card
