"""An open check as the desk shows it: what it comes to, what is wrong with it and where.

A refused offer (a code, too many bonuses) does not hide the check: it is quoted without the offer, what was typed
stays where it was typed, and it cannot be paid until that is settled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.bonuses import BonusPayment, Redemption
from loyalty.checkout import Quote, quote
from loyalty.counter import read_basket
from loyalty.desk.access import Desk
from loyalty.desk.draft import METHODS, Draft, DraftLine, amount, written
from loyalty.mechanics import mechanics
from loyalty.money import Money
from loyalty.receipts import Receipt, ReceiptLine, receipt_of_quote

OFFERS = ("redeem", "gift_cards", "memberships")
PLACE = re.compile(r"(?P<list>[a-z_]+)(?:\[(?P<index>[0-9]+)\])?(?:\.(?P<rest>.+))?")
# What a client was told, and must be told again when it is no longer so.
FIGURES = ("list_total", "membership_total", "discount_total", "bonus_spendable", "gift_card_total", "to_pay")


RETRIED = {"split", "paying"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the form beside what it comes to."""

    index: int
    line: DraftLine
    name: str
    priced: ReceiptLine | None
    error: str = ""

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def is_service(self) -> bool:
        return self.line.kind == "service"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much bonuses may pay, and what says so."""

    most: Money
    percent: Decimal | None
    """The limit that holds it down; None if it is all that the client has."""
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Till:
    """An open check, worked out as far as it can be."""

    draft: Draft
    rows: tuple[Row, ...]
    quoted: Quote | None = None
    receipt: Receipt | None = None
    limit: Limit | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Something is wrong with the check itself; a payment that did not fit may be tried again."""
        return bool(self.errors.keys() - RETRIED)

    @property
    def seen(self) -> str:
        """The figures that are shown, for the form to send back."""
        receipt = self.receipt
        return ",".join(f"{name}={int(getattr(receipt, name))}" for name in FIGURES) if receipt else ""


def work_out(draft: Draft, desk: Desk) -> Till:
    """Quote the check; without the offers that are refused, if need be. Never raises a `Refusal`."""
    draft, errors = _with_code(draft, desk)
    quoted, more = _quote(draft, desk)
    errors = {**more, **errors}
    receipt = receipt_of_quote(quoted) if quoted else None
    if quoted and receipt and draft.uses_most:
        draft = replace(draft, redeem=_most(receipt))
    return Till(
        draft=replace(draft, token=quoted.token if quoted else ""),
        rows=_rows(draft, desk, receipt, errors),
        quoted=quoted,
        receipt=receipt,
        limit=_limit(quoted, receipt) if quoted and receipt else None,
        errors=errors,
    )


def _most(receipt: Receipt) -> str:
    return written(receipt.bonus_total, receipt.currency) if receipt.bonus_total else ""


def known_offers() -> frozenset[str]:
    """Keys of a basket that some mechanic reads."""
    return frozenset().union(*(mechanic.basket_keys for mechanic in mechanics()))


def _with_code(draft: Draft, desk: Desk) -> tuple[Draft, dict[str, str]]:
    """Take the code in the box if it can be used; else leave it there, and say why."""
    if not draft.code:
        return draft, {}
    if "gift_cards" not in known_offers():
        return draft, {"code": _("No codes are taken here.")}
    if not draft.lines:
        return draft, {"code": _("Add what the client takes first, then the code.")}
    taken = replace(draft, gift_cards=tuple(dict.fromkeys((*draft.gift_cards, draft.code))), code="")
    try:
        _priced(taken, desk, {"gift_cards": list(taken.gift_cards)})
    except Refusal as refusal:
        if _root(refusal.field) == "gift_cards":
            return draft, {"code": str(refusal)}
    return taken, {}


def _quote(draft: Draft, desk: Desk) -> tuple[Quote | None, dict[str, str]]:
    """The quote with every offer that can be; and what is wrong, by field of the form."""
    errors: dict[str, str] = {}
    if not draft.lines:
        return None, errors
    offers = draft.offers(known_offers())
    while True:
        try:
            return _priced(draft, desk, offers), errors
        except Refusal as refusal:
            root = _root(refusal.field)
            errors[_place(refusal.field)] = str(refusal)
            if root not in offers:
                return None, errors
            del offers[root]


def _priced(draft: Draft, desk: Desk, offers: Mapping[str, Any]) -> Quote:
    return quote(read_basket(draft.raw(desk.place.code, offers), desk.house), now=desk.now)


def _root(path: str) -> str:
    match = PLACE.match(path)
    return match["list"] if match else ""


def _place(path: str) -> str:
    """ "lines[2].quantity" → "line-2", "gift_cards[0]" → "code": where the form says it."""
    match = PLACE.match(path)
    if match is None:
        return "check"
    if match["list"] == "lines" and match["index"]:
        return f"line-{int(match['index'])}"
    return {"gift_cards": "code", "redeem": "redeem", "client": "client", "memberships": "sessions"}.get(
        match["list"], "check"
    )


def _rows(draft: Draft, desk: Desk, receipt: Receipt | None, errors: Mapping[str, str]) -> tuple[Row, ...]:
    priced = dict(enumerate(receipt.lines)) if receipt else {}
    return tuple(
        Row(i, line, _name(line, priced.get(i), desk), priced.get(i), errors.get(f"line-{i}", ""))
        for i, line in enumerate(draft.lines)
    )


def _name(line: DraftLine, priced: ReceiptLine | None, desk: Desk) -> str:
    service = desk.house.services.get(line.code)
    return priced.name if priced else service.name if service else line.code


def _limit(quoted: Quote, receipt: Receipt) -> Limit:
    plan = quoted.bill.plans.get(BonusPayment.code, Redemption())
    bound = receipt.bonus_spendable and receipt.bonus_spendable == plan.cap
    hints = (note.text for note in receipt.trace if note.stage == "bonus" and not note.amount)
    return Limit(receipt.bonus_spendable, plan.cap_percent if bound else None, tuple(dict.fromkeys(hints)))


def changes(draft: Draft, receipt: Receipt, desk: Desk) -> list[str]:
    """What the client was told before and is no longer so, in words."""
    words = {
        "list_total": _("The list price was %(was)s and is now %(now)s."),
        "membership_total": _("A membership covered %(was)s and covers %(now)s now."),
        "discount_total": _("The discount was %(was)s and is now %(now)s."),
        "bonus_spendable": _("Bonuses could pay %(was)s and can pay at most %(now)s now."),
        "gift_card_total": _("Gift cards paid %(was)s and pay %(now)s now."),
        "to_pay": _("To pay was %(was)s and is now %(now)s."),
    }
    show = desk.house.currency.number
    return [
        words[name] % {"was": show(draft.seen[name]), "now": show(getattr(receipt, name))}
        for name in FIGURES
        if name in draft.seen and draft.seen[name] != getattr(receipt, name)
    ]


def payments_of(method: str, draft: Draft, desk: Desk, to_pay: Money) -> dict[str, Money]:
    """What is paid by which method. Raises `BadAmount` for an amount of a split that is none."""
    if method in METHODS:
        return {method: to_pay} if to_pay else {}
    typed = {name: text for name, text in draft.split.items() if text}
    return {name: desk.house.currency.parse(amount(text)) for name, text in typed.items()}
