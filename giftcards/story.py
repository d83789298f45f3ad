"""What has happened to a card: each movement of its money, in words, and the cards that it came from and went to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from giftcards.models import GiftCard
from loyalty.models import Entry
from loyalty.money import Money

Kind = Entry.Kind
MOST = 50
WORDS = {
    Kind.GRANT: _("Put on the card"),
    Kind.SPEND: _("Paid with it"),
    Kind.RETURN: _("Given back to it by a refund"),
    Kind.TAKE_BACK: _("Taken back by a refund"),
    Kind.EXPIRE: _("Ended unused"),
    Kind.ADJUST: _("Changed by hand"),
}
LOST = _("The rest, lost: the card was for one check")
CAME, WENT = _("Came from another card"), _("Went to another card")


@dataclass(frozen=True, slots=True)
class Told:
    """One movement. `visit` is the number of the check that it belongs to, None for none."""

    at: datetime
    text: str | Promise
    amount: Money
    visit: int | None
    note: str


def story_of(card: GiftCard) -> Sequence[Told]:
    """The latest movements first, at most `MOST`."""
    entries = Entry.objects.filter(account=card.account_id).select_related("refund").order_by("-pk")[:MOST]
    return [_told(entry) for entry in entries]


def neighbours(card: GiftCard) -> tuple[GiftCard | None, Sequence[GiftCard]]:
    """The card that has its money now, and those whose money it got."""
    came = [card.replaces] if card.replaces is not None else []
    went = card.merged_into or GiftCard.objects.filter(replaces=card).first()
    return went, [*came, *card.merged.order_by("pk")]


def _told(entry: Entry) -> Told:
    refund = entry.refund
    visit = entry.visit_id or (refund.visit_id if refund is not None else None)
    return Told(entry.at, _words(entry), entry.amount, visit, entry.note)


def _words(entry: Entry) -> str | Promise:
    if entry.kind == Kind.TRANSFER:
        return CAME if entry.amount > 0 else WENT
    if entry.kind == Kind.EXPIRE and entry.visit_id is not None:
        return LOST
    return WORDS[Kind(entry.kind)]
