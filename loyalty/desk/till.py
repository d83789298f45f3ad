"""An open check as the desk shows it: what it comes to, what is wrong with it and where.

A refused offer (a code, too many bonuses) does not hide the check: it is quoted without the offer, what was typed
stays where it was typed, and it cannot be paid until that is settled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote as quoted_text

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.bonuses import BonusPayment, Redemption
from loyalty.checkout import Quote, quote
from loyalty.counter import read_basket
from loyalty.desk.access import Desk
from loyalty.desk.codes import Taken, read_code, taken, why_refused
from loyalty.desk.draft import METHODS, Draft, DraftLine, amount, written
from loyalty.explanations import HINT
from loyalty.mechanics import Code, LineForm, line_form, mechanics
from loyalty.money import Money
from loyalty.receipts import Receipt, ReceiptLine, receipt_of_quote

PLACE = re.compile(r"(?P<list>[a-z_]+)(?:\[(?P<index>[0-9]+)\])?(?:\.(?P<rest>.+))?")
# What a client was told, and must be told again when it is no longer so.
FIGURES = ("list_total", "membership_total", "discount_total", "bonus_spendable", "gift_card_total", "to_pay")
OFF = "off:"
"""Before the name of a discount, among the figures that were seen."""
MOST_HINTS = 3
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

    @property
    def form(self) -> LineForm | None:
        """What its mechanic asks of it."""
        return line_form(self.line.kind)


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
    codes: tuple[Taken, ...] = ()
    quoted: Quote | None = None
    receipt: Receipt | None = None
    limit: Limit | None = None
    hints: tuple[str, ...] = ()
    """What would make this check cheaper or the next one earn more."""
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
        if receipt is None:
            return ""
        figures = {name: int(getattr(receipt, name)) for name in FIGURES}
        figures |= {OFF + quoted_text(name, safe=""): int(amount) for name, amount in receipt.discounts.items()}
        return ",".join(f"{name}={figure}" for name, figure in figures.items())


@dataclass(frozen=True, slots=True)
class Tried:
    """The quote with every offer that can be; what is wrong, by field of the form; and codes that were refused."""

    quoted: Quote | None
    errors: Mapping[str, str]
    refused: Mapping[Code, str]


def work_out(draft: Draft, desk: Desk) -> Till:
    """Quote the check; without the offers that are refused, if need be. Never raises a `Refusal`."""
    tried = _try(draft, desk)
    draft, errors = _with_code(draft, tried)
    quoted = tried.quoted
    receipt = receipt_of_quote(quoted) if quoted else None
    if quoted and receipt and draft.uses_most:
        draft = replace(draft, redeem=_most(receipt))
    trace = receipt.trace if receipt else ()
    hints = dict.fromkeys(note.text for note in trace if note.stage == HINT)
    return Till(
        draft=replace(draft, token=quoted.token if quoted else ""),
        rows=_rows(draft, desk, receipt, errors),
        codes=tuple(taken(code, trace, tried.refused.get(code, "")) for code in draft.taken),
        quoted=quoted,
        receipt=receipt,
        limit=_limit(quoted, receipt) if quoted and receipt else None,
        hints=tuple(hints)[:MOST_HINTS],
        errors=errors,
    )


def _most(receipt: Receipt) -> str:
    return written(receipt.bonus_total, receipt.currency) if receipt.bonus_total else ""


def known_offers() -> frozenset[str]:
    """Keys of a basket that some mechanic reads."""
    return frozenset().union(*(mechanic.basket_keys for mechanic in mechanics()))


def _with_code(draft: Draft, tried: Tried) -> tuple[Draft, dict[str, str]]:
    """The code in the box is taken if it could be used; else it stays there, with the reason."""
    errors = dict(tried.errors)
    errors |= {f"taken-{i}": tried.refused[code] for i, code in enumerate(draft.taken) if code in tried.refused}
    if not draft.code:
        return draft, errors
    typed = read_code(draft.code)
    if typed in draft.taken:
        return replace(draft, code=""), errors
    if typed in tried.refused:
        return draft, errors | {"code": tried.refused[typed]}
    if not draft.lines:
        return draft, errors | {"code": _("Add what the client takes first, then the code.")}
    return (draft if tried.quoted is None else draft.with_code()), errors


def _try(draft: Draft, desk: Desk) -> Tried:
    errors: dict[str, str] = {}
    refused: dict[Code, str] = {}
    offers = draft.offers(known_offers()) if draft.lines else {}
    while draft.lines:
        try:
            return Tried(_priced(draft, desk, offers), errors, refused)
        except Refusal as refusal:
            code = _refused(refusal, offers, draft.codes)
            if code is not None:
                refused[code] = why_refused(refusal)
                offers = offers | {code.key: [text for text in offers[code.key] if text != code.text]}
                continue
            errors[_place(refusal.field)] = _why(refusal)
            if offers.pop(_root(refusal.field), None) is None:
                break
    return Tried(None, errors, refused)


def _refused(refusal: Refusal, offers: Mapping[str, Any], codes: Sequence[Code]) -> Code | None:
    """The code that a refusal is about; the last one, where it is about their number."""
    match = PLACE.match(refusal.field)
    offered = [code for code in codes if match and code.key == match["list"] and code.text in offers.get(code.key, ())]
    if match is None or not offered:
        return None
    i = int(match["index"] or len(offered))
    return offered[min(i, len(offered) - 1)]


def _why(refusal: Refusal) -> str:
    if refusal.field == "discount.reason":
        return _("Say why: the reason stays with the check.")
    return str(refusal)


def _priced(draft: Draft, desk: Desk, offers: Mapping[str, Any]) -> Quote:
    return quote(read_basket(draft.raw(desk.place.code, offers), desk.house), now=desk.now)


def _root(path: str) -> str:
    match = PLACE.match(path)
    return match["list"] if match else ""


def _place(path: str) -> str:
    """ "lines[2].quantity" → "line-2", "discount.percent" → "by_hand": where the form says it."""
    match = PLACE.match(path)
    if match is None:
        return "check"
    if match["list"] == "lines" and match["index"]:
        return f"line-{int(match['index'])}"
    return {"redeem": "redeem", "client": "client", "discount": "by_hand"}.get(match["list"], "check")


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
        "membership_total": _("Memberships and free services covered %(was)s and cover %(now)s now."),
        "discount_total": _("The discount was %(was)s and is now %(now)s."),
        "bonus_spendable": _("Bonuses could pay %(was)s and can pay at most %(now)s now."),
        "gift_card_total": _("Gift cards paid %(was)s and pay %(now)s now."),
        "to_pay": _("To pay was %(was)s and is now %(now)s."),
    }
    show = desk.house.currency.number
    named = _discounts_changed(draft, receipt, desk)
    said: list[str] = []
    for name in FIGURES:
        was, now = draft.seen.get(name), getattr(receipt, name)
        if name == "discount_total" and named:
            said += named
        elif was is not None and was != now:
            said.append(words[name] % {"was": show(was), "now": show(now)})
    return said


def _discounts_changed(draft: Draft, receipt: Receipt, desk: Desk) -> list[str]:
    """Which discount took how much, and takes now; nothing for a form that did not name them."""
    seen = {name.removeprefix(OFF): figure for name, figure in draft.seen.items() if name.startswith(OFF)}
    if not seen and draft.seen.get("discount_total", 0):
        return []
    was = Counter(seen)
    now = Counter({name: int(amount) for name, amount in receipt.discounts.items()})
    return [_changed(name, was[name], now[name], desk) for name in (was | now) if was[name] != now[name]]


def _changed(name: str, was: int, now: int, desk: Desk) -> str:
    show = desk.house.currency.number
    facts = {"name": name, "was": show(was), "now": show(now)}
    if not now:
        return _("%(name)s took %(was)s off and takes nothing off now.") % facts
    if not was:
        return _("%(name)s takes %(now)s off now.") % facts
    return _("%(name)s took %(was)s off and takes %(now)s off now.") % facts


def payments_of(method: str, draft: Draft, desk: Desk, to_pay: Money) -> dict[str, Money]:
    """What is paid by which method. Raises `BadAmount` for an amount of a split that is none."""
    if method in METHODS:
        return {method: to_pay} if to_pay else {}
    typed = {name: text for name, text in draft.split.items() if text}
    return {name: desk.house.currency.parse(amount(text)) for name, text in typed.items()}
