"""A friend whom a person approves counts at once: the milestone they complete does not wait for the next friend."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Event, Webhook
from loyalty.proof import prove
from referrals.deciding import Decided, decide
from referrals.models import ReferralProgram, Reward
from tests.conftest import Together
from tests.referrals.conftest import Join, change, code_of, gives, milestone, states
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(program: ReferralProgram) -> ReferralProgram:
    """10 bonuses for the first friend, and nothing else."""
    gives(program)
    milestone(program, 1, amount=cents("10"))
    return program


def say(till: Till, friend: Client, decision: str) -> Decided:
    return decide(friend=friend.pk, decision=decision, reason="I have asked", by=VERA, now=till.now)


def test_it_comes_with_the_approval_though_nothing_was_held(
    till: Till, one: ReferralProgram, ann: Client, bob: Client
) -> None:
    Webhook.objects.create(url="https://example.com/", events=["referral.rewarded"])
    say(till, bob, "held")
    sold = till.sell("personal", client=bob)
    till.later(days=1).sell("personal", client=bob)
    assert (till.balance(ann), states(ann)) == (0, [])
    decided = say(till, bob, "approved")
    assert (decided.given, [row.kind for row in decided.reached]) == ([], ["bonus"])
    reward = Reward.objects.get()
    assert (till.balance(ann), reward.state, reward.friend, reward.visit) == (cents("10"), "given", bob, sold.visit)
    assert Event.objects.get().facts["visit"] == str(sold.visit.pk)
    till.sell("personal", client=bob)
    assert till.balance(ann) == cents("10")
    assert prove() == []


def test_it_goes_with_the_check_as_any_other(till: Till, one: ReferralProgram, ann: Client, bob: Client) -> None:
    say(till, bob, "held")
    sold = till.sell("personal", client=bob)
    say(till, bob, "approved")
    till.refund(sold)
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "taken_back")])


def test_it_comes_with_what_was_held(till: Till, one: ReferralProgram, ann: Client, bob: Client) -> None:
    change(one, referrer_percent=5)
    say(till, bob, "held")
    till.sell("personal", client=bob)
    decided = say(till, bob, "approved")
    assert ([row.side for row in decided.given], [row.side for row in decided.reached]) == (["referrer"], ["milestone"])
    assert till.balance(ann) == cents("13")


def test_who_has_not_paid_completes_nothing(till: Till, one: ReferralProgram, ann: Client, bob: Client) -> None:
    say(till, bob, "held")
    assert say(till, bob, "approved").reached == []
    till.refund(till.sell("personal", client=bob))
    assert till.balance(ann) == 0


def test_the_friends_who_count_already_make_up_the_number(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program)
    milestone(program, 2, amount=cents("50"))
    till.sell("session", client=bob)
    carl = join("Carl", code_of(ann))
    say(till, carl, "held")
    till.sell("session", client=carl)
    assert till.balance(ann) == 0
    say(till, carl, "approved")
    assert till.balance(ann) == cents("50")


def test_one_that_the_owner_has_added_since_waits_for_the_next_friend(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program)
    till.sell("session", client=bob)
    milestone(program, 1, amount=cents("10"))
    say(till, bob, "approved")
    assert till.balance(ann) == 0  # Bob counted before, too
    till.sell("session", client=join("Carl", code_of(ann)))
    assert till.balance(ann) == cents("10")


def test_a_cancelled_friend_who_paid_completes_it_once_approved(
    till: Till, one: ReferralProgram, ann: Client, bob: Client
) -> None:
    say(till, bob, "cancelled")
    till.sell("personal", client=bob)
    say(till, bob, "approved")
    assert till.balance(ann) == cents("10")


def test_what_was_taken_with_the_pair_stays_taken_until_the_next_friend(
    till: Till, one: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    till.sell("personal", client=bob)
    say(till, bob, "cancelled")
    say(till, bob, "approved")
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "taken_back")])
    till.sell("session", client=join("Carl", code_of(ann)))
    assert till.balance(ann) == cents("10")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_approval_and_the_check_of_another_friend_give_it_once(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join, together: Together
) -> None:
    gives(program)
    milestone(program, 1, amount=cents("10"))
    say(till, bob, "held")
    till.sell("session", client=bob)
    basket = till.basket("session", client=join("Carl", code_of(ann)))
    answers = together(lambda: say(till, bob, "approved"), lambda: till.settle(basket, cash=2000))
    assert not any(isinstance(answer, Exception) for answer in answers), answers
    assert till.balance(ann) == cents("10")
