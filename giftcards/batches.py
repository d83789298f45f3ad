"""Batches: cards for the printer. Each has its code and its account, and is worth nothing until it is sold.

Codes are sealed until they are exported, once. A card of a batch is sold on a check like any other, by naming its
code; only then does it get its money, its last day and what it can do (`giftcards.selling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from clients.actors import Actor
from clients.refusals import Invalid
from giftcards.codes import SHOWN, hash_code, new_code
from giftcards.models import GiftCard, GiftCardBatch, GiftCardType
from giftcards.sealing import seal
from giftcards.selling import check_amount, check_on_sale, kind_of
from loyalty import ledger
from loyalty.ledger import Opening
from loyalty.models import Account
from loyalty.money import Money
from loyalty.rulebook import rulebook
from loyalty.transactions import in_one_transaction

MOST = 10_000
AT_ONCE = 500


@in_one_transaction
def make(*, kind: GiftCardType, amount: Money, count: int, by: Actor, now: datetime) -> GiftCardBatch:
    """Make so many cards of a type and an amount. Raises `Invalid` for an amount that the type is not sold for."""
    if not 1 <= count <= MOST:
        raise Invalid(_("must be a whole number from 1 to %(limit)d") % {"limit": MOST}, field="count")
    house = rulebook().house
    sold = kind_of(kind, tuple(kind.denominations.values_list("amount", flat=True)))
    if not kind.enabled:
        raise Invalid(_("there is no gift card %(code)s on sale") % {"code": kind.code}, field="type")
    check_on_sale(sold, house.day(now), "type")
    check_amount(sold, amount, house.currency, "amount")
    batch = GiftCardBatch.objects.create(type=kind, amount=amount, count=count, made_at=now, by=str(by))
    for first in range(1, count + 1, AT_ONCE):
        _write(batch, range(first, min(first + AT_ONCE, count + 1)), now)
    return batch


def _write(batch: GiftCardBatch, numbers: Sequence[int], now: datetime) -> None:
    openings = [Opening(f"giftcard:batch:{batch.pk}:{number}", Account.Unit.MONEY, None) for number in numbers]
    codes = [new_code() for _number in numbers]
    GiftCard.objects.bulk_create(
        GiftCard(
            type_id=batch.type_id,
            account_id=account,
            code_hash=hash_code(code),
            last_four=code[-SHOWN:],
            sealed_code=seal(code),
            amount=batch.amount,
            single_use=batch.type.single_use,
            batch=batch,
            created_at=now,
        )
        for account, code in zip(ledger.open_accounts(openings, at=now), codes, strict=True)
    )
