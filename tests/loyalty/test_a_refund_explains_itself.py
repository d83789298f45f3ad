"""Every figure of a refund has its note, kept as data, and is a sentence after the owner has changed everything."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from clients.models import Client
from loyalty.checkout import Paid, explain_refund, settle, why_refunded
from loyalty.checkout.refund.explaining import TEXTS
from loyalty.mechanics import mechanics
from loyalty.models import CashbackProgram, HouseRules, Lot, Refund
from loyalty.money import Currency
from referrals.models import Referral
from tests import factories
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
USD = Currency.of("USD")


def said(refund: Refund, *stages: str) -> list[str]:
    return [note.text for note in explain_refund(refund, USD) if not stages or note.stage in stages]


def brought(till: Till, friend: Client, referrer: Client) -> None:
    factories.ReferralProgramFactory()
    till.account(referrer)
    Referral.objects.create(friend=friend, referrer=referrer, named_at=till.now, by=str(VERA))


def ten_percent(**terms: Any) -> None:
    factories.CashbackTierFactory(program=factories.CashbackFactory(code="own", name="Ten", **terms), percent=10)


def test_a_whole_refund_tells_all_of_it_in_order(
    till: Till, cashback: CashbackProgram, boris: Client, alice: Client
) -> None:
    brought(till, boris, alice)
    till.give(boris, "100", program="welcome", limit_percent=50, last_day=till.today + timedelta(days=60))
    refund = till.refund(till.sell("personal", client=boris, redeem="max"))
    assert said(refund) == [
        "1 x Personal training, 60.00 at list price: 30.00 in bonuses, 30.00 in money.",
        "Money back, cash: 30.00, the way it was paid.",
        "“welcome”: 30.00 of bonuses that had paid return. They can be used until 1 May 2026, as before.",
        (
            "“Cashback” gave 0.90 for this check. Nothing of the check is left, so now 0.90 is due: 0.90 from these"
            " bonuses."
        ),
        (
            "Whoever brought this client got 1.50 for this check. Nothing of the check is left, so 1.50 is due:"
            " 1.50 from these bonuses."
        ),
        "Total spent goes down by 30.00; the tier is looked at again at night.",
        "Nothing of the check is left: it no longer counts as a visit.",
    ]


def test_partial_refunds_say_how_far_it_has_come(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "1.00")
    sold = till.sell("3 x session", client=boris, redeem="1.00")
    first, second, last = (till.refund(sold, (1, 1)) for _unit in range(3))
    assert said(first, "line", "earning", "standing") == [
        "1 x Training session, 20.00 at list price: 0.33 in bonuses, 19.67 in money.",
        (
            "“Cashback” gave 1.77 for this check. Of the 59.00 that counted, 19.67 has come back so far, so now 0.59 is"
            " due: 0.59 from these bonuses."
        ),
        "Total spent goes down by 19.67; the tier is looked at again at night.",
    ]
    assert said(second, "earning") == [
        (
            "“Cashback” gave 1.77 for this check. Of the 59.00 that counted, 39.33 has come back so far, so now 0.58 is"
            " due: 0.58 from these bonuses."
        )
    ]
    assert said(last, "earning") == [
        (
            "“Cashback” gave 1.77 for this check. Nothing of the check is left, so now 0.60 is due: 0.60 from these"
            " bonuses."
        )
    ]


def test_money_in_proportion_names_what_is_still_out(till: Till, boris: Client) -> None:
    basket = till.basket("3 x session", client=boris)
    payments = [Paid("cash", cents("20")), Paid("card", cents("40"))]
    sold = settle(basket=basket, payments=payments, key="split", by=VERA, now=till.now)
    assert said(till.refund(sold, (1, 1)), "money") == [
        "Money back, cash: 6.67, in proportion: of the 60.00 not given back yet, 20.00 had been paid this way.",
        "Money back, bank card: 13.33, in proportion: of the 60.00 not given back yet, 40.00 had been paid this way.",
    ]
    assert said(till.refund(sold), "money") == [
        "Money back, cash: 13.33, the way it was paid.",
        "Money back, bank card: 26.67, the way it was paid.",
    ]


def test_what_cost_nothing_says_so(till: Till, boris: Client) -> None:
    sold = till.sell({"service": "towel", "price": "0.00", "price_reason": "a gift"}, client=boris)
    assert said(till.refund(sold)) == [
        "1 x Towel: it cost nothing.",
        "No money goes back: none was paid for it.",
        "Nothing of the check is left: it no longer counts as a visit.",
    ]


def test_a_discount_is_named_among_what_the_price_was_made_of(till: Till, boris: Client) -> None:
    factories.DiscountFactory(code="free", percent=100)
    sold = till.sell("2 x session", client=boris)
    assert said(till.refund(sold, (1, 1)), "line") == ["1 x Training session, 20.00 at list price: 20.00 discount."]


def test_bonuses_say_to_which_lot_and_until_when(till: Till, boris: Client) -> None:
    till.give(boris, "4", program="birthday", last_day=till.today + timedelta(days=3))
    till.give(boris, "6")
    sold = till.sell("2 x session", client=boris, redeem="10.00")
    assert said(till.refund(sold, (1, 1)), "bonus") == [
        "The 5.00 of bonuses return to where they were taken from, in proportion to the 10.00 not returned yet.",
        (
            "“birthday”: 2.00 of bonuses that had paid return. They can be used until 16 March 2026 instead of"
            " 5 March 2026: what returns can be used for at least so many days: 14."
        ),
        "“Bonuses”: 3.00 of bonuses that had paid return. They can be used for ever.",
    ]


def test_taking_back_says_from_where(till: Till, boris: Client) -> None:
    ten_percent()
    sold = till.sell("personal", client=boris)
    till.sell({"service": "session", "price": "5.00"}, client=boris, redeem="5.00")
    till.give(boris, "2.00", program="later", first_day=till.today + timedelta(days=5))
    till.give(boris, "1.00", program="soon", last_day=till.today + timedelta(days=1))
    refund = till.refund(sold)
    assert said(refund, "earning") == [
        (
            "“Ten” gave 6.00 for this check. Nothing of the check is left, so now 6.00 is due: 1.00 from these bonuses,"
            " 2.00 from “later”, which cannot be used yet, 1.00 from “soon”, the soonest to end, 2.00 had been spent:"
            " the next bonuses repay it."
        )
    ]
    assert refund.debt == cents("2")


def test_what_is_let_go_is_said_and_what_becomes_of_it(till: Till, boris: Client) -> None:
    ten_percent()
    HouseRules.objects.update(allow_debt=False)
    earning = till.sell("personal", client=boris)
    spending = till.sell({"service": "session", "price": "5.00"}, client=boris, redeem="5.00")
    assert said(till.refund(earning), "earning") == [
        (
            "“Ten” gave 6.00 for this check. Nothing of the check is left, so now 6.00 is due: 1.00 from these bonuses,"
            " 5.00 had been spent and is let go."
        )
    ]
    assert said(till.refund(spending), "bonus") == [
        "“Ten”: 5.00 of bonuses that had paid return. They can be used for ever.",
        "“Ten”: 5.00 of them are taken at once: an earlier refund let it go, as it was spent then.",
    ]


def test_what_ended_unused_is_owed_by_nobody(till: Till, boris: Client) -> None:
    ten_percent(lifetime_days=10)
    sold = till.sell("personal", client=boris)
    till.sell({"service": "session", "price": "1.00"}, client=boris, redeem="1.00")
    refund = till.later(days=30).refund(sold)
    assert said(refund, "earning") == [
        (
            "“Ten” gave 6.00 for this check. Nothing of the check is left, so now 6.00 is due: 1.00 had been spent: the"
            " next bonuses repay it, 5.00 had ended unused: nobody owes it."
        )
    ]
    assert (refund.bonus_taken_back, refund.debt) == (cents("1"), cents("1"))


def test_gift_cards_and_a_lost_rest_are_told(till: Till, boris: Client) -> None:
    kind = factories.GiftCardTypeFactory()
    factories.DenominationFactory(type=kind, amount=cents("50"))
    cards = till.sell(*[{"gift_card_type": "gift", "amount": "50"}] * 2)
    codes = [cards.revealed[line][0]["code"] for line in (1, 2)]
    first, second = (code[-4:] for code in codes)
    sold = till.sell("personal", "towel", gift_cards=codes)  # 50.00 and 13.00 pay; 37.00 is lost
    assert said(till.refund(sold, (1, 1)), "gift_card") == [
        "The 60.00 that gift cards had paid go back to them in proportion to the 63.00 not gone back yet.",
        f"The gift card that ends in {first} gets 47.62 back. It can be used until 29 August 2026, as before.",
        f"The gift card that ends in {second} gets 12.38 back. It can be used until 29 August 2026, as before.",
    ]
    assert said(till.refund(sold), "gift_card") == [
        f"The gift card that ends in {first} gets 2.38 back. It can be used until 29 August 2026, as before.",
        f"The gift card that ends in {second} gets 0.62 back. It can be used until 29 August 2026, as before.",
        (
            f"All that the gift card that ends in {second} had paid is back on it, so the rest that it had lost, 37.00,"
            " is back too."
        ),
    ]
    assert said(till.refund(cards, (1, 1)), "gift_card") == [
        f"The gift card that ends in {first} still had all of its 50.00, so all of it comes back. It is void now."
    ]


def test_the_client_is_not_told_what_somebody_else_gives_back(till: Till, boris: Client, alice: Client) -> None:
    brought(till, boris, alice)
    refund = till.refund(till.sell("personal", client=boris))
    notes = explain_refund(refund, USD)
    whole, own = (
        {reason.text for chapter in why.acted for reason in chapter.reasons}
        for why in (why_refunded(notes), why_refunded(notes, for_client=True))
    )
    assert {text.split(" got")[0] for text in whole - own} == {"Whoever brought this client"}


def test_the_notes_are_data_and_outlive_the_settings(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.give(boris, "1.00", last_day=till.today)
    refund = till.refund(till.sell("session", client=boris, redeem="1.00"))
    before = said(refund)
    CashbackProgram.objects.update(name="Other", code="other")
    HouseRules.objects.update(refund_min_days=99)
    Lot.objects.update(name="Renamed")
    assert said(Refund.objects.get(pk=refund.pk)) == before
    note = next(note for note in refund.facts["trace"] if note["code"] == "refund.bonus")
    assert json.loads(json.dumps(note)) == {
        "stage": "bonus",
        "rule": "",
        "code": "refund.bonus",
        "amount": 100,
        "facts": {
            "name": {"parts": [{"stage": "", "rule": "", "code": "refund.nameless", "amount": 0, "facts": {}}]},
            "until": {
                "parts": [
                    {
                        "stage": "",
                        "rule": "",
                        "code": "refund.until_longer",
                        "amount": 0,
                        "facts": {"last_day": {"day": "2026-03-16"}, "ended": {"day": "2026-03-02"}, "days": 14},
                    }
                ]
            },
        },
    }


def test_amounts_and_days_are_written_as_in_the_reader_s_language(till: Till, boris: Client) -> None:
    till.give(boris, "1.00", last_day=till.today + timedelta(days=60))
    refund = till.refund(till.sell("session", client=boris, redeem="1.00"))
    with translation.override("ru"):
        texts = " ".join(said(refund))
    assert "19,00" in texts
    assert "1 мая 2026" in texts


def test_a_refund_from_before_there_were_reasons_has_none(till: Till, boris: Client) -> None:
    refund = till.refund(till.sell("session", client=boris))
    refund.facts = {"taken_from_others": 0}
    assert explain_refund(refund, USD) == ()
    assert why_refunded(()).acted == ()


def test_the_notes_come_to_the_figures(till: Till, cashback: CashbackProgram, boris: Client, alice: Client) -> None:
    brought(till, boris, alice)
    till.give(boris, "12.34")
    sold = till.sell("2 x personal", "3 x towel", client=boris, redeem="12.34")
    for step in ((1, 1), (2, 2), (1, 1), (2, 1)):
        refund = till.refund(sold, step)
        notes = explain_refund(refund, USD)
        by_code = {note.code: sum(n.amount for n in notes if n.code == note.code) for note in notes}
        assert sum(n.amount for n in notes if n.stage == "money") == refund.money
        assert by_code.get("refund.bonus", 0) == refund.bonus_returned
        assert sum(n.amount for n in notes if n.stage == "earning") == refund.bonus_taken_back
        assert sum(n.amount for n in notes if n.stage == "referrer") == refund.facts["taken_from_others"]
        assert by_code.get("refund.spent", 0) == refund.spent


def test_no_text_is_brought_twice() -> None:
    brought_by_mechanics = [code for mechanic in mechanics() for code in mechanic.explanations]
    assert not set(TEXTS) & set(brought_by_mechanics)
