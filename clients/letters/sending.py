"""Sends the letters that wait. May run twice, late and in parallel; quiet hours, consent and limits are asked here.

A letter is sent at most once. Just before it is handed to the channel it is marked (`sent_at`, in a transaction of its
own); if the worker is killed between that moment and the commit of what came of it, nobody knows whether the channel
took it. It is then not sent again but shown as failed, "it may have arrived": a client who misses one letter is better
than one who is written to twice, and a kill can leave at most one such letter a worker, for the rest of its batch is
not marked and goes again when the lease is over.

What the channel refuses for now is tried again after growing pauses, five times in all; what it refuses for good
(a reply of 5xx to the recipient or the text) fails at once. If the server cannot be reached, or will not have us, that
is no fault of the letter: no try is counted, and whatever goes by this channel waits five minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from time import monotonic

from clients.letters import reasons
from clients.letters.channels import MailServer, NotTaken, send_sms
from clients.letters.claiming import LEASE, claim
from clients.letters.composing import Composed, compose_all
from clients.letters.gateways import WayOut, ways_out
from clients.letters.quiet import is_quiet
from clients.models import Business, Channel, LetterRules, Message

log = logging.getLogger(__name__)
State = Message.State
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MOST_TRIES = len(PAUSES) + 1
AWAY = timedelta(minutes=5)
SOON = timedelta(seconds=1)
SECONDS = 50
"""How long a run goes on taking batches: beat starts the next one every minute."""


def rules_of(business: Business) -> LetterRules:
    """The rules of letters, or the defaults while nobody has set them."""
    return LetterRules.objects.first() or LetterRules(business=business)


def send_due(*, now: datetime, seconds: float = SECONDS) -> int:
    """Send what is due, for about so many seconds; how many letters went out. Nothing in quiet hours."""
    business = Business.objects.first()
    if business is None:
        return 0
    rules = rules_of(business)
    if is_quiet(now, rules.quiet_from, rules.quiet_to, business.zone):
        return 0
    until, sent = monotonic() + seconds, 0
    with ExitStack() as stack:
        run = Run(business, rules, stack.enter_context(MailServer()), ways_out(), now, until)
        while monotonic() < until:
            ours, seen = claim(rules, now=now)
            if not seen:
                break
            sent += run.send(ours)
            run.mail.hang_up()
    return sent


class Run:
    """One run of a worker: what it needs for every letter."""

    def __init__(
        self,
        business: Business,
        rules: LetterRules,
        mail: MailServer,
        ways: Sequence[WayOut],
        now: datetime,
        until: float,
    ) -> None:
        self.business, self.rules, self.mail, self.ways = business, rules, mail, ways
        self.now, self.until = now, until
        self.away: set[str] = set()
        """Channels that take nothing at present."""

    def send(self, batch: Sequence[Message]) -> int:
        """Send these; how many went out. Each outcome is committed before the next letter."""
        composed = compose_all(batch, self.business, self.rules, now=self.now)
        return sum(self._send_one(letter, composed[letter.pk]) for letter in batch)

    def _send_one(self, letter: Message, said: Composed | str) -> bool:
        if letter.channel == Channel.SMS and not self.ways:
            said = reasons.NO_GATEWAY
        if isinstance(said, str):
            return _outcome(letter, state=State.REFUSED, reason=said)
        if letter.channel in self.away or monotonic() > self.until:
            return self._release(letter)
        if not _mark(letter, self.now):
            return False
        try:
            self._hand_over(letter, said)
        except NotTaken as no:
            return self._not_taken(letter, no)
        except Exception as error:  # one letter that cannot be sent must not keep the others waiting
            log.exception("letter %s could not be sent", letter.pk)
            return self._not_taken(letter, NotTaken(type(error).__name__))
        return _outcome(letter, state=State.SENT, reason="", subject=said.subject[:250], text=said.text)

    def _hand_over(self, letter: Message, said: Composed) -> None:
        if said.email is not None:
            self.mail.send(said.email)
        else:
            send_sms(self.ways, said.address, said.text, tries=letter.tries)

    def _not_taken(self, letter: Message, no: NotTaken) -> bool:
        if no.is_away:
            self.away.add(letter.channel)
        if not no.counts:
            return self._release(letter, f"{reasons.AGAIN}:{no.reason}")
        tries = letter.tries + 1
        if no.is_final or tries >= MOST_TRIES:
            return _outcome(letter, state=State.FAILED, reason=no.reason, sent_at=None)
        due_at = self.now + PAUSES[tries - 1]
        return _outcome(letter, reason=f"{reasons.AGAIN}:{no.reason}", due_at=due_at, sent_at=None)

    def _release(self, letter: Message, reason: str = "") -> bool:
        """It goes with a later run, as if it had not been in our hands."""
        pause = AWAY if letter.channel in self.away else timedelta()
        return _outcome(letter, reason=reason, due_at=self.now + pause + SOON, tries=letter.tries, sent_at=None)


def _mark(letter: Message, now: datetime) -> bool:
    """Note that the letter is being handed over. False if the lease has gone to another worker."""
    ours = Message.objects.filter(pk=letter.pk, state=State.WAITING, due_at=letter.due_at, sent_at=None)
    return bool(ours.update(sent_at=now, tries=letter.tries + 1))


def _outcome(letter: Message, **facts: object) -> bool:
    """Write what became of a letter that is in our hands; whether it was sent."""
    kept = {"due_at": letter.due_at - LEASE, **facts}
    written = Message.objects.filter(pk=letter.pk, state=State.WAITING, due_at=letter.due_at).update(**kept)
    return bool(written) and facts.get("state") == State.SENT
