"""At most so many letters to a client in any seven days; of those that are due the most valuable go first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from clients.letters.claiming import claim
from clients.letters.sending import send_due
from clients.models import Client, LetterRules, LetterTemplate, Message
from tests import factories
from tests.letters.conftest import Mailbox, agreeing, fate, make_template, put

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def two_a_week(rules: LetterRules) -> LetterRules:
    rules.weekly_cap = 2
    rules.quiet_from = rules.quiet_to
    rules.save()
    return rules


def test_of_three_the_two_most_valuable_go(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, now: datetime
) -> None:
    low, high, middle = (put(boris, make_template(f"v{value}", value=value), now) for value in (10, 90, 50))

    assert send_due(now=now) == 2
    assert [fate(letter)[0] for letter in (low, high, middle)] == ["waiting", "sent", "sent"]
    assert fate(low) == ("waiting", "over_limit")


def test_of_the_same_value_the_oldest_goes(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    letters = [put(boris, template, now - timedelta(minutes=age)) for age in (1, 3, 2)]

    send_due(now=now)
    assert [fate(letter)[0] for letter in letters] == ["waiting", "sent", "sent"]


def test_the_rest_goes_when_the_first_is_a_week_old(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    sent = [put(boris, template, now) for _number in range(2)]
    send_due(now=now)
    send_due(now=now + DAY)
    waits = put(boris, template, now + DAY, useless_at=now + 30 * DAY)

    assert send_due(now=now + DAY) == 0
    assert fate(waits) == ("waiting", "over_limit")
    assert waits.due_at == now + 7 * DAY
    assert send_due(now=now + 7 * DAY - timedelta(microseconds=1)) == 0
    assert send_due(now=now + 7 * DAY) == 1
    assert [letter.state for letter in sent] == ["waiting", "waiting"]


def test_a_newer_and_more_valuable_letter_takes_the_place_of_one_that_waits(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    for day in (0, 1):
        put(boris, template, now + day * DAY)
        send_due(now=now + day * DAY)
    waits = put(boris, template, now + 2 * DAY, useless_at=now + 30 * DAY)
    send_due(now=now + 2 * DAY)
    better = put(boris, make_template("better", value=80), now + 3 * DAY, useless_at=now + 30 * DAY)
    send_due(now=now + 3 * DAY)

    assert send_due(now=now + 7 * DAY) == 1
    assert fate(better) == ("sent", "")
    assert fate(waits) == ("waiting", "over_limit")
    assert send_due(now=now + 8 * DAY) == 1
    assert fate(waits) == ("sent", "")


def test_what_never_fits_is_refused_when_it_is_of_no_use_any_more(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    letters = [put(boris, template, now) for _number in range(3)]
    send_due(now=now)
    assert fate(letters[2]) == ("waiting", "over_limit")

    for day in range(1, 5):
        send_due(now=now + day * DAY)
    assert fate(letters[2]) == ("refused", "over_limit")


def test_both_channels_count_together_and_other_clients_do_not(
    mailbox: Mailbox,
    two_a_week: LetterRules,
    boris: Client,
    template: LetterTemplate,
    now: datetime,
    settings: Any,
    phones: Any,
) -> None:
    settings.MESSAGE_URLS = [phones.url()]
    alice = agreeing(factories.ClientFactory(first_name="Alice", email="alice@example.com"))
    for channel in ("sms", "email", "sms"):
        put(boris, template, now, channel=channel)
    put(alice, template, now)

    assert send_due(now=now) == 3
    assert Message.objects.filter(client=boris, state="sent").count() == 2
    assert Message.objects.filter(client=alice, state="sent").count() == 1


def test_a_letter_that_fails_takes_no_place(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    mailbox.refuses["boris@example.com"] = "550 no"
    for _number in range(2):
        put(boris, template, now)
    send_due(now=now)
    mailbox.refuses.clear()
    third = put(boris, template, now)

    assert send_due(now=now) == 1
    assert fate(third) == ("sent", "")


def test_no_letters_at_all(
    mailbox: Mailbox, two_a_week: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    two_a_week.weekly_cap = 0
    two_a_week.save()
    letter = put(boris, template, now)

    assert send_due(now=now) == 0
    send_due(now=now + 4 * DAY)
    assert fate(letter) == ("refused", "over_limit")


def test_without_rules_the_defaults_hold(
    mailbox: Mailbox, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    """Three a week, and none from nine in the evening."""
    factories.HouseRulesFactory()
    for _number in range(4):
        put(boris, template, now)

    assert send_due(now=now + timedelta(hours=10)) == 0
    assert send_due(now=now) == 3


def test_the_queries_of_a_batch_do_not_grow_with_it(
    rules: LetterRules, template: LetterTemplate, now: datetime, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        put(agreeing(factories.ClientFactory()), template, now, f"test:{number}")

    with django_assert_max_num_queries(9):
        ours, seen = claim(rules, now=now)
    assert (len(ours), seen) == (30, 30)
