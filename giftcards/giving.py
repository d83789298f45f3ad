"""Gift cards that come as presents: nobody buys them, so nobody returns them either.

Such a card is issued while a check settles and told once, like one that was sold. Its money keeps the code of the
program that gave it. The program calls it back when its sum is no longer reached (`loyalty.gifts`): what is on it is
taken at once, what a refund returns to it later is taken then, and with all of it taken the card is void.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from giftcards import following
from giftcards.codes import SHOWN, hash_code, new_code, show_code
from giftcards.models import GiftCard, GiftCardType
from giftcards.recipients import mail_present
from giftcards.sealing import seal
from giftcards.selling import kind_of
from loyalty import ledger
from loyalty.ledger import Grant, Kind, Movement, Opening, Stock
from loyalty.mechanics import PRESENTS, CalledBack, Handing, Present, Reversal
from loyalty.models import Account, Entry
from loyalty.money import total

EXPLANATIONS: Mapping[str, Any] = {
    "gift_card.present_back": _(
        "The gift card that ends in %(card)s came for %(from_sum)s, which is no longer reached. What is on it,"
        " %(amount)s, is taken: it is void now."
    ),
    "gift_card.present_part": _(
        "The gift card that ends in %(card)s came for %(from_sum)s, which is no longer reached. What is on it,"
        " %(amount)s, is taken; what returns to it is taken then."
    ),
    "gift_card.present_owed": _(
        "The gift card that ends in %(card)s came for %(from_sum)s. That is no longer reached, but there is nothing on"
        " it to take now: what returns to it is taken then."
    ),
    "gift_card.friend_back": _(
        "The gift card that ends in %(card)s came for a friend's visit, which has come back. What is on it, %(amount)s,"
        " is taken."
    ),
    "gift_card.friend_part": _(
        "The gift card that ends in %(card)s came for a friend's visit, which has come back. What is on it, %(amount)s,"
        " is taken; what returns to it is taken then."
    ),
    "gift_card.friend_owed": _(
        "The gift card that ends in %(card)s came for a friend's visit, which has come back. There is nothing on it to"
        " take now: what returns to it is taken then."
    ),
}


def issue(kind: GiftCardType, present: Present, handing: Handing) -> list[Movement]:
    """Write the card, tell its code with the check (or mail it), and grant its money."""
    code = new_code()
    opening = Opening(present.operation, Account.Unit.MONEY, None)
    account = ledger.open_accounts([opening], at=handing.now)[0]
    card = GiftCard.objects.create(
        type=kind,
        account_id=account,
        code_hash=hash_code(code),
        last_four=code[-SHOWN:],
        sealed_code=seal(code) if handing.revealed is None else "",
        amount=present.amount,
        single_use=kind.single_use,
        reloadable=kind.reloadable,
        services=list(kind.services),
        locations=list(kind.locations),
        buyer_id=handing.client,
        created_at=handing.now,
    )
    last_day = _last_day(kind, handing.today)
    told = {"id": str(card.pk), "code": show_code(code), "last_day": last_day, "amount": card.amount}
    if handing.revealed is not None:
        handing.revealed.setdefault(PRESENTS, []).append(told)
    else:
        mail_present(card, handing)
    return [
        Grant(
            present.operation,
            account,
            present.amount,
            handing.today,
            last_day,
            program=present.program,
            name=present.name,
        )
    ]


def _last_day(kind: GiftCardType, today: date) -> date | None:
    """As if it were sold now. A type that has ended ends no more: a present that is worth nothing is none."""
    last_day = kind_of(kind).last_day(today)
    return None if last_day is not None and last_day < today else last_day


def call_back(called: CalledBack, reversal: Reversal) -> list[Movement]:
    """Take what is left of the present, wherever it is now; void the card once all of it was taken."""
    card = GiftCard.objects.filter(account=called.lot.account).first()
    if card is None:
        return []
    holder = following.holders(reversal, [card.pk])[card.pk]
    lot, kin = called.lot, following.family(reversal, [called.lot.id])[called.lot.id]
    left = total(one.remaining for one in (lot, *kin))
    facts: dict[str, Any] = {"card": holder.last_four}
    if called.from_sum is not None:
        facts["from_sum"] = called.from_sum
    if not left:
        if called.fell_now:
            reversal.note("gift", lot.program, _told("owed", called), **facts)
        return []
    is_all = _taken(lot) + left == lot.amount
    if is_all:
        following.void_if_alone(reversal, holder, [lot.id, *(one.id for one in kin)])
    reversal.note("gift", lot.program, _told("back" if is_all else "part", called), left, **facts)
    return following.take(reversal, lot, kin, f"present:{card.pk}")[0]


def _told(what: str, called: CalledBack) -> str:
    """The text for a present of a sum, or of a friend's visit."""
    return f"gift_card.present_{what}" if called.from_sum is not None else f"gift_card.friend_{what}"


def _taken(lot: Stock) -> int:
    taken = Entry.objects.filter(lot=lot.id, kind=Kind.TAKE_BACK).aggregate(amount=Sum("amount"))["amount"]
    return -(taken or 0)
