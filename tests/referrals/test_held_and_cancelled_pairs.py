"""Of a pair that a person holds everything is set aside; released it is given, cancelled nothing is left to take."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from loyalty.models import Entry, Lot
from loyalty.proof import prove
from referrals import giving
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, change, code_of, decide, gives, milestone, notes, states
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


def release(till: Till, friend: Client) -> list[Reward]:
    decide(friend, "approved")
    return giving.release(Reward.objects.filter(friend=friend), by=VERA, now=till.now)


def cancel(till: Till, friend: Client) -> int:
    return int(giving.cancel(decide(friend, "cancelled"), by=VERA, now=till.now))


def test_bonuses_of_a_held_pair_are_set_aside(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    decide(bob, "held")
    visit = till.sell("personal", client=bob).visit
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "held")])
    assert [row["for_other"] for row in visit.facts["earned"]] == []
    assert [note["code"] for note in visit.facts["trace"] if note["rule"] == "referral"] == ["referral.held_bonuses"]
    release(till, bob)
    assert (till.balance(ann), states(ann)) == (cents("3"), [("bonus", "given")])
    entry = Entry.objects.get(account__client=ann)
    assert (entry.visit, entry.operation, entry.amount) == (visit, f"visit:{visit.pk}:referrals:referrer", 300)
    assert prove() == []


def test_released_twice_it_is_given_once(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    decide(bob, "held")
    till.sell("personal", client=bob)
    assert [len(release(till, bob)) for _i in range(2)] == [1, 0]
    assert till.balance(ann) == cents("3")


def test_what_refunds_took_meanwhile_is_taken_off_and_the_rest_comes_back_later(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    decide(bob, "held")
    sold = till.sell("3 x session", client=bob)
    till.refund(sold, (1, 1))
    release(till, bob)
    assert till.balance(ann) == cents("2")
    till.refund(sold, (1, 1))
    assert till.balance(ann) == cents("1")
    till.refund(sold)
    assert till.balance(ann) == 0
    assert prove() == []


def test_what_the_friend_was_to_get_is_set_aside_too(
    till: Till, program: ReferralProgram, ann: Client, join: Join
) -> None:
    gives(program, friend_amount=cents("10"), friend_when="first_visit")
    bob = join("Bob", code_of(ann))
    decide(bob, "held")
    sold = till.sell("2 x session", client=bob)
    assert (sold.visit.earned_total, till.balance(bob), states(bob)) == (0, 0, [("bonus", "held")])
    release(till, bob)
    assert till.balance(bob) == cents("10")
    refund = till.refund(sold, (1, 1))
    assert (till.balance(bob), refund.bonus_taken_back) == (cents("5"), cents("5"))
    till.refund(sold)
    assert till.balance(bob) == 0
    assert prove() == []


def test_a_discount_of_the_first_check_is_for_the_next_one_then(
    till: Till, program: ReferralProgram, ann: Client, join: Join
) -> None:
    gives(program, friend_discount_percent=20)
    bob = join("Bob", code_of(ann))
    decide(bob, "held")
    assert till.sell("personal", client=bob).visit.discount_total == 0
    assert till.sell("personal", client=bob).visit.discount_total == 0
    assert states(bob) == [("discount", "held")]
    release(till, bob)
    assert [till.sell("personal", client=bob).visit.discount_total for _i in range(2)] == [1200, 0]


@pytest.mark.parametrize(
    "values",
    [
        {"referrer_discount_percent": 20},
        {"referrer_gift_card": "gift", "referrer_gift_amount": cents("50")},
        {"referrer_membership": "five"},
    ],
)
def test_each_kind_is_held_and_released(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, values: dict[str, Any]
) -> None:
    factories.GiftCardTypeFactory()
    factories.PlanFactory()
    gives(program, pending_days=14, **values)
    decide(bob, "held")
    visit = till.sell("personal", client=bob).visit
    assert [note["code"] for note in visit.facts["trace"] if note["rule"] == "referral"] == ["referral.held"]
    kind = Reward.objects.get().kind
    assert states(ann) == [(kind, "held")]
    release(till, bob)
    assert states(ann) == [(kind, "pending")]
    decide(bob, "held")
    Reward.objects.update(state="held")
    release(till.later(days=14), bob)
    assert states(ann) == [(kind, "given")]
    assert prove() == []


def test_a_whole_refund_of_a_held_check_leaves_nothing_to_release(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    decide(bob, "held")
    till.refund(till.sell("personal", client=bob))
    assert states(ann) == [("bonus", "cancelled")]
    assert (release(till, bob), till.balance(ann)) == ([], 0)


def test_bonuses_that_were_held_do_not_wait_again(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, pending_days=14)
    decide(bob, "held")
    till.sell("personal", client=bob)
    release(till.later(days=10), bob)
    assert (till.later(days=13).balance(ann), till.later(days=14).balance(ann)) == (0, cents("3"))


def test_a_cancelled_pair_brings_nothing_and_says_why(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    decide(bob, "cancelled")
    bill = till.quote("personal", client=bob).bill
    assert (bill.earnings, notes(bill)) == ((), ["referral.cancelled"])
    till.sell("personal", client=bob)
    assert (till.balance(ann), states(ann)) == (0, [])


def test_cancelling_takes_what_is_left_of_the_pair_and_nothing_else(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    change(program, limit_percent=100, min_check=0)
    till.sell("personal", client=bob)  # 3.00
    till.sell("personal", client=join("Carl", code_of(ann)))
    till.sell("session", client=ann, redeem="1")
    assert cancel(till, bob) == cents("102")  # Bob's 100.00 for joining, 2.00 of Ann's for him
    assert (till.balance(ann), till.balance(bob)) == (cents("3"), 0)
    assert not Lot.objects.filter(is_debt=True).exists()
    assert cancel(till, bob) == 0
    assert prove() == []


def test_refunds_of_a_cancelled_pair_take_nothing_more(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, limit_percent=100, min_check=0)
    sold = till.sell("personal", client=bob)
    till.sell("session", client=ann, redeem="1")
    cancel(till, bob)
    till.refund(sold)
    assert (till.balance(ann), Lot.objects.filter(is_debt=True).count()) == (0, 0)
    assert prove() == []


def test_cancelling_ends_what_waits_and_what_was_not_used(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program, referrer_discount_percent=20)
    till.sell("session", client=bob)
    carl = join("Carl", code_of(ann))
    decide(carl, "held")
    till.sell("session", client=carl)
    cancel(till, bob)
    assert states(ann) == [("discount", "taken_back"), ("discount", "held")]
    cancel(till, carl)
    assert states(ann) == [("discount", "taken_back"), ("discount", "cancelled")]


def test_cancelling_takes_a_milestone_that_is_no_longer_reached(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program)
    milestone(program, 2, amount=cents("50"))
    for friend in (bob, join("Carl", code_of(ann)), join("Dora", code_of(ann))):
        till.sell("session", client=friend)
    assert (cancel(till, bob), till.balance(ann)) == (cents("100"), cents("50"))  # what Bob got for joining
    assert cancel(till, Client.objects.get(first_name="Carl")) == cents("50")
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "taken_back")])
    till.sell("session", client=join("Emil", code_of(ann)))
    assert till.balance(ann) == cents("50")
    assert prove() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_release_and_a_refund_at_once_come_to_the_same(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, together: Together
) -> None:
    for _round in range(3):
        decide(bob, "held")
        sold = till.sell("3 x session", client=bob)
        before = till.balance(ann)
        answers = together(lambda: release_alone(till, bob), lambda s=sold: till.refund(s, (1, 1)))
        assert not any(isinstance(answer, Exception) for answer in answers), answers
        assert till.balance(ann) - before == cents("2")
    assert prove() == []


def release_alone(till: Till, friend: Client) -> list[Reward]:
    """As a person's decision does it: in one transaction."""
    from django.db import transaction

    with transaction.atomic():
        return release(till, friend)
