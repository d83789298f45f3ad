"""The tiers of a cashback program in the document: thresholds, terms, and what a tier brings besides its percent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.models import CashbackTier
from loyalty.money import Currency
from loyalty.setup.children import Ladder
from loyalty.setup.parts import Key, Part, Values, in_words, read_mapping, value_of
from loyalty.setup.reading import Spot
from loyalty.setup.shapes import MAX_DAYS, Amount, Flag, Lines, Percent, Text, Whole

LONGEST_LINE, LONGEST_TEXT = 250, 2000
FLAGS = ("priority_booking", "early_access")


@dataclass(frozen=True)
class Privileges(Part):
    """A text, a list of texts (a line each), or {text, priority_booking, early_access}."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ("privileges", *FLAGS)

    def read(self, raw: Mapping[str, Any], at: Spot) -> Values:
        given, spot = raw.get(self.name), at.key(self.name)
        flags: Values = dict.fromkeys(FLAGS, False)
        text, text_at = given, spot
        if isinstance(given, Mapping):
            text, text_at = given.get("text"), spot.key("text")
            rest = {key: value for key, value in given.items() if key != "text"}
            flags = read_mapping(rest, [Key(flag, Flag(), default=False) for flag in FLAGS], spot)
        return {"privileges": _text(text, text_at), **flags}

    def write(self, values: Values, currency: Currency, *, full: bool = False) -> dict[str, Any]:
        """The shortest form that loses nothing."""
        text = _plain(values["privileges"])
        flags = {flag: True for flag in FLAGS if values[flag]}
        if flags:
            return {self.name: {"text": text, **flags} if text else flags}
        return {self.name: text} if text or full else {}

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        old, new = _words(before), _words(after)
        return "" if old == new else f"{self.name} {old} → {new}"


def _text(given: Any, at: Spot) -> str:
    if given is None:
        return ""
    if not isinstance(given, list | tuple):
        return value_of(Lines(LONGEST_TEXT), given, at) or ""
    lines = [value_of(Text(LONGEST_LINE), line, at.item(index)) for index, line in enumerate(given)]
    return value_of(Lines(LONGEST_TEXT), "\n".join(line for line in lines if line), at) or ""


def _plain(text: str) -> str | list[str]:
    """One line as a text, several as a list; where a list could not say it (an empty line), the text as it is."""
    lines = text.splitlines()
    as_list = len(lines) > 1 and all(line.strip() == line and 0 < len(line) <= LONGEST_LINE for line in lines)
    return lines if as_list else text


def _words(values: Values) -> str:
    said = [line for line in values["privileges"].splitlines() if line]
    return in_words([*said, *(flag for flag in FLAGS if values[flag])])


THRESHOLD = Key("from", Amount(), "from_spent")
TIERS = Ladder(
    "tiers",
    CashbackTier,
    "program",
    (
        Key("name", Text(60)),
        THRESHOLD,
        Key("percent", Percent()),
        Key("min_days", Whole(0, MAX_DAYS), default=0),
        Key("grace_days", Whole(0, MAX_DAYS), default=0),
        Privileges("privileges"),
    ),
    THRESHOLD,
)
