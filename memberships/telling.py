"""Letters about subscriptions: that the next period is to be paid, and that it was missed.

Their templates are made in both languages when they are first needed; from then on they are the owner's, who words them
anew or switches them off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from clients.models import LANGUAGES, LetterTemplate, Topic
from loyalty import letters
from loyalty.house import House
from loyalty.letters import Notice

DUE, MISSED = "subscription-due", "subscription-missed"
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a letter reads until the owner says it otherwise."""

    name: Any
    value: int
    subject: Any
    body: Any
    short: Any


WORDINGS: Mapping[str, Wording] = {
    DUE: Wording(
        _("A subscription is to be paid"),
        70,
        _("{program}: {amount} by {last_day}"),
        _(
            "{name}, the next period of {program} comes to {amount}. Pay it at the desk by {last_day}, and it goes"
            " on.\n{link}"
        ),
        _("{business}: {program} goes on for {amount}, to be paid by {last_day}"),
    ),
    MISSED: Wording(
        _("A subscription is suspended"),
        75,
        _("{program} is suspended"),
        _(
            "{name}, {program} was paid until {last_day} and is suspended now. Pay {amount} at the desk, and a new"
            " period begins on that day.\n{link}"
        ),
        _("{business}: {program} is suspended. Pay {amount} at the desk and it goes on."),
    ),
}


def template(code: str) -> int | None:
    """The letter of this code; None where the owner has switched it off."""
    row = LetterTemplate.objects.filter(code=code).first() or _made(code)
    return row.pk if row.enabled else None


def _made(code: str) -> LetterTemplate:
    wording = WORDINGS[code]
    texts: dict[str, str] = {}
    for language, _name in LANGUAGES:
        with translation.override(language):
            said = {part: str(getattr(wording, part)) for part in ("subject", "body", "short")}
        if language == DEFAULT or said["body"] != texts[f"body_{DEFAULT}"]:
            texts |= {f"{part}_{language}": text for part, text in said.items()}
    facts = {"name": str(wording.name), "topic": Topic.REMINDERS, "value": wording.value, **texts}
    return LetterTemplate.objects.get_or_create(code=code, defaults=facts)[0]


def write(notices: Iterable[Notice], *, house: House, now: datetime) -> None:
    """Write these letters, inside the caller's transaction."""
    letters.write(notices, house=house, now=now)
