"""A check of which all money has come back is no paid visit any more, though a free line of it (a delivery) stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clients.models import Client
from loyalty.checkout import Settled
from loyalty.models import Refund
from loyalty.proof import prove
from referrals import friends
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.referrals.conftest import Join, code_of, gives, left_on, milestone, notes, states
from tests.till import Till, cents

pytestmark = pytest.mark.django_db

Sell = Callable[..., Settled]


@pytest.fixture
def sell(till: Till) -> Sell:
    """60.00 for a personal training, and a free delivery as line 2."""
    factories.ServiceFactory(code="delivery", name="Delivery", price=cents("0"))
    return lambda client: till.sell("personal", "delivery", client=client)


def bring_back_what_was_paid(till: Till, sold: Settled) -> Refund:
    refund = till.refund(sold, (1, 1))
    assert (refund.money, refund.is_whole) == (cents("60"), False)
    return refund


def test_a_gift_card_for_it_is_called_back(
    till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    factories.GiftCardTypeFactory(single_use=False)
    gives(program, referrer_gift_card="gift", referrer_gift_amount=cents("50"))
    sold = sell(bob)
    bring_back_what_was_paid(till, sold)
    assert (states(ann), left_on(Reward.objects.get())) == ([("gift_card", "taken_back")], 0)
    assert friends.who_count(ann.pk).count() == 0
    till.refund(sold)  # the delivery
    assert states(ann) == [("gift_card", "taken_back")]
    assert prove() == []


def test_what_waits_is_called_off(till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_discount_percent=20, pending_days=14)
    bring_back_what_was_paid(till, sell(bob))
    assert states(ann) == [("discount", "cancelled")]


def test_the_fixed_amount_comes_with_the_next_paid_check(
    till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_amount=cents("10"), referrer_when="first_visit")
    sold = sell(bob)
    assert till.balance(ann) == cents("10")
    bring_back_what_was_paid(till, sold)
    assert till.balance(ann) == 0
    assert "referral.only_first" not in notes(till.quote("personal", client=bob).bill)
    till.sell("personal", client=bob)
    assert till.balance(ann) == cents("10")


def test_a_milestone_goes_and_comes_again(
    till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program)
    milestone(program, 2, amount=cents("50"))
    till.sell("session", client=bob)
    sold = sell(join("Carl", code_of(ann)))
    assert till.balance(ann) == cents("50")
    bring_back_what_was_paid(till, sold)
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "taken_back")])
    till.sell("session", client=join("Dora", code_of(ann)))
    assert till.balance(ann) == cents("50")
    assert prove() == []


def test_part_of_what_was_paid_keeps_it(
    till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20)
    milestone(program, 1, amount=cents("50"))
    sold = till.sell("2 x session", "delivery", client=bob)
    till.refund(sold, (1, 1))
    assert (till.balance(ann), len(states(ann)), friends.who_count(ann.pk).count()) == (cents("50"), 2, 1)
    till.refund(sold, (1, 1))
    assert (till.balance(ann), friends.who_count(ann.pk).count()) == (0, 0)
    assert {state for _kind, state in states(ann)} == {"taken_back"}


def test_a_discount_that_was_used_does_not_come_back(
    till: Till, sell: Sell, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20)
    sold = sell(bob)
    used_on = till.sell("session", client=ann)
    bring_back_what_was_paid(till, sold)
    assert states(ann) == [("discount", "used")]
    till.refund(used_on)
    assert states(ann) == [("discount", "taken_back")]
