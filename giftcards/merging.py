"""Putting two cards together: all that is on one moves to the other, each part with its own last day.

Both must be for the same: one that pays at one place only, or is for one check, is not put together with another that
is not. Whoever has both codes in hand may ask for it; without them, the two must be of the same buyer.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid
from giftcards.cards import (
    CardState,
    cards_with,
    read_reason,
    refuse_barred,
    refuse_unusable,
    state_of,
    unknown,
    void,
)
from giftcards.codes import SHOWN, read_code
from giftcards.models import GiftCard
from loyalty import ledger
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction

OTHER = "other"


def find_other(card: GiftCard, typed: str) -> GiftCard:
    """The other card: by its code, or by the last four characters of one of the same buyer. Raises `Refusal`."""
    code = read_code(typed)
    if code is not None:
        found = cards_with([code]).first()
        if found is None:
            raise unknown(OTHER)
        return found
    end = typed.strip().lstrip("…").upper()
    own = GiftCard.objects.filter(buyer=card.buyer_id, buyer__isnull=False, last_four=end, voided_at=None)
    named = list(own.exclude(pk=card.pk)[:2]) if len(end) == SHOWN else []
    if len(named) != 1:
        message = _("Type the code of the other card. The last four characters are enough where both have one buyer.")
        raise Invalid(message, field=OTHER)
    return named[0]


@in_one_transaction
def merge(*, card: GiftCard, other: GiftCard, reason: str, by: Actor, now: datetime) -> GiftCard:
    """All that is on `other` moves to `card`; `other` is void.

    Raises `Invalid` without a reason or for the same card twice, and a refusal for cards that do not go together.
    """
    reason = read_reason(reason)
    if card.pk == other.pk:
        raise Invalid(_("This is the same gift card."), field=OTHER)
    today = rulebook().house.day(now)
    ledger.lock(Q(pk__in=[card.account_id, other.account_id]))
    _refuse(card, other, today)
    lots = [lot for lot in ledger.held(Q(pk=other.account_id)) if not lot.has_ended(today)]
    moves = ledger.move_to(
        card.account_id, lots, operation=lambda lot: f"giftcard:{other.pk}:merged:{lot}", note=reason
    )
    ledger.post(moves, at=now, by=by)
    void([other.pk], GiftCard.Void.MERGED, now=now)
    kept = {"merged_into": card, "block_reason": reason, "blocked_by": str(by)}
    GiftCard.objects.filter(pk=other.pk).update(**kept)
    other.refresh_from_db()
    return card


def _refuse(card: GiftCard, other: GiftCard, today: date) -> None:
    """Raises why the two do not go together."""
    into, from_ = state_of(card, today), state_of(other, today)
    refuse_barred(into, field="")
    refuse_unusable(from_, field=OTHER)
    if _what_for(into) != _what_for(from_):
        message = _("These gift cards are not for the same services, places or number of checks.")
        raise Invalid(message, field=OTHER)


def _what_for(card: CardState) -> tuple[bool, frozenset[str], frozenset[str]]:
    return card.single_use, frozenset(card.services), frozenset(card.locations)
