"""A card that is sold for somebody goes to them by e-mail: once, on its day, not by night, and not if it is void."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core import mail

from clients.models import Client
from clients.refusals import Invalid, Refusal
from giftcards import cards, delivery
from giftcards.delivery import State, deliver_due, state_of
from giftcards.models import GiftCard, GiftCardDelivery, GiftCardType
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db
BORIS = {"name": "Boris", "email": "boris@example.com", "message": "Happy birthday!", "from": "Alice"}


def sold(till: Till, **recipient: Any) -> Sold:
    check = till.sell({"gift_card_type": "gift", "amount": "50", "recipient": {**BORIS, **recipient}})
    one = Sold.__new__(Sold)
    one.check, one.told = check, check.revealed[1][0]
    one.code, one.card = one.told["code"], GiftCard.objects.get(pk=one.told["id"])
    return one


def state(card: GiftCard, now: datetime) -> State:
    return state_of(GiftCardDelivery.objects.select_related("card").get(card=card), now)


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": "boris"}, "email"),
        ({"email": None}, "email"),
        ({"on": "2026-03-01"}, "on"),  # yesterday
        ({"on": "2026-08-30"}, "on"),  # it ends on 29 August
        ({"on": "soon"}, "on"),
        ({"on": 20260305}, "on"),
        ({"message": "x" * 501}, "message"),
        ({"name": "x" * 121}, "name"),
        ({"language": "xx"}, "language"),
        ({"phone": "+12125550102"}, "phone"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    till: Till, gift: GiftCardType, said: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        sold(till, **said)
    assert refused.value.field == f"lines[0].recipient.{field}"
    assert (GiftCard.objects.count(), GiftCardDelivery.objects.count()) == (0, 0)


def test_it_is_written_with_the_check(till: Till, gift: GiftCardType) -> None:
    card = sold(till, on="2026-03-05").card
    row = GiftCardDelivery.objects.get()
    assert (row.card, row.name, row.email, row.message) == (card, "Boris", "boris@example.com", "Happy birthday!")
    assert (row.giver, row.language, row.on_day) == ("Alice", "en", date(2026, 3, 5))
    assert row.due_at == datetime(2026, 3, 5, 14, tzinfo=UTC)  # nine in New York
    assert card.sealed_code


def test_it_speaks_as_the_recipient_else_as_the_buyer(till: Till, gift: GiftCardType) -> None:
    olga: Client = factories.ClientFactory(first_name="Olga", language="ru")
    line = {"gift_card_type": "gift", "amount": "50", "recipient": {"email": "b@example.com"}}
    till.sell(line, client=olga)
    till.sell({**line, "recipient": {"email": "c@example.com", "language": "en"}}, client=olga)
    till.sell(line)
    told = list(GiftCardDelivery.objects.order_by("pk").values_list("language", "giver"))
    assert told == [("ru", "Olga"), ("en", "Olga"), ("en", "")]


def test_a_card_for_nobody_seals_nothing(till: Till, gift: GiftCardType) -> None:
    assert Sold(till, "gift", "50").card.sealed_code == ""
    assert not GiftCardDelivery.objects.exists()


# --- the letter ------------------------------------------------------------------------------------------------------


def test_it_brings_the_code_the_picture_the_qr_and_the_pdf(till: Till, gift: GiftCardType) -> None:
    one = sold(till)
    assert deliver_due(now=till.now) == 1
    (letter,) = mail.outbox
    assert letter.to == ["Boris <boris@example.com>"]
    assert letter.subject == "A gift card of FlexGym from Alice"
    for text in (letter.body, str(letter.alternatives[0][0])):  # type: ignore[attr-defined]
        assert "$50.00" in text
        assert "Happy birthday!" in text
        assert "For Boris, from Alice" in text
        assert "Valid until 29 August 2026" in text
        assert "http://localhost:8000/gift/" in text
        assert all(group in text for group in one.code.split())
    message = letter.message()
    parts = {part.get("Content-ID") or part.get_filename(): part.get_content_type() for part in message.walk()}
    assert parts.get("<picture>") == parts.get("<qr>") == "image/png"
    assert parts["gift-card.pdf"] == "application/pdf"


def test_a_letter_in_russian(till: Till, gift: GiftCardType) -> None:
    sold(till, language="ru")
    deliver_due(now=till.now)
    assert "29 августа 2026" in mail.outbox[0].body
    assert "50,00" in mail.outbox[0].body


def test_nobody_knows_the_code_once_it_has_gone(till: Till, gift: GiftCardType) -> None:
    card = sold(till).card
    deliver_due(now=till.now)
    card.refresh_from_db()
    assert (card.sealed_code, state(card, till.now)) == ("", State.SENT)
    assert deliver_due(now=till.later(hours=1).now) == 0
    with pytest.raises(Refusal):
        delivery.send_again(delivery=card.delivery.pk, email="", by=VERA, now=till.now)
    assert len(mail.outbox) == 1


# --- when ------------------------------------------------------------------------------------------------------------


def test_it_waits_for_its_day_and_its_morning(till: Till, gift: GiftCardType) -> None:
    sold(till, on="2026-03-05")
    assert deliver_due(now=datetime(2026, 3, 5, 13, 59, tzinfo=UTC)) == 0
    assert deliver_due(now=datetime(2026, 3, 5, 14, tzinfo=UTC)) == 1


def test_late_at_night_it_waits_for_the_morning(till: Till, gift: GiftCardType) -> None:
    sold(till, on="2026-03-05")
    assert deliver_due(now=datetime(2026, 3, 6, 5, tzinfo=UTC)) == 0  # midnight in New York
    assert deliver_due(now=datetime(2026, 3, 6, 15, tzinfo=UTC)) == 1


def test_what_is_bought_for_now_goes_now_also_by_night(till: Till, gift: GiftCardType) -> None:
    night = till.later(hours=11)  # eleven in the evening
    sold(night)
    assert deliver_due(now=night.now) == 1


# --- what stops it ---------------------------------------------------------------------------------------------------


def test_a_blocked_card_is_held_until_it_is_unblocked(till: Till, gift: GiftCardType) -> None:
    card = sold(till).card
    cards.block(card, reason="a stolen bank card", by=VERA, now=till.now)
    assert (deliver_due(now=till.now), state(card, till.now)) == (0, State.HELD)
    cards.unblock(card, reason="it was not", by=VERA)
    assert deliver_due(now=till.later(minutes=1).now) == 1


def test_a_card_that_came_back_is_not_sent(till: Till, gift: GiftCardType) -> None:
    one = sold(till, on="2026-03-05")
    till.refund(one.check)
    assert deliver_due(now=till.later(days=5).now) == 0
    assert state(one.card, till.now) is State.CANCELLED
    assert mail.outbox == []


def test_a_card_that_was_used_up_before_its_day_is_not_sent(till: Till, gift: GiftCardType) -> None:
    one = sold(till, on="2026-03-05")
    till.sell("personal", gift_cards=[one.code])
    assert deliver_due(now=till.later(days=5).now) == 0
    row = GiftCardDelivery.objects.select_related("card").get()
    assert (state_of(row, till.now), delivery.failure_text(row)) == (State.CANCELLED, "Nothing was left on the card.")


def test_it_can_be_stopped_and_sent_after_all_to_another_address(till: Till, gift: GiftCardType) -> None:
    card = sold(till, on="2026-03-05").card
    delivery.cancel(delivery=card.delivery.pk, by=VERA, now=till.now)
    assert deliver_due(now=till.later(days=5).now) == 0
    later = till.later(days=6)
    delivery.send_again(delivery=card.delivery.pk, email="b.petrov@example.com", by=VERA, now=later.now)
    assert deliver_due(now=later.now) == 1
    assert mail.outbox[0].to == ["Boris <b.petrov@example.com>"]
