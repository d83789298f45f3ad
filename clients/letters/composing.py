"""Makes of a batch of letters what the channels take: e-mails with their headers, texts for phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from clients.letters import reasons
from clients.letters.channels import sender
from clients.letters.consent import address
from clients.letters.places import NoFigure
from clients.letters.stationery import Reader, Sheet, stationery
from clients.letters.unsubscribing import preferences_link, unsubscribe_link
from clients.letters.wording import NoText, Words, language_of, with_link, words_for
from clients.models import Business, Channel, Client, LetterRules, LetterTemplate, Message


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter that is ready to go. `email` only where it goes by e-mail."""

    address: str
    subject: str
    text: str
    email: EmailMultiAlternatives | None = None


def compose_all(
    batch: Sequence[Message], business: Business, rules: LetterRules, *, now: datetime
) -> dict[int, Composed | str]:
    """Letter → what goes, or the reason why it cannot. The number of queries does not grow with the batch."""
    languages = {letter.pk: _language(letter, business) for letter in batch}
    readers: set[Reader] = {(letter.client_id, languages[letter.pk]) for letter in batch if languages[letter.pk]}
    figures = stationery().figures(readers, now=now)
    composed: dict[int, Composed | str] = {}
    for letter in batch:
        language = languages[letter.pk]
        if not language or letter.template is None:
            composed[letter.pk] = reasons.NO_TEXT
            continue
        facts = {**letter.facts, **figures.get((letter.client_id, language), {})}
        try:
            composed[letter.pk] = _compose(letter, letter.template, language, facts, business, rules, now)
        except NoFigure as missing:
            composed[letter.pk] = f"{reasons.NO_FIGURE}:{missing.place}"
    return composed


def _language(letter: Message, business: Business) -> str:
    """ "" where there is no text for the channel."""
    try:
        assert letter.template is not None
        return language_of(letter.template, letter.channel, letter.client.language, business.language)
    except NoText:
        return ""


def _compose(
    letter: Message,
    template: LetterTemplate,
    language: str,
    facts: Mapping[str, str],
    business: Business,
    rules: LetterRules,
    now: datetime,
) -> Composed:
    words = words_for(
        template,
        letter.channel,
        language,
        client=letter.client,
        business=business,
        facts=facts,
        today=business.day(now),
    )
    to = address(letter.client, letter.channel)
    if letter.channel == Channel.SMS:
        link = unsubscribe_link(letter.client_id, letter.channel, letter.topic)
        return Composed(to, "", with_link(words.plain, link))
    email = email_of(words, letter.client, letter.topic, business, rules, to=to, number=letter.pk)
    return Composed(to, words.subject, words.plain, email)


def email_of(
    words: Words,
    client: Client,
    topic: str,
    business: Business,
    rules: LetterRules,
    *,
    to: str,
    number: int | None = None,
) -> EmailMultiAlternatives:
    """The e-mail: plain text with an HTML alternative, and the headers of RFC 8058 for one-click unsubscription.

    `number` makes the Message-ID, which is the same however often it is made.
    """
    off = unsubscribe_link(client.pk, Channel.EMAIL, topic)
    with translation.override(words.language):
        plain, html = stationery().pages(sheet_of(words, client, topic, business))
    headers = {
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    if number is not None:
        _name, ours = parseaddr(settings.DEFAULT_FROM_EMAIL)
        headers["Message-ID"] = f"<letter-{number}@{ours.rpartition('@')[2] or 'localhost'}>"
    reply_to = [rules.reply_to] if rules.reply_to else None
    email = EmailMultiAlternatives(
        words.subject, plain, sender(rules, business), [to], headers=headers, reply_to=reply_to
    )
    email.attach_alternative(html, "text/html")
    return email


def sheet_of(words: Words, client: Client, topic: str, business: Business) -> Sheet:
    """What stands on the paper."""
    return Sheet(
        business=business,
        language=words.language,
        subject=words.subject,
        text=words.text,
        topic=topic,
        unsubscribe=unsubscribe_link(client.pk, Channel.EMAIL, topic),
        preferences=preferences_link(client.pk, Channel.EMAIL, topic),
    )
