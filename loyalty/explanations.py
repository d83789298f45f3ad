"""Turns the stored trace of a check into sentences, in the reader's language.

A trace is data (stage, rule, code, amount, facts); each mechanic brings the sentence of each of its codes. So it
still explains after the owner has changed everything, and a Russian client reads it in Russian.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from babel.dates import format_date, get_day_names, get_month_names
from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.mechanics import mechanics
from loyalty.money import ZERO, Currency, Money, percent_text

LINES = "lines"
"""The fact of a note that says what it did to each line: [[number, minor units], ...]."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of an explanation. `text` is for a person, the rest for a program; `facts` as they are stored."""

    stage: str
    rule: str
    code: str
    text: str
    amount: Money
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence of the explanation, and what it gave (more than 0) or took off (less); None if it moved nothing."""

    text: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """What acted at one stage of the check."""

    title: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a check comes to what it does: what acted, in the order of the check; what did not, and why."""

    acted: tuple[Chapter, ...]
    idle: tuple[str, ...]


HINT = "hint"
"""The stage of notes that tell staff what would make a check cheaper: they explain nothing."""
REMARKS = frozenset({"bonus.limit", "discount.bars_earning", "earning.off"})
"""Notes that moved nothing themselves, and say what kept the others of their stage as they are."""
FOR_STAFF = frozenset({"discount.another_client", "discount.outside", "discount.segment_off"})
"""Notes that are nothing for the eyes of a client: whom else a discount is for, and what the owner calls them."""


def stages() -> dict[str, str]:
    """The stages in the order of a check, as people call them."""
    return {
        "membership": _("Membership"),
        "free": _("Free services"),
        "discount": _("Discounts"),
        "bonus": _("Bonuses"),
        "gift_card": _("Gift cards"),
        "earning": _("Earned"),
        "stamps": _("Stamps"),
        "gift": _("Gifts"),
    }


def why(trace: Iterable[Explained], *, for_client: bool = False) -> Why:
    """The explanation as it is read: a chapter for each stage at which something acted, then what did not act."""
    told = [note for note in trace if note.stage != HINT and not (for_client and note.code in FOR_STAFF)]
    at_work = {note.stage for note in told if _acts(note)}
    acted = [note for note in told if _acts(note) or (note.code in REMARKS and note.stage in at_work)]
    titles = stages()
    titles |= {note.stage: _("Other") for note in told if note.stage not in titles}
    chapters = (_chapter(title, [note for note in acted if note.stage == stage]) for stage, title in titles.items())
    idle = (note.text for stage in titles for note in told if note.stage == stage and note not in acted)
    return Why(tuple(chapter for chapter in chapters if chapter.reasons), tuple(dict.fromkeys(idle)))


def _acts(note: Explained) -> bool:
    return bool(note.amount and note.code not in REMARKS) or note.code in _in_kind()


def _in_kind() -> frozenset[str]:
    """Codes of notes that gave something which is no amount."""
    return frozenset[str]().union(*(mechanic.in_kind for mechanic in mechanics()))


def _chapter(title: str, notes: Iterable[Explained]) -> Chapter:
    others = frozenset[str]().union(*(mechanic.for_others for mechanic in mechanics()))
    return Chapter(title, tuple(Reason(note.text, _moved(note, others)) for note in in_order(notes)))


def in_order(notes: Iterable[Explained]) -> list[Explained]:
    """What belongs to no program (a discount by hand, a limit of the house) comes after what does."""
    return sorted(notes, key=lambda note: not note.rule)


def _moved(note: Explained, others: frozenset[str]) -> Money | None:
    """By how much the check got cheaper, or what the client earned."""
    if note.code in REMARKS or note.code in others or note.code in _in_kind():
        return None
    return note.amount if note.stage == "earning" else Money(-note.amount)


def explain(
    trace: Iterable[Mapping[str, Any]], currency: Currency, own: Mapping[str, Any] = MappingProxyType({})
) -> list[Explained]:
    """The trace in the language that is active. `own`: texts of codes that no mechanic brings (a refund's)."""
    texts = {**own, **{code: text for mechanic in mechanics() for code, text in mechanic.explanations.items()}}
    return [
        Explained(
            stage=note["stage"],
            rule=note["rule"],
            code=note["code"],
            text=_sentence(texts.get(note["code"], note["code"]), note, currency, texts),
            amount=Money(note["amount"]),
            facts=note["facts"],
        )
        for note in trace
    ]


def sentence(template: Any, facts: Mapping[str, Any], currency: Currency, amount: Money = ZERO) -> str:
    """A sentence of a trace, for facts that are plain values yet."""
    data = {key: value_as_data(value) for key, value in facts.items()}
    return _sentence(template, {"facts": data, "amount": int(amount)}, currency)


def value_as_data(value: Any) -> Any:
    """A fact as JSON; `_shown` reads it back. A fraction is an exact amount between two of the smallest units."""
    if isinstance(value, Money):
        return {"money": int(value)}
    if isinstance(value, Fraction):
        return {"exact": f"{value.numerator}/{value.denominator}"}
    if isinstance(value, Decimal):
        return {"percent": percent_text(value)}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value


def plain_facts(facts: Mapping[str, Any], currency: Currency) -> dict[str, Any]:
    """The facts of a note for a program: amounts and percents as text, days as ISO 8601, lines by their number."""
    return {
        key: _plain_lines(value, currency) if key == LINES else _plain(value, currency) for key, value in facts.items()
    }


def _plain_lines(lines: Iterable[Sequence[int]], currency: Currency) -> list[dict[str, Any]]:
    return [{"line": number, "amount": currency.text(Money(amount))} for number, amount in lines]


def _plain(value: Any, currency: Currency) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "parts" in value:
        return [_plain_part(part, currency) for part in value["parts"]]
    if "money" in value:
        return currency.text(Money(value["money"]))
    if "exact" in value:
        return _exact(Fraction(value["exact"]), currency, "en").replace(",", "")
    return value["percent"] if "percent" in value else value["day"]


def _plain_part(part: Mapping[str, Any], currency: Currency) -> dict[str, Any]:
    amount = currency.text(Money(part["amount"]))
    return {"code": part["code"], "amount": amount, "facts": plain_facts(part["facts"], currency)}


def _sentence(
    template: Any, note: Mapping[str, Any], currency: Currency, texts: Mapping[str, Any] = MappingProxyType({})
) -> str:
    language = get_language() or "en"
    facts = {key: _shown(value, currency, language, texts) for key, value in note["facts"].items()}
    facts.setdefault("amount", currency.number(note["amount"], language))
    return str(template) % facts


def _shown(value: Any, currency: Currency, language: str, texts: Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        if "parts" in value:  # of the sentence: notes with texts of their own
            return ", ".join(_sentence(texts.get(n["code"], n["code"]), n, currency, texts) for n in value["parts"])
        if "money" in value:
            return currency.number(value["money"], language)
        if "exact" in value:
            return _exact(Fraction(value["exact"]), currency, language)
        if "percent" in value:
            return show_percent(Decimal(value["percent"]), language)
        return show_day(date.fromisoformat(value["day"]), language)
    return str(value)


def _exact(amount: Fraction, currency: Currency, language: str) -> str:
    """157.5 cents → "1.575": up to three digits more than the currency has."""
    value = Decimal(amount.numerator) / Decimal(amount.denominator)
    least = "0" * currency.digits + "###"
    return format_decimal(value.scaleb(-currency.digits), format=f"#,##0.{least}", locale=language)


def show_percent(percent: Decimal, language: str | None = None) -> str:
    """Decimal("7.5") → "7.5 %", "7,5 %" in Russian."""
    number = format_decimal(percent, format="#,##0.###", locale=language or get_language() or "en")
    return f"{number}\N{NO-BREAK SPACE}%"


def show_day(day: date, language: str | None = None) -> str:
    """A date as a person reads it: "30 May 2026", "30 мая 2026"."""
    return format_date(day, "d MMMM y", locale=language or get_language() or "en")


def show_weekday(number: int, language: str | None = None) -> str:
    """A weekday within a sentence, 0 is Monday: "Monday", "понедельник"."""
    return str(get_day_names("wide", "stand-alone", locale=language or get_language() or "en")[number])


def show_month(number: int, language: str | None = None) -> str:
    """A month within a sentence, 1 is January: "January", "январь"."""
    return str(get_month_names("wide", "stand-alone", locale=language or get_language() or "en")[number])


def show_limit(limit_percent: Decimal, min_check: int, currency: Currency) -> str:
    """What bonuses pay of a check: "pay up to half of a check from 50.00"."""
    share = {Decimal(100): _("up to a whole check"), Decimal(50): _("up to half of a check")}.get(limit_percent)
    share = share or _("up to %(percent)s of a check") % {"percent": show_percent(limit_percent)}
    if not min_check:
        return _("pay %(share)s") % {"share": share}
    floor = currency.number(min_check, get_language() or "en")
    return _("pay %(share)s from %(floor)s") % {"share": share, "floor": floor}
