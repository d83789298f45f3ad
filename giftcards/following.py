"""Where a card's money is now: cards are replaced when lost and put together, and a refund must reach the last of them.

A card that was replaced, or put together with another, is void, and its money has moved on. What a refund returns to
its lots follows; what was sold with it is called home to the lot that it was sold as, and taken there. So whatever
became of a card, each lot tells the whole story of what was sold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q

from giftcards.cards import void
from giftcards.models import GiftCard
from loyalty import ledger
from loyalty.ledger import Kind, Move, Movement, Stock
from loyalty.mechanics import Reversal
from loyalty.models import Entry, Lot, Visit
from loyalty.money import Money, total

MOVED = (GiftCard.Void.REPLACED, GiftCard.Void.MERGED)


@dataclass(frozen=True, slots=True)
class Holder:
    """The card that has the money now."""

    id: int
    account: int
    last_four: str


def follow(cards: Collection[int]) -> Mapping[int, Holder]:
    """Card → the one that has its money now: mostly itself. A query for each time that it moved, and one more."""
    at = {card: card for card in cards}
    held: dict[int, Holder] = {}
    asked = set(at.values())
    while asked:
        rows = GiftCard.objects.filter(pk__in=asked)
        columns = ("pk", "account", "last_four", "replaced_by", "merged_into")
        moved: dict[int, int] = {}
        for pk, account, last_four, replaced_by, merged_into in rows.values_list(*columns):
            held[pk] = Holder(pk, account, last_four)
            if replaced_by or merged_into:
                moved[pk] = replaced_by or merged_into
        at = {card: moved.get(now, now) for card, now in at.items()}
        asked = set(moved.values()) - held.keys()
    return {card: held[now] for card, now in at.items() if now in held}


def accounts_after(visit: Visit) -> Q | None:
    """Accounts to which money of the cards on this check has moved since."""
    of_check, of_refunds = (
        Entry.objects.filter(one).values("account") for one in (Q(visit=visit), Q(refund__visit=visit))
    )
    touched = GiftCard.objects.filter(account__in=of_check.union(of_refunds))
    moved = touched.filter(void_reason__in=MOVED).values_list("pk", flat=True)
    ends = follow(list(moved))
    return Q(pk__in=[holder.account for holder in ends.values()]) if ends else None


def holders(reversal: Reversal, cards: Collection[int]) -> Mapping[int, Holder]:
    """Card → the one that has its money now, under lock: it can move no further while the refund is made.

    Mostly the refund has locked it already (`accounts_after`); a card that moved in that very moment is locked here.
    """
    while True:
        ends = follow(cards)
        missing = {holder.account for holder in ends.values()} - reversal.lots.keys()
        if not missing:
            return ends
        ledger.lock(Q(pk__in=missing))
        held = ledger.held(Q(pk__in=missing))
        more = {account: [lot for lot in held if lot.account == account] for account in missing}
        reversal.lots = {**reversal.lots, **more}


def send_on(reversal: Reversal, back: Move, to: Holder, what: str) -> list[Movement]:
    """What has just come back to a lot of a void card goes to the card that has its money, with the same last day."""
    lot = reversal.lot(back.lot)
    moves = ledger.move_to(
        to.account,
        [replace(lot, remaining=back.amount)],
        operation=lambda one: reversal.operation("giftcards", f"moved:{one}:{what}"),
    )
    reversal.moved(lot.account, moves)
    return moves


def family(reversal: Reversal, lots: Collection[int]) -> dict[int, list[Stock]]:
    """Lot → what its money has become, as it is now: also what this refund has given back already."""
    now = {lot.id: lot for held in reversal.lots.values() for lot in held}
    return {lot: [now.get(one.id, one) for one in kin] for lot, kin in ledger.kin_of(lots).items()}


def is_whole(lot: Stock, kin: Collection[Stock], today: date) -> bool:
    """Whether all that came in with a lot is still there and can be used, wherever it is now."""
    return total(one.remaining for one in (lot, *kin) if not one.has_ended(today)) == lot.amount


def take(reversal: Reversal, lot: Stock, kin: Collection[Stock], what: str) -> tuple[list[Movement], Money]:
    """Call all that is left of a lot home, and take it: the movements, and how much that is."""
    home, whole = ledger.call_home(
        lot, kin, operation=lambda one: reversal.operation("giftcards", f"home:{one}:{what}")
    )
    taken = ledger.spend(whole, whole.remaining, reversal.operation("giftcards", what), Kind.TAKE_BACK)
    moves = [*home, taken]
    for account in {move.account for move in moves}:
        reversal.moved(account, moves)
    return list(moves), whole.remaining


def void_if_alone(reversal: Reversal, card: Holder, lots: Collection[int]) -> bool:
    """A card whose money was all taken is void, unless other money has ever been on it: a refund may return that."""
    if Lot.objects.filter(account=card.account).exclude(pk__in=lots).exists():
        return False
    void([card.id], GiftCard.Void.RETURNED, now=reversal.now)
    return True
