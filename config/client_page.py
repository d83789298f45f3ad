"""What the admin shows of one client: the panels of all rooms on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.admin_base import own_locations
from clients.letters.reasons import show_reason
from clients.models import Card, Client, Message
from clients.refusals import Refusal
from giftcards.admin import STATUS_NAMES as CARD_STATUS
from giftcards.cards import states
from giftcards.models import GiftCard
from loyalty.admin.currency import shown
from loyalty.admin.records import person, signed
from loyalty.cashback import Ladder, brings, by_hand, what_keeps
from loyalty.explanations import show_day, show_percent
from loyalty.models import Entry, TierStanding, Visit
from loyalty.money import Currency
from loyalty.wallet import Wallet, wallet
from memberships.holding import memberships_of
from referrals.admin_tree import Tree, tree_of
from referrals.models import Code, Referral

LAST_VISITS = 10
LAST_ENTRIES = 30
FRIENDS = 10
LAST_LETTERS = 10


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
class LetterRow:
    """A letter, and what became of it."""

    id: int
    at: datetime
    what: str
    channel: str
    fate: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the client's page that is not the form."""

    cards: Sequence[Card]
    purse: Wallet | None
    tiers: Sequence[Sequence[str]]
    lots: Sequence[dict[str, Any]]
    visits: Sequence[Visit]
    entries: Sequence[EntryRow]
    memberships: Sequence[Any]
    gift_cards: Sequence[dict[str, Any]]
    code: str
    referrer: Client | None
    tree: Tree | None
    letters: Sequence[LetterRow]
    hears: Sequence[str]
    silent: Sequence[str]


def page_of(client: Client, user: Any, now: datetime) -> Page:
    """The page as this person may see it: visits of their own locations only."""
    purse = _purse(client, now)
    referral = Referral.objects.filter(friend=client).select_related("referrer").first()
    code = Code.objects.filter(client=client).first()
    return Page(
        cards=list(client.cards.order_by("-is_primary", "pk")),
        purse=purse,
        tiers=_tiers(purse, _hands(client)),
        lots=_lots(purse),
        visits=_visits(client, user),
        entries=_entries(client, user),
        memberships=memberships_of(client, purse.house, now) if purse else [],
        gift_cards=_gift_cards(client, purse),
        code=code.code if code else "",
        referrer=referral.referrer if referral else None,
        tree=tree_of(client, user, now, size=FRIENDS) if purse else None,
        letters=_letters(client),
        hears=[consent.get_topic_display() for consent in client.consents.filter(withdrawn_at=None).order_by("pk")],
        silent=[f"{row.get_channel_display()}: {row.get_topic_display()}" for row in client.silences.order_by("pk")],
    )


def _purse(client: Client, now: datetime) -> Wallet | None:
    try:
        return wallet(client, now=now)
    except Refusal:  # erased, or nothing is set up: there is nothing to show
        return None


def _tiers(purse: Wallet | None, hands: Mapping[int, str]) -> list[Sequence[str]]:
    """Of each program: "Start 3 %, 186.00 more to Silver 5 %", then what keeps the tier and what it brings."""
    if purse is None:
        return []
    told = [
        (_where(ladder), hands.get(ladder.program.id, ""), *_told(ladder, purse.house.currency))
        for ladder in purse.ladders
    ]
    return [[line for line in lines if line] for lines in told]


def _hands(client: Client) -> dict[int, str]:
    """Program id → who set the tier by hand, when and why."""
    rows = TierStanding.objects.filter(client=client, by_hand=True)
    return {row.program_id: _hand(row) for row in rows}


def _hand(row: TierStanding) -> str:
    day = show_day(row.hand_since) if row.hand_since is not None else ""
    facts = {"who": person(row.by), "day": day, "reason": row.reason}
    return _("Set by %(who)s on %(day)s: %(reason)s") % facts


def _where(ladder: Ladder) -> str:
    now = f"{ladder.rung.name} {show_percent(ladder.rung.percent)}" if ladder.rung else _("no tier yet")
    if ladder.next is None:
        return now
    following = f"{ladder.next.name} {show_percent(ladder.next.percent)}"
    return _("%(now)s, %(more)s more to %(next)s") % {"now": now, "more": shown(ladder.remaining), "next": following}


def _told(ladder: Ladder, currency: Currency) -> list[str]:
    return [text for text in (what_keeps(ladder, currency), by_hand(ladder), *_privileges(ladder)) if text]


def _privileges(ladder: Ladder) -> list[str]:
    rung = ladder.rung
    if rung is None:
        return []
    flags = [(rung.priority_booking, _("Books first.")), (rung.early_access, _("Hears of offers first."))]
    return [*(text for has, text in flags if has), *brings(ladder)]


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


def _letters(client: Client) -> list[LetterRow]:
    rows = Message.objects.filter(client=client).select_related("template").order_by("-pk")
    return [
        LetterRow(
            id=row.pk,
            at=row.sent_at or row.created_at,
            what=row.subject or str(row.template or row.occasion),
            channel=row.get_channel_display(),
            fate=", ".join(filter(None, [row.get_state_display(), show_reason(row.reason)])),
        )
        for row in rows[:LAST_LETTERS]
    ]
