"""Codes that are typed at the desk: promo codes and gift cards in one box, and what each does to the check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clients.refusals import Refusal
from loyalty.discounts import PromoCodeUnknown, normal
from loyalty.discounts.codes import KEY
from loyalty.explanations import HINT, Explained
from loyalty.mechanics import Code, mechanics
from loyalty.money import Money


@dataclass(frozen=True, slots=True)
class Taken:
    """A code on the check: what it takes off or pays, what it gives, or why it does nothing."""

    code: Code
    off: Money | None = None
    gives: Money | None = None
    remark: str = ""
    error: str = ""


def read_code(text: str) -> Code:
    """What was typed. A text that no mechanic knows by its form is a promo code, or none."""
    known = (mechanic.reads_code(text) for mechanic in mechanics())
    return next((code for code in known if code is not None), _promo_code(normal(text)))


def _promo_code(text: str) -> Code:
    return Code(KEY, text, text, ("name", text))


def read_codes(texts: Iterable[str]) -> tuple[Code, ...]:
    """Codes in the order in which they were typed, once each."""
    return tuple(dict.fromkeys(read_code(text) for text in texts if text.strip()))


def takes_codes(known: frozenset[str]) -> bool:
    """Whether any mechanic takes what is typed in the box."""
    return KEY in known or "gift_cards" in known


def taken(code: Code, trace: Sequence[Explained], error: str) -> Taken:
    """What the explanation of the check says of the code."""
    if error:
        return Taken(code, error=error)
    about = [note for note in trace if note.stage != HINT and note.facts.get(code.fact[0]) == code.fact[1]]
    acted = next((note for note in about if note.amount), None)
    if acted is None:
        return Taken(code, remark=_remark(about[0]) if about else "")
    return Taken(code, gives=acted.amount) if acted.stage == "earning" else Taken(code, off=acted.amount)


def _remark(note: Explained) -> str:
    remarks = {
        "discount.outbid": _("not used: another discount is better"),
        "discount.crowded": _("not used: without it the others make this check cheaper"),
        "discount.nothing_left": _("not used: nothing is left for it to make cheaper"),
    }
    return remarks.get(note.code, note.text)


def why_refused(refusal: Refusal) -> str:
    """The engine's sentence; of a text that is no promo code, that it is no gift card's either."""
    unknown = _("There is no such promo code.")
    if isinstance(refusal, PromoCodeUnknown) and str(refusal) == unknown:
        return _("No promo code and no gift card has this code. Check it letter by letter.")
    return str(refusal)
