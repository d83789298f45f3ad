"""The sections `letters` and `letter_rules`: what clients are written, when and how often.

Gateways are not in the document: their addresses are secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.letters.places import read_places
from clients.models import LANGUAGES, LetterRules, LetterTemplate, Topic
from clients.refusals import Invalid
from loyalty.money import Currency
from loyalty.setup.naming import Reference
from loyalty.setup.parts import ENABLED, NAME, Group, Key, Part, Values, listed, read_mapping, write_all
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import Choice, Clock, Lines, Text, Whole, Wrong
from loyalty.setup.table import Table, keep

LONGEST_SUBJECT = 150
LONGEST_BODY = 20_000
LONGEST_SHORT = 480
CODES = tuple(code for code, _name in LANGUAGES)


class WithPlaces(Lines):
    """A text with places like {name}."""

    def read(self, raw: Any, currency: Currency) -> str:
        text = super().read(raw, currency)
        try:
            read_places(text)
        except Invalid as refusal:
            raise Wrong(str(refusal)) from None
        return text


class InBoth(Group):
    """{en: ..., ru: ...}. A change is told by its language alone: a letter is long."""

    def difference(self, before: Values, after: Values, currency: Currency) -> str:
        changed = [part.name for part in self.parts if any(before[name] != after[name] for name in part.columns)]
        return listed(self.name, changed)


def _in_both(name: str, limit: int, *, lines: bool = False) -> InBoth:
    shape = WithPlaces(limit, one=not lines)
    return InBoth(name, tuple(Key(code, shape, f"{name}_{code}", default="") for code in CODES))


class Letters(Table):
    """What a letter says. Bonus programs, mailings and chains name it by its code."""

    key = "letters"
    noun = gettext_lazy("letter")
    model = LetterTemplate
    parts = (
        NAME,
        Key("topic", Choice(tuple(Topic.values)), default=Topic.OFFERS, shown=True),
        Key("value", Whole(0, 100), default=50, shown=True),
        _in_both("subject", LONGEST_SUBJECT),
        _in_both("body", LONGEST_BODY, lines=True),
        _in_both("short", LONGEST_SHORT),
        ENABLED,
    )

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        for code in CODES:
            subject, body = values[f"subject_{code}"], values[f"body_{code}"]
            if body and not subject:
                at.key("subject").key(code).refuse(_("is missing"))
            if subject and not body:
                at.key("body").key(code).refuse(_("is missing"))
        if not any(values[f"{column}_{code}"] for column in ("body", "short") for code in CODES):
            at.refuse(_("must have a body or a short text in one language at least"))


class Email(Text):
    """An e-mail address."""

    def read(self, raw: Any, currency: Currency) -> str:
        text = Text(254, blank=True).read(raw, currency)
        try:
            if text:
                validate_email(text)
        except ValidationError:
            raise Wrong(_("must be an e-mail address like name@example.com")) from None
        return text


def letter(name: str) -> Reference:
    """A key that names a letter by its code; left out or null: none."""
    return Reference(name, Letters.key, LetterTemplate, gettext_lazy('there is no letter "%(code)s"'))


RULES: tuple[Part, ...] = (
    Key("quiet_from", Clock(), default=time(21), shown=True),
    Key("quiet_to", Clock(), default=time(9), shown=True),
    Key("weekly_cap", Whole(0, 1000), default=None, shown=True),
    Key("ending_days", Whole(0, 365), default=7, shown=True),
    letter("ending"),
    Key("falling_days", Whole(0, 365), default=30, shown=True),
    letter("falling"),
    letter("rewarded"),
    Key("sender_name", Text(120, blank=True), default=""),
    Key("reply_to", Email(254, blank=True), default=""),
)
CAP = 3


class LetterRulesSection:
    """When and how often clients are written to. What is left out is the default."""

    key = "letter_rules"

    def read(self, raw: Any, at: Spot) -> Values:
        if isinstance(raw, Mapping):
            raw = {"weekly_cap": CAP, **raw}
        return read_mapping(raw, RULES, at)

    def apply(self, data: Values, context: Context) -> list[Change]:
        rows = context.rows(LetterRules, "ending", "falling", "rewarded")
        row = rows[0] if rows else LetterRules()
        return keep(row, data, parts=RULES, noun=_("rules of letters"), code="", context=context)

    def dump(self, currency: Currency) -> dict[str, Any] | None:
        row: models.Model | None = LetterRules.objects.select_related("ending", "falling", "rewarded").first()
        if row is None:
            return None
        held = {column: value for part in RULES for column, value in part.of(row).items()}
        return write_all(RULES, held, currency)
