"""Workers at the same moment share the letters between them: none goes twice, and no client gets more than they may."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from clients.letters import Letter, write
from clients.letters.claiming import claim
from clients.letters.sending import send_due
from clients.models import Client, LetterRules, LetterTemplate, Message
from tests import factories
from tests.conftest import Together
from tests.letters.conftest import FACTS, Mailbox, agreeing, put

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def many(count: int, template: LetterTemplate, now: datetime, each: int = 1) -> None:
    clients = [agreeing(factories.ClientFactory(email=f"client{number}@example.com")) for number in range(count)]
    letters = (
        Letter(f"test:{client.pk}:{number}", client.pk, template.pk, "test", "email", FACTS)
        for client in clients
        for number in range(each)
    )
    write(letters, now=now)


def test_none_goes_twice(
    mailbox: Mailbox, rules: LetterRules, template: LetterTemplate, now: datetime, together: Together
) -> None:
    many(230, template, now)

    sent = together(*[lambda: send_due(now=now)] * 4)

    assert sum(sent) == 230
    assert Counter(mailbox.to()) == {f"client{number}@example.com": 1 for number in range(230)}
    assert Message.objects.filter(state="sent", tries=1).count() == 230


def test_nobody_gets_more_than_they_may(
    mailbox: Mailbox, rules: LetterRules, template: LetterTemplate, now: datetime, together: Together
) -> None:
    rules.weekly_cap = 3
    rules.save()
    many(30, template, now, each=10)

    sent = together(*[lambda: send_due(now=now)] * 4)

    assert sum(sent) == 90
    assert set(Counter(mailbox.to()).values()) == {3}
    assert Message.objects.filter(state="waiting", reason="over_limit").count() == 210


def test_what_is_in_hand_counts_and_is_not_taken(
    rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime, together: Together
) -> None:
    rules.weekly_cap = 1
    rules.save()
    put(boris, template, now)
    first, _seen = claim(rules, now=now)
    waits = put(boris, template, now)
    second, seen = claim(rules, now=now)

    assert (len(first), second, seen) == (1, [], 1)
    waits.refresh_from_db()
    assert (waits.reason, waits.due_at) == ("over_limit", now + timedelta(minutes=10))


def test_a_lease_that_ran_out_ends_the_claim(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    """A worker that was killed before it handed the letter over: another sends it ten minutes later."""
    put(boris, template, now)
    claim(rules, now=now)

    assert send_due(now=now + timedelta(minutes=9)) == 0
    assert send_due(now=now + timedelta(minutes=10)) == 1
    assert mailbox.to() == ["boris@example.com"]
