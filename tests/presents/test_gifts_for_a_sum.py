"""A gift when a check, or the total spent, reaches a sum: a free service, bonuses, or a gift card."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clients.models import Client
from giftcards.models import GiftCard
from loyalty.models import FreeService, HouseRules, Lot, Refund
from loyalty.money import Money
from tests import factories
from tests.memberships.conftest import buy
from tests.presents import factories as presents
from tests.presents.conftest import assert_proved, free_of, told
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def gift(**values: Any) -> None:
    """For a check from 100.00 a free session, or what is said."""
    presents.GiftProgramFactory(**values)


def bonuses(**values: Any) -> None:
    gift(code="ten", name="Ten back", service=None, amount=cents("10"), **values)


def card(**values: Any) -> None:
    factories.DenominationFactory()
    gift(code="card", name="A card", service=None, good="gift", amount=cents("15"), **values)


def codes(refund: Refund) -> list[str]:
    """What the refund says of gifts."""
    notes = [note["code"] for note in refund.facts["trace"]]
    return [code for code in notes if code.startswith(("gift.", "gift_card.present"))]


def test_a_check_that_comes_to_the_sum_brings_a_free_service(till: Till, boris: Client) -> None:
    gift(lifetime_days=30)
    sold = till.sell("5 x session", client=boris)
    assert (free_of(boris), told(sold, "gift")) == (1, ["gift.service_check"])
    free = FreeService.objects.get()
    assert (free.program, free.name, free.services) == ("hundred", "Big check", ["session"])
    assert free.account.lots.get().last_day == date(2026, 4, 1)
    assert till.sell("session", client=boris).visit.to_pay == 0
    assert_proved()


def test_one_cent_less_does_not(till: Till, boris: Client) -> None:
    gift(from_sum=Money(10001))
    sold = till.sell("5 x session", client=boris)
    assert (free_of(boris), told(sold, "gift")) == (0, ["gift.too_small"])


def test_what_is_paid_for_services_counts(till: Till, boris: Client) -> None:
    """Not what bonuses or memberships pay, nor what is no service."""
    gift()
    factories.DenominationFactory()
    till.give(boris, "1")
    till.sell("5 x session", client=boris, redeem="1")
    till.sell("4 x session", {"gift_card_type": "gift", "amount": "50.00"}, client=boris)
    buy(till, boris, factories.PlanFactory(sessions=1))
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 0


def test_what_gift_cards_pay_counts(till: Till, boris: Client) -> None:
    gift()
    factories.DenominationFactory()
    sold = till.sell({"gift_card_type": "gift", "amount": "50.00"})
    code = sold.revealed[1][0]["code"]
    till.sell("5 x session", client=boris, gift_cards=[code])
    assert free_of(boris) == 1


def test_every_such_check_brings_one_unless_it_is_once(till: Till, boris: Client) -> None:
    gift()
    gift(code="once", name="Once", once=True, from_sum=cents("100"))
    till.sell("5 x session", client=boris)
    sold = till.sell("5 x session", client=boris, free_services=[])
    assert (free_of(boris), told(sold, "gift")) == (3, ["gift.service_check", "gift.had"])


def test_a_total_is_passed_once(till: Till, boris: Client) -> None:
    gift(when="total", from_sum=cents("100"))
    till.sell("4 x session", client=boris)
    assert free_of(boris) == 0
    sold = till.sell("session", client=boris)
    assert (free_of(boris), told(sold, "gift")) == (1, ["gift.service_total"])
    till.sell("5 x session", client=boris, free_services=[])
    assert free_of(boris) == 1


def test_a_total_that_falls_takes_its_gift_along_and_brings_it_again(till: Till, boris: Client) -> None:
    """Whichever check comes back: the first one did not bring it."""
    gift(when="total", from_sum=cents("100"))
    first, _second = till.sell("4 x session", client=boris), till.sell("2 x session", client=boris)
    assert free_of(boris) == 1
    till.refund(first, (1, 1))
    assert free_of(boris) == 1
    refund = till.refund(first, (1, 1))
    assert (free_of(boris), codes(refund)) == (0, ["gift.taken_back"])
    till.sell("session", client=boris)
    assert free_of(boris) == 1
    assert_proved()


def test_a_total_that_reaches_the_sum_again_keeps_what_was_used(till: Till, boris: Client) -> None:
    gift(when="total", from_sum=cents("100"))
    first = till.sell("5 x session", client=boris)
    used = till.sell("session", client=boris)
    assert codes(till.refund(first)) == ["gift.owed"]
    till.sell("5 x session", client=boris)
    assert codes(till.refund(used)) == []
    assert free_of(boris) == 1
    assert_proved()


def test_what_came_back_with_its_check_may_come_again(till: Till, boris: Client) -> None:
    gift(when="total", from_sum=cents("100"))
    sold = till.sell("5 x session", client=boris)
    till.refund(sold)
    assert free_of(boris) == 0
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 1
    assert_proved()


def test_a_used_one_is_owed_and_taken_as_it_returns(till: Till, boris: Client) -> None:
    """Buying, using and returning comes to nothing, however often."""
    gift()
    for _time in range(2):
        sold = till.sell("5 x session", client=boris)
        used = till.sell("session", client=boris)
        assert (used.visit.to_pay, codes(till.refund(sold))) == (0, ["gift.owed"])
        assert codes(till.refund(used)) == ["gift.settled"]
        assert free_of(boris) == 0
    assert_proved()


def test_one_that_was_used_does_not_come_again_while_it_is_owed(till: Till, boris: Client) -> None:
    gift(when="total", from_sum=cents("100"))
    sold = till.sell("5 x session", client=boris)
    till.sell("session", client=boris)
    till.refund(sold)
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 0


def test_a_part_refund_below_the_sum_takes_it_back(till: Till, boris: Client) -> None:
    gift()
    sold = till.sell("6 x session", client=boris)
    assert (codes(till.refund(sold, (1, 1))), free_of(boris)) == ([], 1)
    assert (codes(till.refund(sold, (1, 1))), free_of(boris)) == (["gift.taken_back"], 0)
    assert codes(till.refund(sold)) == []


def test_bonuses_come_on_their_terms_and_go_at_once(till: Till, boris: Client) -> None:
    bonuses(lifetime_days=60, limit_percent=50)
    sold = till.sell("6 x session", client=boris)
    lot = Lot.objects.get(program="ten")
    assert (lot.remaining, lot.last_day, int(lot.limit_percent)) == (1000, date(2026, 5, 1), 50)
    assert (sold.visit.earned_total, told(sold, "earning")) == (1000, ["gift.bonuses_check"])
    till.refund(sold, (1, 1))
    assert till.balance(boris) == 1000
    refund = till.refund(sold, (1, 1))
    assert (till.balance(boris), refund.bonus_taken_back, codes(refund)) == (0, 1000, ["gift.bonuses_back"])
    assert till.refund(sold).bonus_taken_back == 0
    assert_proved()


def test_bonuses_for_a_total_go_with_any_check(till: Till, boris: Client) -> None:
    bonuses(when="total")
    first, _second = till.sell("4 x session", client=boris), till.sell("session", client=boris)
    refund = till.refund(first, (1, 1))
    assert (till.balance(boris), refund.bonus_taken_back, codes(refund)) == (0, 1000, ["gift.bonuses_back"])
    till.sell("session", client=boris)
    assert till.balance(boris) == 1000
    assert_proved()


def test_spent_bonuses_are_a_debt(till: Till, boris: Client) -> None:
    bonuses()
    sold = till.sell("5 x session", client=boris)
    spent = till.sell("session", client=boris, redeem="4")
    assert (till.refund(sold).debt, till.balance(boris)) == (400, -400)
    till.refund(spent)
    assert till.balance(boris) == 0
    assert_proved()


@pytest.mark.parametrize("when", ["check", "total"])
def test_spent_bonuses_are_let_go_until_they_return(
    till: Till, boris: Client, house_rules: HouseRules, when: str
) -> None:
    house_rules.allow_debt = False
    house_rules.save()
    bonuses(when=when)
    sold = till.sell("5 x session", client=boris)
    spent = till.sell("session", client=boris, redeem="4")
    assert till.refund(sold, (1, 4)).bonus_taken_back == 600
    assert (till.refund(spent).bonus_taken_back, till.balance(boris)) == (400, 0)
    till.refund(sold)
    assert till.balance(boris) == 0
    till.sell("5 x session", client=boris)
    assert till.balance(boris) == 1000
    assert_proved()


def test_a_gift_card_is_told_once_and_pays(till: Till, boris: Client) -> None:
    card()
    sold = till.sell("5 x session", client=boris)
    (told_once,) = sold.revealed[0]
    given = GiftCard.objects.get()
    assert (given.amount, given.sold_on, given.buyer, given.type.code) == (1500, None, boris, "gift")
    assert given.account.lots.get().program == "card"
    assert told(sold, "gift") == ["gift.card_check"]
    assert till.quote("session", gift_cards=[told_once["code"]]).bill.to_pay == 500
    assert_proved()


def test_an_untouched_card_is_void_once_the_sum_is_not_reached(till: Till, boris: Client) -> None:
    card()
    sold = till.sell("6 x session", client=boris)
    till.refund(sold, (1, 1))
    assert GiftCard.objects.get().voided_at is None
    assert codes(till.refund(sold, (1, 1))) == ["gift_card.present_back"]
    given = GiftCard.objects.get()
    assert (given.voided_at, given.account.lots.get().remaining) == (till.now, 0)
    assert_proved()


def test_what_is_left_on_a_card_is_taken_and_the_rest_as_it_returns(till: Till, boris: Client) -> None:
    factories.GiftCardTypeFactory(single_use=False)
    card()
    sold = till.sell("5 x session", client=boris)
    code = sold.revealed[0][0]["code"]
    used = [till.sell("towel", gift_cards=[code]), till.sell("towel", gift_cards=[code])]
    given = GiftCard.objects.get()
    assert codes(till.refund(sold)) == ["gift_card.present_part"]
    assert (given.account.lots.get().remaining, GiftCard.objects.get().voided_at) == (0, None)
    assert codes(till.refund(used[0])) == ["gift_card.present_part"]
    assert codes(till.refund(used[1])) == ["gift_card.present_back"]
    assert (given.account.lots.get().remaining, GiftCard.objects.get().voided_at) == (0, till.now)
    assert_proved()


def test_the_rest_of_a_card_for_one_check_is_taken_as_it_returns(till: Till, boris: Client) -> None:
    card()
    sold = till.sell("5 x session", client=boris)
    used = till.sell("towel", gift_cards=[sold.revealed[0][0]["code"]])
    assert codes(till.refund(sold)) == ["gift_card.present_owed"]
    assert codes(till.refund(used)) == ["gift_card.present_back"]
    assert GiftCard.objects.get().account.lots.get().remaining == 0
    assert_proved()


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"from_day": date(2026, 3, 3)},
        {"to_day": date(2026, 3, 1)},
        {"locations": ["riverside"]},
    ],
)
def test_a_gift_comes_only_when_and_where_it_runs(till: Till, boris: Client, values: dict[str, Any]) -> None:
    factories.LocationFactory(code="riverside", name="Riverside")
    gift(**values)
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 0


def test_a_gift_is_for_its_segment_and_for_clients(till: Till, boris: Client) -> None:
    gift(segment=factories.SegmentFactory(visits_min=1))
    till.sell("5 x session")
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 0
    till.sell("5 x session", client=boris)
    assert free_of(boris) == 1


def test_a_check_that_earns_nothing_brings_no_gift(till: Till, boris: Client) -> None:
    gift()
    bonuses()
    till.sell("5 x session", client=boris, earn=False)
    assert (free_of(boris), till.balance(boris)) == (0, 0)


def test_bought_and_returned_again_and_again_it_comes_to_the_same(till: Till, boris: Client) -> None:
    gift()
    bonuses(once=True)
    card(when="total", from_sum=cents("100"))
    for _time in range(3):
        till.refund(till.sell("5 x session", client=boris))
        assert (free_of(boris), till.balance(boris)) == (0, 0)
        assert not GiftCard.objects.filter(voided_at=None).exists()
    assert_proved()
