"""The check that the browser holds in its form, until it is paid: what was typed, kept as it was typed.

client     id, or nothing for an anonymous check
line       one for each line: "service:session", "gift_card_type:gift:50.00", "membership_plan:five"
quantity-0, price-0, reason-0      of the first line, and so on
detail-0-email                     what its mechanic asks of the line (`LineForm`)
taken      one for each code that was taken; code: the box, not taken yet
redeem     bonuses to use; most: the figure that was filled in for "as much as may be"
sessions   "no": do not pay with a membership; free: "no": keep what is free; earn: "no": the check earns nothing
by_hand    a discount by hand: so much, of by_hand_unit ("percent" or "amount"); by_hand_reason
key        the operation: paid once however often it is sent; token: the quote that was seen; seen: its figures
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from django.http import QueryDict
from django.utils.translation import get_language

from loyalty.desk.codes import read_codes
from loyalty.mechanics import Code, line_form
from loyalty.money import Currency, Money

KEY = re.compile(r"[A-Za-z0-9_-]{16,60}", re.ASCII)
COUNT = re.compile(r"[0-9]{1,5}", re.ASCII)
SERVICE = "service"
METHODS = ("cash", "card", "transfer")
PERCENT, AMOUNT = "percent", "amount"
MOST_FIGURES = 100


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as the form holds it. `kind` is `service`, or the key of what a mechanic sells."""

    kind: str
    code: str
    amount: str = ""
    quantity: str = "1"
    price: str = ""
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    """What its mechanic asks of it, by name; only what was typed."""

    @property
    def ref(self) -> str:
        """ "service:session", as the form names it."""
        return ":".join(part for part in (self.kind, self.code, self.amount) if part)

    def raw(self) -> dict[str, Any]:
        """The line as `loyalty.counter` reads it."""
        if self.kind != SERVICE:
            return {self.kind: self.code} | ({"amount": amount(self.amount)} if self.amount else {}) | self._details()
        raw: dict[str, Any] = {"service": self.code, "quantity": count(self.quantity)}
        if self.price.strip():
            raw |= {"price": amount(self.price), "price_reason": self.reason.strip()}
        return raw

    def _details(self) -> dict[str, Any]:
        form = line_form(self.kind) if self.details else None
        return dict(form.raw(self.details)) if form is not None else {}


@dataclass(frozen=True, slots=True)
class ByHand:
    """A discount by hand as it was typed."""

    value: str = ""
    unit: str = PERCENT
    reason: str = ""

    def raw(self) -> dict[str, Any]:
        """The discount as `loyalty.counter` reads it."""
        value = self.value.rstrip("% ") if self.unit == PERCENT else self.value
        return {self.unit: amount(value), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Draft:
    """An open check."""

    key: str
    client: str = ""
    lines: tuple[DraftLine, ...] = ()
    code: str = ""
    taken: tuple[Code, ...] = ()
    redeem: str = ""
    uses_most: bool = False
    uses_sessions: bool = True
    uses_free: bool = True
    earns: bool = True
    by_hand: ByHand = ByHand()
    token: str = ""
    seen: Mapping[str, int] = field(default_factory=dict)
    split: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls, client: str = "") -> Draft:
        return cls(key=secrets.token_urlsafe(24), client=client)

    @classmethod
    def read(cls, sent: QueryDict) -> Draft:
        """What the form sent; whatever makes no sense is kept for the rules to refuse."""
        refs = [line_of(text) for text in sent.getlist("line")]
        lines = tuple(_with_details(line, i, sent) for i, line in enumerate(refs) if line is not None)
        redeem = sent.get("redeem", "").strip()
        return cls(
            key=sent.get("key", "") if KEY.fullmatch(sent.get("key", "")) else secrets.token_urlsafe(24),
            client=sent.get("client", "").strip(),
            lines=lines,
            code=sent.get("code", "").strip(),
            taken=read_codes(sent.getlist("taken")),
            redeem=redeem,
            uses_most=bool(redeem) and redeem == sent.get("most", ""),
            uses_sessions=sent.get("sessions") != "no",
            uses_free=sent.get("free") != "no",
            earns=sent.get("earn") != "no",
            by_hand=_by_hand(sent),
            token=sent.get("token", ""),
            seen=_figures(sent.get("seen", "")),
            split={method: sent.get(f"split-{method}", "").strip() for method in METHODS},
        )

    def with_line(self, line: DraftLine) -> Draft:
        """One more of it: a service that is on the check already gets a higher quantity."""
        for i, present in enumerate(self.lines):
            if line.kind == SERVICE and present.ref == line.ref and COUNT.fullmatch(present.quantity):
                more = replace(present, quantity=str(int(present.quantity) + 1))
                return replace(self, lines=(*self.lines[:i], more, *self.lines[i + 1 :]))
        return replace(self, lines=(*self.lines, line))

    def for_client(self, client: str) -> Draft:
        """The same check for another client (or nobody): what only the former one could offer is taken off."""
        return replace(self, client=client, redeem="", uses_most=False, uses_sessions=True, uses_free=True)

    def without_line(self, number: str) -> Draft:
        """The check without its line of this number, from 1."""
        return replace(self, lines=tuple(line for i, line in enumerate(self.lines, 1) if str(i) != number))

    @property
    def codes(self) -> tuple[Code, ...]:
        """Those that were taken, and the one in the box."""
        return tuple(dict.fromkeys((*self.taken, *read_codes([self.code]))))

    def with_code(self) -> Draft:
        """The check with the code out of the box."""
        return replace(self, taken=self.codes, code="")

    def without_code(self, text: str) -> Draft:
        return replace(self, taken=tuple(code for code in self.taken if code.text != text))

    def raw(self, location: str, offers: Mapping[str, Any]) -> dict[str, Any]:
        """The basket as `loyalty.counter` reads it."""
        basket = {"location": location, "lines": [line.raw() for line in self.lines], **offers}
        return basket | ({"client": self.client} if self.client else {})

    def offers(self, known: Sequence[str] | frozenset[str]) -> dict[str, Any]:
        """What is offered beside the lines, of what the installed mechanics know."""
        offers: dict[str, Any] = {}
        if self.redeem:
            offers["redeem"] = "max" if self.uses_most else amount(self.redeem)
        for code in self.codes:
            offers.setdefault(code.key, []).append(code.text)
        if not self.uses_sessions:
            offers["memberships"] = []
        if not self.uses_free:
            offers["free_services"] = []
        if self.by_hand.value:
            offers["discount"] = self.by_hand.raw()
        if not self.earns:
            offers["earn"] = False
        return {key: value for key, value in offers.items() if key in known}


def line_of(ref: str) -> DraftLine | None:
    """ "service:session" → its line; None for what names nothing. A fourth part is the code of the thing itself."""
    kind, _colon, rest = ref.partition(":")
    code, _colon, rest = rest.partition(":")
    value, _colon, item = rest.partition(":")
    return DraftLine(kind, code, value, details={"card": item} if item else {}) if kind and code else None


def amount(text: str) -> str:
    """An amount as it was typed, with the point that `Currency.parse` wants: "30,00" in Russian is "30.00"."""
    text = text.strip().replace("\N{NO-BREAK SPACE}", "")
    return text.replace(",", ".") if (get_language() or "").startswith("ru") else text


def written(value: Money, currency: Currency) -> str:
    """An amount as staff would type it; `amount` reads it back."""
    text = currency.text(value)
    return text.replace(".", ",") if (get_language() or "").startswith("ru") else text


def count(text: str) -> Any:
    """A whole number, or the text itself, which the reader refuses with its place."""
    text = text.strip()
    return int(text) if COUNT.fullmatch(text) else text


def _with_details(line: DraftLine, i: int, sent: QueryDict) -> DraftLine:
    return replace(
        line,
        quantity=sent.get(f"quantity-{i}", "1"),
        price=sent.get(f"price-{i}", ""),
        reason=sent.get(f"reason-{i}", ""),
        details=_details(i, sent),
    )


def _details(i: int, sent: QueryDict) -> dict[str, str]:
    prefix = f"detail-{i}-"
    typed = {key.removeprefix(prefix): sent.get(key, "").strip() for key in sent if key.startswith(prefix)}
    return {name: text for name, text in typed.items() if text}


def _by_hand(sent: QueryDict) -> ByHand:
    unit = AMOUNT if sent.get("by_hand_unit") == AMOUNT else PERCENT
    return ByHand(sent.get("by_hand", "").strip(), unit, sent.get("by_hand_reason", "").strip())


def _figures(text: str) -> dict[str, int]:
    """ "to_pay=3000,earned=90" → the figures that were seen."""
    pairs = (part.partition("=") for part in text.split(",")[:MOST_FIGURES])
    return {unquote(name): int(value) for name, _is, value in pairs if re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII)}
