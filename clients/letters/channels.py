"""The ways letters go: e-mail through Django's backend, SMS and messengers through a gateway.

A no is temporary (the server is away, or asks to come back: the letter waits and is tried again) or permanent (the
recipient is refused, a reply of 5xx: it fails at once). A refusal that is about us and not about the letter (the
sign-in, the sender) is never held against the letter.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from email.utils import formataddr, parseaddr
from typing import Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from clients.letters import reasons
from clients.letters.gateways import WayOut, push
from clients.models import Business, LetterRules

log = logging.getLogger(__name__)
PERMANENT = 500
CLOSING = 421
LONGEST = 200


class NotTaken(Exception):
    """A channel would not take a letter.

    `is_final`: trying again is of no use; `counts`: it is one of the tries that a letter has; `is_away`: the channel
    takes nothing else either.
    """

    def __init__(self, reason: str, *, is_final: bool = False, counts: bool = True, is_away: bool = False) -> None:
        self.reason, self.is_final, self.counts, self.is_away = reason[:LONGEST], is_final, counts, is_away
        super().__init__(reason)


class MailServer:
    """One connection for many letters. After an error it is opened anew, for a server may have closed it."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.hang_up()

    def send(self, letter: EmailMultiAlternatives) -> None:
        """Raises `NotTaken`."""
        connection = self._opened()
        try:
            connection.send_messages([letter])
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.hang_up()
            raise _why(error) from error

    def _opened(self) -> BaseEmailBackend:
        if self._connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as error:
                raise _away(error) from error
            self._connection = connection
        return self._connection

    def hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.close()


def _away(error: Exception) -> NotTaken:
    """The server cannot be reached, or will not have us."""
    if isinstance(error, smtplib.SMTPResponseException):
        return NotTaken(_text(error.smtp_code, error.smtp_error), counts=False, is_away=True)
    return NotTaken(str(error) or type(error).__name__, counts=False, is_away=True)


def _why(error: Exception) -> NotTaken:
    """What an error of the mail server means for the letter."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _reply(code, said)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError):
        return _away(error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    # An address or a header that cannot be written; else the connection broke, or took too long.
    is_final = isinstance(error, ValueError | smtplib.SMTPNotSupportedError)
    return NotTaken(str(error) or type(error).__name__, is_final=is_final)


def _reply(code: int, said: bytes | str) -> NotTaken:
    """421 is the server closing the connection: it says nothing about the letter."""
    return NotTaken(_text(code, said), is_final=code >= PERMANENT, counts=code != CLOSING)


def _text(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(f"{code} {text}".split())


def sender(rules: LetterRules, business: Business) -> str:
    """ "FlexGym <no-reply@flexgym.example>"."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((rules.sender_name or business.name, address or settings.DEFAULT_FROM_EMAIL))


def send_sms(ways: Sequence[WayOut], phone: str, text: str, *, tries: int) -> None:
    """Hand an SMS to a gateway: to the first at the first try, then each time to the next. Raises `NotTaken`."""
    way = ways[tries % len(ways)]
    try:
        taken = push(way, phone, text)
    except Exception as error:  # noqa: BLE001  # a service of apprise may raise anything
        # Neither its words nor the traceback: they may hold the address.
        log.warning("gateway %s: %s", way.name, type(error).__name__)
        taken = False
    if not taken:
        raise NotTaken(f"{reasons.GATEWAY}:{way.name}")
