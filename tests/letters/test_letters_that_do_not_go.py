"""A letter that does not go says why: we would not send it, or the channel would not take it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation

from clients.actors import Actor
from clients.letters.channels import MailServer
from clients.letters.reasons import show_reason
from clients.letters.sending import send_due
from clients.letters.unsubscribing import unsubscribe
from clients.models import Client, Consent, LetterRules, LetterTemplate, Message
from tests import factories
from tests.letters.conftest import Mailbox, agreeing, fate, free_port, make_template, put

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def withdraw(client: Client, _template: LetterTemplate) -> None:
    Consent.objects.filter(client=client, topic="email").update(withdrawn_at=timezone.now())


def fall_silent(client: Client, _template: LetterTemplate) -> None:
    unsubscribe(client, "email", "offers", by=Actor.client(client.pk), at=timezone.now())


def move_away(client: Client, _template: LetterTemplate) -> None:
    Client.objects.filter(pk=client.pk).update(email=None)


def be_forgotten(client: Client, _template: LetterTemplate) -> None:
    Client.objects.filter(pk=client.pk).update(erased_at=timezone.now())


def switch_off(_client: Client, template: LetterTemplate) -> None:
    template.enabled = False
    template.save()


def lose_the_text(_client: Client, template: LetterTemplate) -> None:
    template.body_en = ""
    template.save()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (withdraw, "no_consent"),
        (fall_silent, "silent"),
        (move_away, "no_address"),
        (be_forgotten, "erased"),
        (switch_off, "switched_off"),
        (lose_the_text, "no_text"),
    ],
)
def test_what_happens_before_it_goes_is_heeded(
    mailbox: Mailbox,
    rules: LetterRules,
    boris: Client,
    template: LetterTemplate,
    now: datetime,
    happens: Callable[[Client, LetterTemplate], None],
    reason: str,
) -> None:
    """Consent, silence and the rest are asked when the letter goes, not when it was written."""
    letter = put(boris, template, now)
    happens(boris, template)

    assert send_due(now=now) == 0
    assert fate(letter) == ("refused", reason)
    assert mailbox.letters == []
    assert send_due(now=now + timedelta(days=1)) == 0


def test_silence_to_one_topic_lets_the_others_through(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    fall_silent(boris, template)
    other = put(boris, make_template("ends", topic="reminders"), now)

    assert send_due(now=now) == 1
    assert fate(other) == ("sent", "")


def test_a_letter_is_not_sent_before_it_is_due_nor_after_it_is_of_use(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    early = put(boris, template, now, due_at=now + MINUTE)
    last_moment = put(boris, template, now, useless_at=now)
    late = put(boris, template, now - MINUTE, useless_at=now - timedelta(microseconds=1))

    assert send_due(now=now) == 1
    assert [fate(letter) for letter in (early, last_moment, late)] == [
        ("waiting", ""),
        ("sent", ""),
        ("refused", "too_late"),
    ]
    assert send_due(now=now + MINUTE) == 1


# --- what the mail server says -----------------------------------------------------------------------------------


def test_a_recipient_that_does_not_exist_fails_at_once_and_holds_up_nobody(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    mailbox.refuses["boris@example.com"] = "550 5.1.1 no such user"
    alice = agreeing(factories.ClientFactory(first_name="Alice", email="alice@example.com"))
    lost, found = put(boris, template, now), put(alice, template, now)

    assert send_due(now=now) == 1
    assert fate(lost) == ("failed", "550 5.1.1 no such user")
    assert lost.sent_at is None
    assert fate(found) == ("sent", "")


def test_a_text_that_is_refused_for_good_fails_at_once(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    mailbox.says_to_data = "554 5.7.1 looks like spam"
    letter = put(boris, template, now)
    send_due(now=now)

    assert fate(letter) == ("failed", "554 5.7.1 looks like spam")


def test_a_temporary_no_is_tried_five_times_with_growing_pauses(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    mailbox.refuses["boris@example.com"] = "451 4.7.1 greylisted, come back"
    letter = put(boris, template, now)
    for pause in (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)):
        assert send_due(now=now) == 0
        assert fate(letter) == ("waiting", "again:451 4.7.1 greylisted, come back")
        assert letter.due_at == now + pause
        assert send_due(now=now + pause - timedelta(seconds=1)) == 0
        now = now + pause
    assert letter.tries == 4
    send_due(now=now)

    assert fate(letter) == ("failed", "451 4.7.1 greylisted, come back")
    assert (letter.tries, letter.sent_at) == (5, None)


def test_a_temporary_no_that_passes(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    mailbox.refuses["boris@example.com"] = "451 4.7.1 greylisted, come back"
    letter = put(boris, template, now)
    send_due(now=now)
    mailbox.refuses.clear()

    assert send_due(now=now + MINUTE) == 1
    assert fate(letter) == ("sent", "")


def test_a_server_that_is_away_keeps_letters_waiting_without_counting_tries(
    mailbox: Mailbox,
    rules: LetterRules,
    boris: Client,
    template: LetterTemplate,
    now: datetime,
    settings: Any,
) -> None:
    first, second = put(boris, template, now), put(boris, template, now)
    there = settings.EMAIL_PORT
    settings.EMAIL_PORT = free_port()
    for _hour in range(8):
        assert send_due(now=now) == 0
        now += timedelta(hours=1)
    assert fate(first)[0] == fate(second)[0] == "waiting"
    assert (first.tries, second.tries, first.sent_at) == (0, 0, None)
    assert "Connection refused" in show_reason(first.reason)

    settings.EMAIL_PORT = there
    assert send_due(now=now) == 2


def test_a_killed_worker_sends_nothing_twice(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    """Killed after the server took the letter, before that was written down: it may have arrived, and stays so."""
    in_hand, next_one = put(boris, template, now), put(boris, template, now)

    def kill() -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clients.letters.sending._outcome", lambda *_args, **_facts: kill())
        with pytest.raises(KeyboardInterrupt):
            send_due(now=now)
    assert mailbox.to() == ["boris@example.com"]

    assert send_due(now=now + timedelta(minutes=9)) == 0
    assert send_due(now=now + timedelta(minutes=10)) == 1
    assert fate(in_hand) == ("failed", "in_doubt")
    assert fate(next_one) == ("sent", "")
    assert len(mailbox.letters) == 2


def test_a_letter_that_breaks_the_program_holds_up_nobody(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    bad, good = put(boris, template, now), put(boris, template, now)
    Message.objects.filter(pk=bad.pk).update(value=100)
    real = MailServer.send

    def send(self: MailServer, letter: EmailMultiAlternatives) -> None:
        if letter.extra_headers["Message-ID"].startswith(f"<letter-{bad.pk}@"):
            raise RuntimeError
        real(self, letter)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MailServer, "send", send)
        assert send_due(now=now) == 1
    assert fate(bad) == ("waiting", "again:RuntimeError")
    assert fate(good) == ("sent", "")


def test_reasons_are_sentences() -> None:
    with translation.override("en"):
        assert show_reason("silent") == "unsubscribed from this topic"
        assert show_reason("no_figure:tier") == "there is nothing to put into {tier}"
        assert show_reason("again:gateway:Twilio") == "to be tried again: the gateway Twilio would not take it"
        assert show_reason("550 5.1.1 no such user: x") == "550 5.1.1 no such user: x"
        assert show_reason("") == ""
