"""What the refund of a friend's check takes back, of each kind; and what the refund of any check gives back."""

from __future__ import annotations

import pytest

from clients.models import Client
from giftcards.models import GiftCard
from loyalty.checkout import Settled
from loyalty.explanations import explain
from loyalty.money import Currency
from loyalty.proof import prove
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, code_of, gives, left_on, states
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def off_for_ann(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> Settled:
    """Ann has 20 % off her next check, for this visit of Bob's."""
    gives(program, referrer_discount_percent=20)
    return till.sell("2 x session", client=bob)


@pytest.fixture
def card_for_bob(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> Settled:
    """Bob has a gift card of 50.00, for this visit of his own."""
    factories.GiftCardTypeFactory(single_use=False)
    gives(program, friend_gift_card="gift", friend_gift_amount=cents("50"), friend_when="first_visit")
    return till.sell("2 x session", client=bob)


def test_a_part_of_the_visit_takes_no_part_of_a_discount(till: Till, off_for_ann: Settled, ann: Client) -> None:
    till.refund(off_for_ann, (1, 1))
    assert states(ann) == [("discount", "given")]


def test_the_whole_visit_takes_a_discount_that_was_not_used(till: Till, off_for_ann: Settled, ann: Client) -> None:
    refund = till.refund(off_for_ann)
    assert states(ann) == [("discount", "taken_back")]
    assert till.quote("session", client=ann).bill.discount_total == 0
    texts = [row.text for row in explain(refund.facts["trace"], Currency.of("USD"))]
    said = "For this check somebody had 20\N{NO-BREAK SPACE}% off a next check."
    assert f"{said} All that was paid has come back, so it is gone." in texts


def test_one_that_was_used_stays_used_and_goes_with_the_check_that_used_it(
    till: Till, off_for_ann: Settled, ann: Client
) -> None:
    used = till.sell("personal", client=ann)
    till.refund(off_for_ann)
    assert states(ann) == [("discount", "used")]
    till.refund(used)
    assert states(ann) == [("discount", "taken_back")]


def test_the_refund_of_the_check_that_used_it_makes_it_ready_again(
    till: Till, off_for_ann: Settled, ann: Client
) -> None:
    used = till.sell("2 x session", client=ann)
    till.refund(used, (1, 1))
    assert states(ann) == [("discount", "used")]
    till.refund(used)
    reward = Reward.objects.get()
    assert (reward.state, reward.used_on) == ("given", None)
    assert till.sell("session", client=ann).visit.discount_total == 400


def test_the_whole_visit_takes_the_gift_card(till: Till, card_for_bob: Settled, bob: Client) -> None:
    till.refund(card_for_bob, (1, 1))
    assert left_on(Reward.objects.get()) == 5000
    till.refund(card_for_bob)
    assert (left_on(Reward.objects.get()), states(bob)) == (0, [("gift_card", "taken_back")])
    assert GiftCard.objects.get().voided_at is not None
    assert prove() == []


def test_what_was_used_of_it_is_taken_when_it_returns(till: Till, card_for_bob: Settled, bob: Client) -> None:
    code = card_for_bob.revealed[0][0]["code"]
    used = till.sell("session", client=bob, gift_cards=[code])
    till.refund(card_for_bob)
    assert left_on(Reward.objects.get()) == 0  # 30.00 of it were taken
    till.refund(used)
    assert left_on(Reward.objects.get()) == 0  # and so are the 20.00 that came back
    assert prove() == []


def test_a_membership_is_called_back(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    factories.PlanFactory()
    gives(program, referrer_membership="five")
    sold = till.sell("session", client=bob)
    used = till.sell("session", client=ann)
    till.refund(sold)
    assert (left_on(Reward.objects.get()), states(ann)) == (0, [("membership", "taken_back")])
    till.refund(used)
    assert left_on(Reward.objects.get()) == 0
    assert prove() == []


def test_the_next_paid_visit_brings_it_again(till: Till, off_for_ann: Settled, ann: Client, bob: Client) -> None:
    till.refund(off_for_ann)
    till.sell("session", client=bob)
    assert states(ann) == [("discount", "taken_back"), ("discount", "given")]


def test_what_came_on_joining_stays(till: Till, program: ReferralProgram, ann: Client, join: Join) -> None:
    factories.GiftCardTypeFactory()
    gives(program, friend_gift_card="gift", friend_gift_amount=cents("50"))
    bob = join("Bob", code_of(ann))
    till.refund(till.sell("session", client=bob))
    assert left_on(Reward.objects.get()) == 5000


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_use_a_discount_once(till: Till, off_for_ann: Settled, ann: Client, together: Together) -> None:
    basket = till.basket("personal", client=ann)
    quoted = till.promise(basket)
    assert quoted.bill.to_pay == 4800
    answers = together(*[lambda n=n: till.settle(basket, cash=4800, key=f"{n}", token=quoted.token) for n in range(2)])
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    refused = next(answer for answer in answers if isinstance(answer, Exception))
    assert getattr(refused, "code", "") == "quote_changed"
    assert states(ann) == [("discount", "used")]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_discount_is_used_while_the_visit_that_brought_it_comes_back(
    till: Till, off_for_ann: Settled, ann: Client, together: Together
) -> None:
    """Whoever is first: it is used and stays used, or it is gone and the check is at its full price."""
    basket = till.basket("personal", client=ann)
    answers = together(lambda: till.refund(off_for_ann), lambda: till.settle(basket, cash=4800, key="ann"))
    assert not isinstance(answers[0], Exception)
    was_used = type(answers[1]) is Settled
    assert states(ann) == [("discount", "used" if was_used else "taken_back")]
