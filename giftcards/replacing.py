"""Replacing a lost card: a new one with a new code, to which its money moves; the old one is void.

What the card can do, its amount and its buyer stay, and so do the last days of its money. What a refund returns to the
old card later goes on to the new one (`giftcards.following`), and while nothing was used of what was sold, it can
still come back. A letter that has not gone yet goes with the new code; one that has gone is sent again with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from clients.actors import Actor
from giftcards.cards import CardState, GiftCardBlocked, Status, read_reason, refuse_barred, state_of, void
from giftcards.codes import SHOWN, hash_code, new_code
from giftcards.models import GiftCard, GiftCardDelivery
from giftcards.sealing import seal
from loyalty import ledger
from loyalty.ledger import Opening
from loyalty.models import Account
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new card, and its code: told once, here."""

    card: GiftCard
    code: str


@in_one_transaction
def replace(*, card: GiftCard, reason: str, by: Actor, now: datetime) -> Replaced:
    """Replace a card that was lost. A blocked one may be replaced: that is what the block was for.

    Raises `Invalid` without a reason, and a refusal for a card that is void, has ended, or was not sold yet.
    """
    reason = read_reason(reason)
    today = rulebook().house.day(now)
    ledger.lock(Q(pk=card.account_id))  # a till that is paying with it comes first or second, not in between
    card.refresh_from_db()
    _refuse_barred(card, state_of(card, today))
    code = new_code()
    fresh = _write(card, code, now)
    lots = [lot for lot in ledger.held(Q(pk=card.account_id)) if not lot.has_ended(today)]
    moves = ledger.move_to(
        fresh.account_id, lots, operation=lambda lot: f"giftcard:{card.pk}:replaced:{lot}", note=reason
    )
    ledger.post(moves, at=now, by=by)
    _address(card, fresh, code, now)
    void([card.pk], GiftCard.Void.REPLACED, now=now)
    GiftCard.objects.filter(pk=card.pk).update(block_reason=reason, blocked_by=str(by))
    card.refresh_from_db()
    return Replaced(fresh, code)


def _refuse_barred(card: GiftCard, state: CardState) -> None:
    if card.batch_id is not None and card.sold_on_id is None:
        raise GiftCardBlocked(_("This gift card has not been sold yet. Sell it first."))
    if state.status is not Status.BLOCKED:
        refuse_barred(state, field="")


def _write(card: GiftCard, code: str, now: datetime) -> GiftCard:
    opening = Opening(f"giftcard:{card.pk}:replaced", Account.Unit.MONEY, None)
    return GiftCard.objects.create(
        type_id=card.type_id,
        account_id=ledger.open_accounts([opening], at=now)[0],
        code_hash=hash_code(code),
        last_four=code[-SHOWN:],
        amount=card.amount,
        single_use=card.single_use,
        reloadable=card.reloadable,
        services=card.services,
        locations=card.locations,
        buyer_id=card.buyer_id,
        replaces=card,
        created_at=now,
    )


def _address(card: GiftCard, fresh: GiftCard, code: str, now: datetime) -> None:
    """Whoever the old card was mailed to, or is still to be, gets the new one."""
    letter = GiftCardDelivery.objects.filter(card=card, cancelled_at=None).first()
    if letter is None:
        return
    GiftCardDelivery.objects.create(
        card=fresh,
        name=letter.name,
        email=letter.email,
        message=letter.message,
        giver=letter.giver,
        language=letter.language,
        on_day=letter.on_day,
        due_at=max(letter.due_at, now),
        created_at=now,
    )
    GiftCard.objects.filter(pk=fresh.pk).update(sealed_code=seal(code))
