"""How things look over HTTP (`contract.md`): amounts, percents and ids are strings, times have an offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from clients.dates import dates_of
from clients.letters.unsubscribing import silences_of, subscriptions
from clients.models import Client
from clients.tags import tags_of
from loyalty.cashback import Ladder, brings
from loyalty.checkout import Quote, explain_refund
from loyalty.explanations import Explained, plain_facts
from loyalty.house import House
from loyalty.ledger import Stock
from loyalty.mechanics import PRESENTS, mechanics
from loyalty.models import Account, Entry, Lot, Refund
from loyalty.models.ledger import is_any_number
from loyalty.money import Currency, Money, percent_text, total
from loyalty.receipts import Earned, Receipt, ReceiptLine, receipt_of_quote
from loyalty.rulebook import rulebook
from loyalty.wallet import Wallet


def plain(value: Any, currency: Currency | None = None) -> Any:
    """Anything a rule knows, as JSON: amounts and percents as strings, days as ISO 8601, all the way down."""
    if isinstance(value, Money):
        return (currency or rulebook().house.currency).text(value)
    if isinstance(value, Decimal):
        return percent_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item, currency) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, currency) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """With the offset of the business's zone."""
    return at.astimezone(zone).isoformat()


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


# --- clients ---------------------------------------------------------------------------------------------------------


def client_shapes(clients: Iterable[Client], house: House) -> list[dict[str, Any]]:
    """Clients; the number of queries does not grow with them."""
    clients = list(clients)
    prefetch_related_objects(clients, "cards", "consents", "tags", "dates", "silences")
    facts = [mechanic.client_facts(clients) for mechanic in mechanics()]
    return [
        {
            **_client(client, house),
            **{key: plain(value, house.currency) for told in facts for key, value in told.get(client.pk, {}).items()},
            "created_at": moment(client.created_at, house.zone),
        }
        for client in clients
    ]


def _client(client: Client, house: House) -> dict[str, Any]:
    return {
        "id": str(client.pk),
        "first_name": client.first_name,
        "last_name": client.last_name,
        "phone": client.phone,
        "email": client.email,
        "birthday": plain(client.birthday),
        "language": client.language or house.language,
        "card": next((card.number for card in client.cards.all() if card.is_primary), None),
        "consents": sorted(consent.topic for consent in client.consents.all() if consent.withdrawn_at is None),
        "tags": tags_of(client),
        "silences": subscriptions(silences_of(client)),
        "dates": [{"name": one.name, "day": plain(one.day)} for one in dates_of(client)],
        # A mechanic of the referral program says more; without it there is neither code nor anybody who brought them.
        "referral_code": None,
        "referrer": None,
        "partner": None,
    }


def balance_shape(wallet: Wallet) -> dict[str, Any]:
    """`GET clients/{id}/balance`."""
    text = wallet.house.currency.text
    held = [plain(holding.balance, wallet.house.currency) for holding in wallet.holdings]
    return {
        "balance": text(wallet.balance),
        "spendable": text(wallet.spendable),
        "pending": text(wallet.pending),
        "debt": text(wallet.debt),
        "total_spent": text(wallet.person.total_spent),
        "visits": wallet.person.visits,
        "tier": _tier(wallet.ladders, wallet.house.currency),
        "lots": [_lot(lot, wallet.house.currency) for lot in wallet.lots],
        "memberships": [],
        "gift_cards": [],
        "free_services": [],
        "stamps": [],
        **{key: value for facts in held for key, value in facts.items()},
    }


def _tier(ladders: Sequence[Ladder], currency: Currency) -> dict[str, Any] | None:
    """The rung of the first program, as a check shows it; where nothing is reached yet, only the next one."""
    if not ladders:
        return None
    first = next((ladder for ladder in ladders if ladder.rung is not None), ladders[0])
    return {
        "name": first.rung.name if first.rung is not None else None,
        "percent": percent_text(first.rung.percent) if first.rung is not None else "0",
        "next": _next(first, currency),
        "privileges": brings(first),
        "priority_booking": first.rung is not None and first.rung.priority_booking,
        "early_access": first.rung is not None and first.rung.early_access,
        "falls": _falls(first, currency),
        "by_hand": first.by_hand,
        "by_hand_until": first.by_hand_until.isoformat() if first.by_hand_until is not None else None,
    }


def _falls(ladder: Ladder, currency: Currency) -> dict[str, Any] | None:
    """The next fall that comes by itself, and what keeps the tier."""
    fall = ladder.fall
    if fall is None:
        return None
    return {
        "on": fall.on.isoformat(),
        "to": fall.to.name if fall.to is not None else None,
        "keeps_by": fall.keeps_by.isoformat(),
        "missing": currency.text(fall.missing),
    }


def _next(ladder: Ladder, currency: Currency) -> dict[str, Any] | None:
    if ladder.next is None:
        return None
    remaining = currency.text(ladder.remaining)
    return {"name": ladder.next.name, "percent": percent_text(ladder.next.percent), "remaining": remaining}


def _lot(lot: Stock, currency: Currency) -> dict[str, Any]:
    return {
        "id": str(lot.id),
        "program": lot.program,
        "remaining": currency.text(lot.remaining),
        "first_day": lot.first_day.isoformat(),
        "last_day": plain(lot.last_day),
        "limit_percent": percent_text(lot.limit_percent),
        "min_check": currency.text(lot.min_check),
    }


COUNTED = frozenset({Account.Unit.SESSION, Account.Unit.STAMP})


def entry_shape(entry: Entry, house: House) -> dict[str, Any]:
    """A movement, with its lot and account joined. Sessions and stamps are counted, not paid: "-1", not "-0.01"."""
    return {
        "id": str(entry.pk),
        "kind": entry.kind,
        "unit": entry.account.unit,
        "amount": _moved(entry, house),
        "program": entry.lot.program,
        "visit": _id(entry.visit_id),
        "refund": _id(entry.refund_id),
        "at": moment(entry.at, house.zone),
        "by": entry.by,
        "note": entry.note,
    }


def _moved(entry: Entry, house: House) -> str | None:
    """None: any number of sessions came in, ended or was taken."""
    unit = entry.account.unit
    if unit == Account.Unit.SESSION and is_any_number(entry.amount):
        return None
    return str(int(entry.amount)) if unit in COUNTED else house.currency.text(entry.amount)


def adjustment_shape(entries: Sequence[Entry], house: House) -> dict[str, Any]:
    """What was adjusted by hand, as one entry: taking may have touched several lots."""
    last = entries[-1]
    whole = total(entry.amount for entry in entries)
    return {**entry_shape(last, house), "amount": house.currency.text(whole)}


def action_shape(entry: Entry, house: House) -> dict[str, Any]:
    """What an action brought: the entry, and how the bonuses may be used."""
    return {**entry_shape(entry, house), "name": entry.lot.name, **_use_of(entry.lot, house.currency)}


def _use_of(lot: Lot, currency: Currency) -> dict[str, Any]:
    return {
        "first_day": lot.first_day.isoformat(),
        "last_day": plain(lot.last_day),
        "limit_percent": percent_text(lot.limit_percent),
        "min_check": currency.text(lot.min_check),
    }


# --- checks ----------------------------------------------------------------------------------------------------------

TOTALS = (
    "list_total",
    "membership_total",
    "discount_total",
    "check_total",
    "bonus_spendable",
    "bonus_total",
    "gift_card_total",
    "to_pay",
    "earned_total",
)
SHARES = ("list", "membership", "discount", "bonus", "gift_card", "to_pay", "earned")


def check_shape(
    receipt: Receipt, zone: ZoneInfo, *, revealed: Mapping[int, Sequence[Any]] | None = None
) -> dict[str, Any]:
    """The one shape of quotes and visits. `revealed`: line → the gift cards it sold (`PRESENTS`: those that came as
    gifts), told in this answer only.
    """
    text = receipt.currency.text
    return {
        **_head(receipt),
        "currency": receipt.currency.code,
        "client": _id(receipt.client),
        "at": moment(receipt.at, zone),
        **{name: text(getattr(receipt, name)) for name in TOTALS},
        "earned": [_earned(earned, receipt.currency) for earned in receipt.earned],
        "referrer_earned": _referrer(receipt),
        "lines": [_line(line, receipt.currency, (revealed or {}).get(line.number)) for line in receipt.lines],
        "sessions_used": receipt.sessions_used,
        "tier": {"name": receipt.tier_name, "percent": plain(receipt.tier_percent)} if receipt.tier_name else None,
        "trace": [_note(note, receipt.currency) for note in receipt.trace],
        "payments": [{"method": method, "amount": text(amount)} for method, amount in receipt.payments],
        **({"gift_cards": plain(presents, receipt.currency)} if (presents := (revealed or {}).get(PRESENTS)) else {}),
    }


def quote_shape(quote: Quote) -> dict[str, Any]:
    """A quote, with where it is for."""
    shape = check_shape(receipt_of_quote(quote), quote.scene.house.zone)
    return {**shape, "location": quote.scene.place.code}


def _head(receipt: Receipt) -> dict[str, Any]:
    visit = receipt.visit
    if visit is None:
        return {"token": receipt.token}
    return {
        "id": str(visit.pk),
        "number": visit.number,
        "status": receipt.status,
        "location": visit.location.code,
        "by": visit.by,
    }


def _note(note: Explained, currency: Currency) -> dict[str, Any]:
    """A line of the explanation: a sentence for a person, the same as data for a program."""
    return {
        "stage": note.stage,
        "rule": note.rule,
        "code": note.code,
        "text": note.text,
        "amount": currency.text(note.amount),
        "facts": plain_facts(note.facts, currency),
    }


def _earned(earned: Earned, currency: Currency) -> dict[str, Any]:
    return {"program": earned.program, "percent": plain(earned.percent), "amount": currency.text(earned.amount)}


def _referrer(receipt: Receipt) -> dict[str, Any] | None:
    earned = receipt.referrer_earned
    if earned is None:
        return None
    return {"client": _id(earned.client), "amount": receipt.currency.text(earned.amount)}


def _line(line: ReceiptLine, currency: Currency, cards: Sequence[Any] | None) -> dict[str, Any]:
    """A line that sells an item names it by the key that the basket used (`gift_card_type`, `membership_plan`)."""
    is_service = line.kind == "service"
    return {
        "line": line.number,
        "service": line.code if is_service else None,
        **({} if is_service else {line.kind: line.code}),
        "name": line.name,
        "quantity": line.quantity,
        "price": currency.text(line.price),
        **{name: currency.text(getattr(line, name)) for name in SHARES},
        "covered": line.covered,
        "free": currency.text(line.free),
        "refunded": line.refunded,
        **({"gift_cards": plain(cards, currency)} if cards else {}),
    }


def refund_shape(refund: Refund, house: House) -> dict[str, Any]:
    """What a refund gave back and took back."""
    text = house.currency.text
    paid = sorted(refund.payments.all(), key=lambda payment: payment.pk)
    return {
        "id": str(refund.pk),
        "visit": str(refund.visit_id),
        "at": moment(refund.at, house.zone),
        "money": [{"method": payment.method, "amount": text(payment.amount)} for payment in paid],
        "bonus_returned": text(refund.bonus_returned),
        "bonus_taken_back": text(refund.bonus_taken_back),
        "gift_card_returned": text(refund.gift_card_returned),
        "sessions_returned": refund.sessions_returned,
        "debt": text(refund.debt),
        "trace": [_note(note, house.currency) for note in explain_refund(refund, house.currency)],
    }
