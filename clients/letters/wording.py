"""What a letter says to one client: the language, the text with its places filled, the length of an SMS.

The language is the client's, else the business's; where the template lacks it, the other one. An SMS is the short
text, else the first line of the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import translation
from django.utils.translation import gettext as _

from clients.letters.places import Piece, fill, joined
from clients.models import LANGUAGES, Business, Channel, Client, LetterTemplate
from clients.refusals import Invalid

LAST_DAY_ON = "last_day_on"
"""A fact that stands in no place itself: the last day as 2026-05-30. {days} is counted from it when it is sent."""
MOST_PARTS = 2
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = set("^{}\\[~]|€")
"""Characters of GSM 03.38, and those that take the room of two."""


class NoText(Invalid):
    """The template says nothing for this channel."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, in which language."""

    language: str
    subject: str
    text: tuple[Piece, ...]

    @property
    def plain(self) -> str:
        return joined(self.text)


def raw_text(template: LetterTemplate, channel: str, language: str) -> str:
    """The owner's text for this channel in this language; "" if there is none."""
    body = str(getattr(template, f"body_{language}"))
    if channel == Channel.EMAIL:
        return body
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return str(getattr(template, f"short_{language}")) or first


def speaks(template: LetterTemplate, channel: str) -> bool:
    """Whether the template has a text for this channel in any language."""
    return any(raw_text(template, channel, language) for language, _name in LANGUAGES)


def language_of(template: LetterTemplate, channel: str, *preferred: str) -> str:
    """The first of these languages that the template has a text in, else any. Raises `NoText`."""
    for language in (*filter(None, preferred), *(code for code, _name in LANGUAGES)):
        if raw_text(template, channel, language):
            return language
    raise NoText(_("The letter has no text for this channel."))


def words_for(
    template: LetterTemplate,
    channel: str,
    language: str,
    *,
    client: Client,
    business: Business,
    facts: Mapping[str, str],
    today: date,
) -> Words:
    """The letter to this client. Raises `NoFigure` where a place cannot be filled."""
    with translation.override(language):
        name = client.first_name or _("dear client")
    known = {"name": name, "business": business.name, **facts, **_days(facts, today)}
    subject = str(getattr(template, f"subject_{language}")) if channel == Channel.EMAIL else ""
    said = " ".join(joined(fill(subject, known)).split())
    return Words(language, said, fill(raw_text(template, channel, language), known))


def _days(facts: Mapping[str, str], today: date) -> dict[str, str]:
    """How many days there are to the last one: known only when the letter goes."""
    if not facts.get(LAST_DAY_ON):
        return {}
    return {"days": str(max(0, (date.fromisoformat(facts[LAST_DAY_ON]) - today).days))}


def sms_parts(text: str) -> int:
    """How many SMS this text takes: 160 characters, or 153 of each of several; 70 or 67 beyond the GSM alphabet."""
    if set(text) <= GSM | GSM_TWICE:
        length, one, many = len(text) + sum(character in GSM_TWICE for character in text), 160, 153
    else:
        length, one, many = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // many)


def with_link(text: str, link: str) -> str:
    """The SMS with the link to unsubscribe, if it fits: into two parts, or into as many as it takes anyway."""
    longer = f"{text}\n{link}"
    return longer if sms_parts(longer) <= max(MOST_PARTS, sms_parts(text)) else text
