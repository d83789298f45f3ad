"""A gift card's state: what is on it, until when, and whether it can be used.

Time decides, not the night's job: past its last day money is ended even while it still stands in the ledger. A card
may hold several lots (it was topped up, or another was put together with it): the soonest to end pays first, and the
card's last day is the latest of those with something left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from giftcards.models import GiftCard, GiftCardDelivery
from loyalty import ledger
from loyalty.money import ZERO, Money, total
from loyalty.rulebook import rulebook

REASON_LENGTH = 250
ENDLESS = date.max


class Status(StrEnum):
    NEW = "new"
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
    """It was not sold yet, staff blocked it, or it is void."""

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
    type: str
    amount: Money
    single_use: bool
    reloadable: bool
    services: tuple[str, ...]
    locations: tuple[str, ...]
    remaining: Money
    last_day: date | None
    status: Status
    void_reason: str = ""


STATE_COLUMNS = (
    "pk",
    "account_id",
    "code_hash",
    "last_four",
    "type__code",
    "amount",
    "single_use",
    "reloadable",
    "services",
    "locations",
    "batch_id",
    "sold_on_id",
    "blocked_at",
    "voided_at",
    "void_reason",
)
LOT_COLUMNS = ("account__lots__remaining", "account__lots__last_day")


def states(cards: QuerySet[GiftCard], today: date) -> list[tuple[str, CardState]]:
    """(hash of the code, state) of each card, in one query: a row for each of its lots."""
    rows: dict[int, list[Mapping[str, Any]]] = {}
    for row in cards.values(*STATE_COLUMNS, *LOT_COLUMNS):
        rows.setdefault(row["pk"], []).append(row)
    return [(of_card[0]["code_hash"], _state(of_card, today)) for of_card in rows.values()]


def _state(rows: Sequence[Mapping[str, Any]], today: date) -> CardState:
    row = rows[0]
    money = [(lot["account__lots__remaining"], lot["account__lots__last_day"]) for lot in rows]
    lots: list[tuple[Money, date]] = [(left, day or ENDLESS) for left, day in money if left is not None]
    remaining = total(left for left, day in lots if day >= today)
    last = max((day for left, day in lots if left), default=max((day for _left, day in lots), default=ENDLESS))
    status = _status(row, remaining, has_ended=last < today)
    return CardState(
        id=row["pk"],
        account=row["account_id"],
        last_four=row["last_four"],
        type=row["type__code"],
        amount=row["amount"],
        single_use=row["single_use"],
        reloadable=row["reloadable"],
        services=tuple(row["services"]),
        locations=tuple(row["locations"]),
        remaining=ZERO if status is Status.VOID else remaining,
        last_day=None if last == ENDLESS else last,
        status=status,
        void_reason=row["void_reason"],
    )


def _status(row: Mapping[str, Any], remaining: Money, *, has_ended: bool) -> Status:
    if row["voided_at"] is not None:
        return Status.VOID
    if row["blocked_at"] is not None:
        return Status.BLOCKED
    if row["batch_id"] is not None and row["sold_on_id"] is None:
        return Status.NEW
    if has_ended:
        return Status.EXPIRED
    return Status.ACTIVE if remaining else Status.EMPTY


def state_of(card: GiftCard, today: date) -> CardState:
    """The state of one card."""
    return states(GiftCard.objects.filter(pk=card.pk), today)[0][1]


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
        raise unknown(field)
    if card.status is Status.EMPTY:
        raise GiftCardEmpty(_("Nothing is left on this gift card."), field=field)
    refuse_barred(card, field=field)
    return card


def refuse_barred(card: CardState, *, field: str) -> None:
    """Raises why nothing can be done with a card; an empty one is not barred from anything but paying."""
    if card.status is Status.VOID:
        raise GiftCardBlocked(_why_void(card.void_reason), field=field)
    if card.status is Status.BLOCKED:
        raise GiftCardBlocked(_("This gift card is blocked. It cannot be used."), field=field)
    if card.status is Status.NEW:
        raise GiftCardBlocked(_("This gift card has not been sold yet. Sell it first."), field=field)
    if card.status is Status.EXPIRED:
        message = _("This gift card ended on %(day)s. It cannot be used.")
        raise GiftCardExpired(message % {"day": _show(card.last_day)}, field=field, last_day=card.last_day)


def unknown(field: str) -> GiftCardUnknown:
    """The refusal of a code that no card has."""
    return GiftCardUnknown(_("There is no gift card with this code. Check it letter by letter."), field=field)


def _why_void(reason: str) -> str:
    why: dict[str, str] = {
        GiftCard.Void.REPLACED: _("This gift card was replaced by another. It cannot be used."),
        GiftCard.Void.MERGED: _("This gift card was put together with another. It cannot be used."),
    }
    return why.get(reason) or _("This gift card was returned. It cannot be used.")


def _show(day: date | None) -> str:
    return format_date(day, "d MMMM y", locale=get_language() or "en")


def check(typed: str, now: datetime) -> CardState:
    """What is on the card with this code. Raises `GiftCardUnknown`. The caller throttles: guessing must not pay."""
    code = read_code(typed)
    card = find([code], rulebook().house.day(now)).get(code) if code is not None else None
    if card is None:
        raise unknown("code")
    return card


def block(card: GiftCard, *, reason: str, by: Actor, now: datetime) -> GiftCard:
    """Nobody can pay with the card until it is unblocked. Blocked twice, the first reason stands."""
    return _mark(card, reason, by, blocked_at=now)


def unblock(card: GiftCard, *, reason: str, by: Actor) -> GiftCard:
    """The card can pay again. Its last day has not moved."""
    return _mark(card, reason, by, blocked_at=None)


def read_reason(reason: str) -> str:
    """Why, as it is kept. Raises `Invalid`."""
    if not reason.strip() or len(reason) > REASON_LENGTH or "\x00" in reason:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": REASON_LENGTH}, field="reason")
    return reason.strip()


def _mark(card: GiftCard, reason: str, by: Actor, *, blocked_at: datetime | None) -> GiftCard:
    reason = read_reason(reason)
    with transaction.atomic():
        ledger.lock(Q(pk=card.account_id))  # a till that is paying with it comes first or second, not in between
        card.refresh_from_db()
        if card.voided_at is not None:
            raise GiftCardBlocked(_why_void(card.void_reason))
        if (card.blocked_at is None) != (blocked_at is None):
            card.blocked_at, card.block_reason, card.blocked_by = blocked_at, reason, str(by)
            card.save(update_fields=["blocked_at", "block_reason", "blocked_by"])
    return card


def void(cards: Collection[int], why: GiftCard.Void, *, now: datetime) -> None:
    """These cards can never be used again; a letter that has not gone to anybody does not go any more."""
    if cards:
        GiftCard.objects.filter(pk__in=cards).update(voided_at=now, void_reason=why, sealed_code="")
        waiting = GiftCardDelivery.objects.filter(card__in=cards, sent_at=None, cancelled_at=None)
        waiting.update(cancelled_at=now)
