"""What has happened to a card, line by line, and which cards its money came from and went to."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from giftcards.merging import merge
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import replace
from giftcards.story import neighbours, story_of
from loyalty.night import run_daily
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import VERA, Till

pytestmark = pytest.mark.django_db


def told(card: GiftCard) -> list[tuple[str, int, int | None, str]]:
    return [(str(one.text), int(one.amount), one.visit, one.note) for one in story_of(card)]


def test_each_movement_is_told_with_its_check(till: Till, voucher: GiftCardType) -> None:
    sold = Sold(till, "voucher", "50")
    used = till.sell("session", gift_cards=[sold.code])
    till.refund(used)
    fresh = replace(card=sold.card, reason="lost on the way home", by=VERA, now=till.now)

    bought, paid = sold.check.visit.pk, used.visit.pk
    assert told(sold.card) == [
        ("Went to another card", -5000, None, "lost on the way home"),
        ("Given back to it by a refund", 2000, paid, ""),
        ("Paid with it", -2000, paid, ""),
        ("Put on the card", 5000, bought, ""),
    ]
    assert told(fresh.card) == [("Came from another card", 5000, None, "lost on the way home")]
    sold.card.refresh_from_db()
    assert neighbours(sold.card) == (fresh.card, [])
    assert neighbours(fresh.card) == (None, [sold.card])


def test_what_is_lost_and_what_ended_are_told_apart(till: Till, gift: GiftCardType) -> None:
    sold, other = Sold(till, "gift", "50"), Sold(till, "gift", "20")
    used = till.sell("session", gift_cards=[sold.code])
    run_daily(now=till.later(days=181).now)

    assert told(sold.card)[0][:3] == ("The rest, lost: the card was for one check", -3000, used.visit.pk)
    assert told(other.card)[0][:3] == ("Ended unused", -2000, None)


def test_cards_that_were_put_together_know_one_another(till: Till, voucher: GiftCardType) -> None:
    one, other = Sold(till, "voucher", "50").card, Sold(till, "voucher", "50").card
    merge(card=one, other=other, reason="one is enough", by=VERA, now=till.now)
    other.refresh_from_db()

    assert neighbours(other) == (one, [])
    assert neighbours(one) == (None, [other])


def test_the_owner_reads_it_on_the_page_of_the_card(till: Till, voucher: GiftCardType, client: Browser) -> None:
    sold = Sold(till, "voucher", "50")
    anna = factories.StaffFactory(username="anna", role="owner")
    client.force_login(anna)

    page = client.get(reverse("admin:giftcards_giftcard_change", args=[sold.card.pk])).content.decode()

    assert f"2 March 2026 · Put on the card · check {sold.check.visit.pk}: 50.00" in page
