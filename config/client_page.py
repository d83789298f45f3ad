"""What the admin shows of one client: the panels of all rooms on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.admin_base import own_locations
from clients.models import Card, Client
from clients.refusals import Refusal
from giftcards.admin import STATUS_NAMES as CARD_STATUS
from giftcards.cards import states
from giftcards.models import GiftCard
from loyalty.admin.currency import shown
from loyalty.admin.records import person, signed
from loyalty.explanations import show_day, show_percent
from loyalty.models import Entry, Visit
from loyalty.wallet import Wallet, wallet
from memberships.plans import memberships_of
from referrals.models import Code, Referral

LAST_VISITS = 10
LAST_ENTRIES = 30
FRIENDS = 20


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A line of the history. `visit` is the number of the visit, where this person may open it."""

    at: datetime
    what: str
    why: str
    by: str
    amount: str
    gains: bool
    visit: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the client's page that is not the form."""

    cards: Sequence[Card]
    purse: Wallet | None
    tiers: Sequence[str]
    lots: Sequence[dict[str, Any]]
    visits: Sequence[Visit]
    entries: Sequence[EntryRow]
    memberships: Sequence[Any]
    gift_cards: Sequence[dict[str, Any]]
    code: str
    referrer: Client | None
    friends: Sequence[Client]


def page_of(client: Client, user: Any, now: datetime) -> Page:
    """The page as this person may see it: visits of their own locations only."""
    purse = _purse(client, now)
    referral = Referral.objects.filter(friend=client).select_related("referrer").first()
    code = Code.objects.filter(client=client).first()
    brought = Referral.objects.filter(referrer=client).select_related("friend").order_by("-named_at")
    return Page(
        cards=list(client.cards.order_by("-is_primary", "pk")),
        purse=purse,
        tiers=_tiers(purse),
        lots=_lots(purse),
        visits=_visits(client, user),
        entries=_entries(client, user),
        memberships=memberships_of(client, purse.house, now) if purse else [],
        gift_cards=_gift_cards(client, purse),
        code=code.code if code else "",
        referrer=referral.referrer if referral else None,
        friends=[one.friend for one in brought[:FRIENDS]],
    )


def _purse(client: Client, now: datetime) -> Wallet | None:
    try:
        return wallet(client, now=now)
    except Refusal:  # erased, or nothing is set up: there is nothing to show
        return None


def _tiers(purse: Wallet | None) -> list[str]:
    """ "Start 3 %, 186.00 more to Silver 5 %"."""
    said = []
    for ladder in purse.ladders if purse else ():
        now = f"{ladder.rung.name} {show_percent(ladder.rung.percent)}" if ladder.rung else _("no tier yet")
        if ladder.next is not None:
            following = f"{ladder.next.name} {show_percent(ladder.next.percent)}"
            now = _("%(now)s, %(more)s more to %(next)s") % {
                "now": now,
                "more": shown(ladder.remaining),
                "next": following,
            }
        said.append(now)
    return said


def _lots(purse: Wallet | None) -> list[dict[str, Any]]:
    return [
        {
            "id": lot.id,
            "name": lot.name or lot.program or _("by hand"),
            "remaining": shown(lot.remaining),
            "is_debt": lot.is_debt,
            "from": show_day(lot.first_day) if purse and lot.first_day > purse.today else "",
            "until": show_day(lot.last_day) if lot.last_day else _("for ever"),
            "pays": _pays(lot),
        }
        for lot in (purse.lots if purse else ())
    ]


def _pays(lot: Any) -> str:
    """ "50 % from 50.00"."""
    part = show_percent(lot.limit_percent)
    return _("%(part)s from %(check)s") % {"part": part, "check": shown(lot.min_check)} if lot.min_check else part


def _visits(client: Client, user: Any) -> list[Visit]:
    rows = Visit.objects.filter(client=client).select_related("location").order_by("-at", "-pk")
    own = own_locations(user)
    return list((rows if own is None else rows.filter(location__in=own))[:LAST_VISITS])


def _entries(client: Client, user: Any) -> list[EntryRow]:
    rows = Entry.objects.filter(account__client=client).select_related("account", "lot", "visit").order_by("-pk")
    own = own_locations(user)
    return [
        EntryRow(
            at=entry.at,
            what=entry.get_kind_display(),
            why=entry.note or entry.lot.name,
            by=person(entry.by),
            amount=signed(entry.amount, entry.account.unit),
            gains=entry.amount > 0,
            visit=entry.visit_id if entry.visit and (own is None or entry.visit.location_id in own) else None,
        )
        for entry in rows[:LAST_ENTRIES]
    ]


def _gift_cards(client: Client, purse: Wallet | None) -> list[dict[str, Any]]:
    if purse is None:
        return []
    found = states(GiftCard.objects.filter(buyer=client).order_by("-pk"), purse.today)
    return [{"card": card, "left": shown(card.remaining), "status": CARD_STATUS[card.status]} for _hash, card in found]
