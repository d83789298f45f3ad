"""A letter as it would look: with a real client's figures on the page of the template, or sent to an address to try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from clients.letters.channels import MailServer, NotTaken, send_sms
from clients.letters.composing import email_of
from clients.letters.gateways import WayOut, ways_out
from clients.letters.places import Piece
from clients.letters.reasons import NO_GATEWAY, show_reason
from clients.letters.sending import rules_of
from clients.letters.stationery import stationery
from clients.letters.wording import language_of, raw_text, sms_parts, words_for
from clients.models import LANGUAGES, Business, Channel, Client, LetterTemplate
from clients.refusals import Invalid, Refusal

NOBODY = 0
"""The client of a letter that is sent to try: its link to unsubscribe unsubscribes nobody."""


class NotSent(Refusal):
    """The channel would not take it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The letter in one language; empty where there is no text for the channel."""

    language: str
    subject: str
    text: tuple[Piece, ...]
    sms: str
    parts: int


def preview(template: LetterTemplate, client: Client, *, business: Business, now: datetime) -> list[Shown]:
    """The letter in each language that it has, with this client's figures. Raises `Invalid` for a broken place."""
    return [
        _shown(template, client, language, business, now)
        for language, _name in LANGUAGES
        if any(raw_text(template, channel, language) for channel in Channel.values)
    ]


def _shown(template: LetterTemplate, client: Client, language: str, business: Business, now: datetime) -> Shown:
    facts = stationery().example((client.pk, language), now=now)
    letter, short = (
        words_for(template, channel, language, client=client, business=business, facts=facts, today=business.day(now))
        for channel in (Channel.EMAIL, Channel.SMS)
    )
    return Shown(language, letter.subject, letter.text, short.plain, sms_parts(short.plain) if short.plain else 0)


def send_test(
    template: LetterTemplate, to: str, client: Client, *, language: str, business: Business, now: datetime
) -> None:
    """Send the letter to an e-mail address or a phone, with the figures of a client and with links that open nothing.

    Raises `NoText`, `NotSent` and what is wrong with the template.
    """
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    language = language_of(template, channel, language, business.language)
    facts = {**stationery().example((client.pk, language), now=now), "link": f"{settings.BASE_URL}/me/"}
    stranger = Client(pk=NOBODY, first_name=client.first_name)
    words = words_for(
        template, channel, language, client=stranger, business=business, facts=facts, today=business.day(now)
    )
    try:
        if channel == Channel.SMS:
            send_sms(_ways(), to, words.plain, tries=0)
            return
        with MailServer() as mail:
            mail.send(email_of(words, stranger, template.topic, business, rules_of(business), to=to))
    except NotTaken as no:
        raise NotSent(_("It was not taken: %(reason)s.") % {"reason": show_reason(no.reason)}) from no


def send_test_sms(way: WayOut, phone: str, text: str) -> None:
    """Try one gateway. Raises `NotSent`."""
    try:
        send_sms([way], phone, text, tries=0)
    except NotTaken as no:
        raise NotSent(_("It was not taken: %(reason)s.") % {"reason": show_reason(no.reason)}) from no


def _ways() -> list[WayOut]:
    ways = ways_out()
    if not ways:
        raise Invalid(show_reason(NO_GATEWAY))
    return ways
