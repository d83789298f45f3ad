"""What the mail server says no to is tried again, then given up where staff see it; a kill sends nothing twice."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from giftcards import delivery
from giftcards.delivery import MOST_TRIES, CannotBeSent, State, claim, deliver_due, state_of
from giftcards.models import GiftCardDelivery, GiftCardType
from tests.conftest import Together
from tests.giftcards.servers import Moody
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
FULL = smtplib.SMTPRecipientsRefused({"boris@example.com": (452, b"mailbox full")})
NOBODY = smtplib.SMTPRecipientsRefused({"boris@example.com": (550, b"no such user")})


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[list[BaseException]]:
    settings.EMAIL_BACKEND = "tests.giftcards.servers.Moody"
    yield Moody.errors
    Moody.errors.clear()


def sell(till: Till) -> GiftCardDelivery:
    recipient = {"name": "Boris", "email": "boris@example.com"}
    till.sell({"gift_card_type": "gift", "amount": "50", "recipient": recipient})
    return GiftCardDelivery.objects.latest("pk")


def now_of(row: GiftCardDelivery, till: Till) -> State:
    return state_of(GiftCardDelivery.objects.select_related("card").get(pk=row.pk), till.now)


def test_it_is_tried_again_after_growing_pauses_and_then_given_up(
    till: Till, gift: GiftCardType, server: list[BaseException]
) -> None:
    row = sell(till)
    server += [FULL] * MOST_TRIES
    at = till
    for minutes in (1, 10, 60, 360):
        assert deliver_due(now=at.now) == 0
        assert deliver_due(now=at.later(seconds=59).now) == 0
        at = at.later(minutes=minutes)
    deliver_due(now=at.now)
    row.refresh_from_db()
    assert (row.tries, row.failure, now_of(row, at)) == (5, "452 mailbox full", State.FAILED)
    assert row.card.sealed_code  # it can still be told or sent
    assert deliver_due(now=at.later(days=2).now) == 0


def test_an_address_that_is_none_fails_at_once_and_a_person_corrects_it(
    till: Till, gift: GiftCardType, server: list[BaseException]
) -> None:
    row = sell(till)
    server.append(NOBODY)
    assert deliver_due(now=till.now) == 0
    assert now_of(row, till) is State.FAILED
    delivery.send_again(delivery=row.pk, email="boris.petrov@example.com", by=VERA, now=till.now)
    assert deliver_due(now=till.now) == 1
    assert mail.outbox[0].to == ["Boris <boris.petrov@example.com>"]


def test_a_server_that_is_away_costs_no_try(till: Till, gift: GiftCardType, server: list[BaseException]) -> None:
    row = sell(till)
    server.append(smtplib.SMTPServerDisconnected("gone"))
    server.append(smtplib.SMTPAuthenticationError(535, b"who are you"))
    deliver_due(now=till.now)
    deliver_due(now=till.later(minutes=1).now)
    row.refresh_from_db()
    assert (row.tries, row.sent_at) == (1, None)  # the broken connection counts, the refused sign-in does not
    assert deliver_due(now=till.later(minutes=7).now) == 1


def test_killed_before_the_letter_it_goes_when_the_lease_is_over(till: Till, gift: GiftCardType) -> None:
    sell(till)
    assert len(claim(till.now)) == 1  # and then the worker was killed
    assert deliver_due(now=till.later(minutes=14).now) == 0
    assert deliver_due(now=till.later(minutes=16).now) == 1


def test_killed_in_the_middle_of_the_letter_it_is_not_sent_twice(
    till: Till, gift: GiftCardType, server: list[BaseException]
) -> None:
    row = sell(till)
    server.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        deliver_due(now=till.now)
    later = till.later(days=1)
    assert (deliver_due(now=later.now), now_of(row, later)) == (0, State.IN_DOUBT)
    with pytest.raises(CannotBeSent):
        delivery.send_again(delivery=row.pk, email="", by=VERA, now=till.later(minutes=1).now)
    delivery.send_again(delivery=row.pk, email="", by=VERA, now=later.now)
    assert deliver_due(now=later.now) == 1


def test_a_code_that_can_no_longer_be_read_fails(till: Till, gift: GiftCardType) -> None:
    row = sell(till)
    row.card.sealed_code = "gAAAA"
    row.card.save()
    assert deliver_due(now=till.now) == 0
    row.refresh_from_db()
    assert now_of(row, till) is State.FAILED
    assert delivery.failure_text(row).startswith("The code can no longer be read")


def test_a_failed_letter_can_be_told_at_the_desk_once(
    till: Till, gift: GiftCardType, server: list[BaseException]
) -> None:
    row = sell(till)
    with pytest.raises(CannotBeSent):
        delivery.tell(card=row.card_id, now=till.now)
    server.append(NOBODY)
    deliver_due(now=till.now)
    code = delivery.tell(card=row.card_id, now=till.now)
    assert till.quote("personal", gift_cards=[code]).bill.gift_card_total == 5000
    with pytest.raises(CannotBeSent):
        delivery.tell(card=row.card_id, now=till.now)
    assert deliver_due(now=till.now + timedelta(days=1)) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_letter_once(till: Till, gift: GiftCardType, together: Together) -> None:
    for _i in range(6):
        sell(till)
    sent = together(lambda: deliver_due(now=till.now), lambda: deliver_due(now=till.now))
    assert sum(sent) == len(mail.outbox) == 6
