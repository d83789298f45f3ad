"""A card of 100 for somebody else: mailed on its day, lost, replaced, 60 used, refunded, valid again; every figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser

from clients.actors import Actor
from giftcards import cards
from giftcards.cards import GiftCardBlocked
from giftcards.delivery import deliver_due
from giftcards.models import GiftCard
from giftcards.replacing import replace
from loyalty.proof import check_ledger
from loyalty.setup import load
from tests.portal.conftest import text_of
from tests.published import load_preset
from tests.till import VERA, Till, cents

BIRTHDAY = date(2026, 3, 10)
CARDS = {"gift_cards": [{"code": "gift", "name": "Gift card", "denominations": ["100"], "single_use": False}]}


@pytest.fixture
def till(now: datetime, db: None) -> Iterator[Till]:
    """FlexGym on 2 March, with a card of 100.00 that pays until nothing is left on it and never ends."""
    load_preset(by=Actor.command("test"))
    load(CARDS, by=Actor.command("test"))
    with time_machine.travel(now, tick=False):
        yield Till(now=now)


def rest_by(code: str) -> str:
    """What the public page says of a code."""
    return text_of(Browser().post("/gift/", {"code": code}).content.decode())


def test_bought_mailed_lost_replaced_used_and_refunded(till: Till) -> None:
    recipient = {
        "name": "Clara",
        "email": "clara@example.com",
        "message": "Happy birthday",
        "from": "Alice",
        "on": str(BIRTHDAY),
    }
    bought = till.sell({"gift_card_type": "gift", "amount": "100", "recipient": recipient})
    assert bought.visit.to_pay == cents("100")
    first = GiftCard.objects.get()
    code = bought.revealed[1][0]["code"]

    # Not before its day, then once; after that nobody keeps the code.
    assert deliver_due(now=till.now + timedelta(days=5)) == 0
    on_the_day = till.later(days=8, hours=1)
    with time_machine.travel(on_the_day.now, tick=False):
        assert [deliver_due(now=on_the_day.now) for _time in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["Clara <clara@example.com>"] or letter.to == ["clara@example.com"]
    assert code in letter.body
    assert "Happy birthday" in letter.body
    first.refresh_from_db()
    assert first.sealed_code == ""

    # Lost: a new code, and the old one is void.
    lost = till.later(days=20)
    new = replace(card=first, reason="lost on the way home", by=VERA, now=lost.now)
    with time_machine.travel(lost.now, tick=False):
        assert "100.00" in rest_by(new.code)
        assert "No card that can be used has this code." in rest_by(code)
        with pytest.raises(GiftCardBlocked):
            lost.quote("personal", gift_cards=[code])

        # 60.00 of it pay; 40.00 stay.
        used = lost.sell("personal", gift_cards=[new.code])
        assert (used.visit.gift_card_total, used.visit.to_pay) == (cents("60"), 0)
        assert cards.check(new.code, lost.now).remaining == cents("40")

        # The check comes back: all of it is on the card again, and pays again.
        refund = lost.refund(used)
        assert (refund.gift_card_returned, refund.money) == (cents("60"), 0)
        assert cards.check(new.code, lost.now).remaining == cents("100")
        again = lost.sell("personal", gift_cards=[new.code])
        assert again.visit.gift_card_total == cents("60")
    assert cards.check(code, lost.now).status == cards.Status.VOID
    assert not list(check_ledger(now=lost.now))


def test_what_was_used_before_it_was_lost_comes_back_to_the_new_card(till: Till) -> None:
    bought = till.sell({"gift_card_type": "gift", "amount": "100"})
    code = bought.revealed[1][0]["code"]
    used = till.sell("session", gift_cards=[code])
    assert used.visit.gift_card_total == cents("20")

    new = replace(card=GiftCard.objects.get(), reason="lost", by=VERA, now=till.now)
    assert cards.check(new.code, till.now).remaining == cents("80")
    till.refund(used)
    assert cards.check(new.code, till.now).remaining == cents("100")
    assert cards.check(code, till.now).remaining == 0

    # Nothing of what was sold is used now, so it can still come back as a whole.
    refund = till.refund(bought)
    assert refund.money == cents("100")
    assert cards.check(new.code, till.now).status == cards.Status.VOID
    assert not list(check_ledger(now=till.now))
