"""Sends gift cards to whoever they are for. May run twice, late and in parallel, and be killed at any moment.

A delivery is claimed by moving its `due_at` to the end of a lease; if the worker is killed, that is when another takes
it. Just before the letter is handed to the mail server it is marked (`sent_at`, in a transaction of its own), and once
the server has it the code on the card is wiped. Whoever is killed in between leaves a letter that is marked while the
code is still there: it may have arrived. It is not sent again by itself, but shown, and a person decides.

What the server refuses for now is tried again after growing pauses, five times in all; what it refuses for good fails
at once. If the server cannot be reached no try is counted. A blocked card waits until it is unblocked; one that has
been returned, has ended or is empty is not sent.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import Any

from auditlog.models import LogEntry
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.actors import Actor
from clients.letters.channels import MailServer, NotTaken
from clients.letters.quiet import is_quiet
from clients.letters.sending import rules_of
from clients.models import Business, LetterRules
from clients.refusals import Refusal
from giftcards import cards
from giftcards.codes import show_code
from giftcards.letter import compose
from giftcards.models import GiftCard, GiftCardDelivery
from giftcards.recipients import checked_email
from giftcards.sealing import CodeIsLost, unseal
from loyalty.house import House
from loyalty.rulebook import rulebook

log = logging.getLogger(__name__)
BATCH = 20
LEASE = timedelta(minutes=15)
PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
MOST_TRIES = len(PAUSES) + 1
AWAY = timedelta(minutes=5)
SECONDS = 50
"""How long a run goes on: beat starts the next one every minute."""

VOID, ENDED, EMPTY, LOST = "void", "ended", "empty", "lost"
FAILURES: Mapping[str, Any] = {
    VOID: gettext_lazy("The card is void."),
    ENDED: gettext_lazy("The card had ended before it could be sent."),
    EMPTY: gettext_lazy("Nothing was left on the card."),
    LOST: gettext_lazy("The code can no longer be read: the secret key has changed. Replace the card."),
}


class State(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATE_NAMES: Mapping[State, Any] = {
    State.WAITING: gettext_lazy("on its way"),
    State.HELD: gettext_lazy("held: the card is blocked"),
    State.SENT: gettext_lazy("sent"),
    State.IN_DOUBT: gettext_lazy("it may have arrived"),
    State.FAILED: gettext_lazy("could not be sent"),
    State.CANCELLED: gettext_lazy("not sent"),
}


class CannotBeSent(Refusal):
    """This delivery cannot be sent again or stopped as it is."""


def state_of(delivery: GiftCardDelivery, now: datetime) -> State:
    """Where the letter is. The card is joined."""
    if delivery.cancelled_at is not None:
        return State.CANCELLED
    if delivery.sent_at is not None:
        if not delivery.card.sealed_code:
            return State.SENT
        return State.IN_DOUBT if delivery.due_at <= now else State.WAITING
    if delivery.tries >= MOST_TRIES:
        return State.FAILED
    return State.HELD if delivery.card.blocked_at is not None else State.WAITING


def failure_text(delivery: GiftCardDelivery) -> str:
    """What went wrong, in words; what the mail server said stands as it said it."""
    return str(FAILURES.get(delivery.failure, delivery.failure))


# --- by the clock --------------------------------------------------------------------------------------------------


def deliver_due(*, now: datetime, seconds: float = SECONDS) -> int:
    """Send what is due, for about so many seconds; how many cards went out.

    In the quiet hours only what was asked for at once, at its first try.
    """
    business = Business.objects.first()
    if business is None:
        return 0
    rules = rules_of(business)
    at_once_only = is_quiet(now, rules.quiet_from, rules.quiet_to, business.zone)
    until, sent = monotonic() + seconds, 0
    with MailServer() as mail:
        run = Run(business, rulebook().house, rules, mail, now)
        while not run.is_away and monotonic() < until:
            batch = claim(now, at_once_only=at_once_only)
            if not batch:
                break
            sent += sum(run.send(delivery) for delivery in batch)
    return sent


def claim(now: datetime, *, at_once_only: bool = False) -> list[GiftCardDelivery]:
    """Deliveries for this worker alone, for the length of a lease. Those that must not go are written so."""
    due = GiftCardDelivery.objects.filter(sent_at=None, cancelled_at=None, due_at__lte=now, tries__lt=MOST_TRIES)
    due = due.filter(card__blocked_at=None)
    if at_once_only:
        due = due.filter(due_at=F("created_at"), tries=0)
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        found = list(locked.select_related("card__type").order_by("due_at", "pk")[:BATCH])
        unfit = _unfit([delivery.card_id for delivery in found], rulebook().house.day(now))
        for delivery in found:
            delivery.failure = unfit.get(delivery.card_id, "")
            if delivery.failure:
                delivery.cancelled_at = now
            delivery.due_at = now + LEASE
        GiftCardDelivery.objects.bulk_update(found, ["failure", "cancelled_at", "due_at"])
    return [delivery for delivery in found if not delivery.failure]


UNFIT = {cards.Status.VOID: VOID, cards.Status.EXPIRED: ENDED, cards.Status.EMPTY: EMPTY}


def _unfit(ids: list[int], today: date) -> dict[int, str]:
    """Card → why it is not sent. One query."""
    found = cards.states(GiftCard.objects.filter(pk__in=ids), today)
    return {state.id: UNFIT[state.status] for _hash, state in found if state.status in UNFIT}


@dataclass(slots=True)
class Run:
    """One run of a worker."""

    business: Business
    house: House
    rules: LetterRules
    mail: MailServer
    now: datetime
    is_away: bool = False
    """The mail server takes nothing at present."""

    def send(self, delivery: GiftCardDelivery) -> bool:
        """Send it; whether it went. Each outcome is committed before the next letter."""
        if self.is_away:
            return self._release(delivery, delivery.failure)
        try:
            code = unseal(delivery.card.sealed_code)
        except CodeIsLost:
            return _write(delivery, failure=LOST, tries=MOST_TRIES)
        if not _mark(delivery, self.now):
            return False
        try:
            self.mail.send(self._letter(delivery, code))
        except NotTaken as no:
            return self._not_taken(delivery, no)
        except Exception as error:  # one letter that cannot be sent must not keep the others waiting
            log.exception("the gift card of delivery %s could not be sent", delivery.pk)
            return self._not_taken(delivery, NotTaken(type(error).__name__))
        return _told(delivery)

    def _letter(self, delivery: GiftCardDelivery, code: str) -> EmailMultiAlternatives:
        return compose(delivery, code, house=self.house, business=self.business, rules=self.rules, now=self.now)

    def _not_taken(self, delivery: GiftCardDelivery, no: NotTaken) -> bool:
        self.is_away = self.is_away or no.is_away
        if not no.counts:
            return self._release(delivery, no.reason)
        tries = MOST_TRIES if no.is_final else delivery.tries + 1
        due_at = self.now + (PAUSES[tries - 1] if tries < MOST_TRIES else timedelta())
        return _write(delivery, failure=no.reason[:250], tries=tries, due_at=due_at, sent_at=None)

    def _release(self, delivery: GiftCardDelivery, reason: str) -> bool:
        """It goes with a later run, as if it had not been in our hands."""
        return _write(delivery, failure=reason[:250], tries=delivery.tries, due_at=self.now + AWAY, sent_at=None)


def _mark(delivery: GiftCardDelivery, now: datetime) -> bool:
    """Note that it is being handed over. False if the lease has gone to another, or the card was blocked meanwhile."""
    ours = GiftCardDelivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at, sent_at=None, cancelled_at=None)
    fit = ours.filter(card__blocked_at=None, card__voided_at=None)
    return bool(fit.update(sent_at=now, tries=delivery.tries + 1))


def _write(delivery: GiftCardDelivery, **facts: Any) -> bool:
    """Write what became of a delivery that is in our hands and did not go."""
    GiftCardDelivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at, cancelled_at=None).update(**facts)
    return False


def _told(delivery: GiftCardDelivery) -> bool:
    """It went: from now on nobody here knows the code."""
    with transaction.atomic():
        GiftCardDelivery.objects.filter(pk=delivery.pk).update(failure="")
        GiftCard.objects.filter(pk=delivery.card_id).update(sealed_code="")
    return True


# --- by hand -------------------------------------------------------------------------------------------------------


def send_again(*, delivery: int, email: str, by: Actor, now: datetime) -> GiftCardDelivery:
    """Send what failed, was stopped or may not have arrived, at once; to another address, if the first was wrong.

    Raises `CannotBeSent`, `Invalid`.
    """
    with transaction.atomic():
        row = _locked(delivery)
        if state_of(row, now) is State.SENT:
            message = _("The letter has gone, and nobody here knows the code. Replace the card: the new one is sent.")
            raise CannotBeSent(message)
        if not row.card.sealed_code or row.card.voided_at is not None:
            raise CannotBeSent(_("This card cannot be sent any more. Replace it, or sell another."))
        if row.sent_at is not None and row.due_at > now:
            raise CannotBeSent(_("The letter is being sent at this moment. Look again in a quarter of an hour."))
        before, row.email = row.email, checked_email(email) if email else row.email
        row.due_at, row.created_at, row.tries, row.failure = now, now, 0, ""
        row.sent_at = row.cancelled_at = None
        row.save()
        _record(row, by, {"email": [before, row.email]} if before != row.email else {"sent_at": ["", str(now)]})
    return row


def cancel(*, delivery: int, by: Actor, now: datetime) -> GiftCardDelivery:
    """Do not send it. The card stays as it is. Raises `CannotBeSent`."""
    with transaction.atomic():
        row = _locked(delivery)
        if row.sent_at is not None:
            raise CannotBeSent(_("The letter has gone already."))
        if row.cancelled_at is None:
            row.cancelled_at = now
            row.save(update_fields=["cancelled_at"])
            _record(row, by, {"cancelled_at": ["", str(now)]})
    return row


def _record(row: GiftCardDelivery, by: Actor, changes: dict[str, list[str]]) -> None:
    """Who sends a card elsewhere, or stops it, has money in hand."""
    LogEntry.objects.log_create(row, action=LogEntry.Action.UPDATE, changes=changes, additional_data={"by": str(by)})


def tell(*, card: int, now: datetime) -> str:
    """The code that no letter has brought, in groups, told once: from now on nobody here knows it.

    For a present without an address, or a letter that failed. Raises `CannotBeSent`.
    """
    with transaction.atomic():
        row = GiftCard.objects.select_for_update(no_key=True).get(pk=card)
        letter = GiftCardDelivery.objects.select_for_update(no_key=True).filter(card=row).first()
        on_its_way = letter is not None and letter.cancelled_at is None and letter.tries < MOST_TRIES
        is_unsold = row.batch_id is not None and row.sold_on_id is None
        if not row.sealed_code or is_unsold or on_its_way:
            raise CannotBeSent(_("The code of this card was told already, or its letter is on the way."))
        code = show_code(unseal(row.sealed_code))
        GiftCard.objects.filter(pk=row.pk).update(sealed_code="")
        if letter is not None and letter.cancelled_at is None:
            GiftCardDelivery.objects.filter(pk=letter.pk).update(cancelled_at=now)
    return code


def _locked(pk: int) -> GiftCardDelivery:
    locked = GiftCardDelivery.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("card").get(pk=pk)
