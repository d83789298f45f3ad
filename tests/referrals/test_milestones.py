"""So many friends who came and paid, and what that gives: once, and as long as there are so many."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.checkout import Settled
from loyalty.models import Entry, Refund
from loyalty.proof import prove
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, change, code_of, decide, gives, left_on, milestone, notes, states
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(program: ReferralProgram) -> ReferralProgram:
    """50 bonuses for two friends, and nothing else."""
    gives(program)
    milestone(program, 2, amount=cents("50"))
    return program


@pytest.fixture
def friends(two: ReferralProgram, ann: Client, join: Join) -> list[Client]:
    """Four whom Ann brought; none has been here."""
    return [join(name, code_of(ann)) for name in ("Bob", "Carl", "Dora", "Emil")]


def test_it_comes_with_the_check_of_the_friend_who_completes_it(till: Till, ann: Client, friends: list[Client]) -> None:
    till.sell("session", client=friends[0])
    till.sell("session", client=friends[0])
    assert (till.balance(ann), states(ann)) == (0, [])
    sold = till.sell("session", client=friends[1])
    assert notes(till.quote("session", client=friends[2]).bill) == []
    reward = Reward.objects.get()
    assert (reward.client, reward.friend, reward.visit) == (ann, friends[1], sold.visit)
    assert (reward.side, reward.state, reward.operation) == (
        "milestone",
        "given",
        f"client:{ann.pk}:referrals:milestone:2",
    )
    till.sell("session", client=friends[2])
    assert till.balance(ann) == cents("50")
    assert prove() == []


def test_who_paid_nothing_does_not_count(till: Till, ann: Client, friends: list[Client]) -> None:
    till.sell("session", client=friends[0])
    till.give(friends[1], "20")
    till.sell("session", client=friends[1], redeem="20")
    assert till.balance(ann) == 0
    till.sell("session", client=friends[1])
    assert till.balance(ann) == cents("50")


def test_it_goes_with_the_refund_that_leaves_too_few_and_comes_again(
    till: Till, ann: Client, friends: list[Client]
) -> None:
    till.sell("session", client=friends[0])
    sold = till.sell("2 x session", client=friends[1])
    till.refund(sold, (1, 1))
    assert till.balance(ann) == cents("50")  # part of a visit is a visit
    refund = till.refund(sold)
    assert (till.balance(ann), states(ann)) == (0, [("bonus", "taken_back")])
    assert "referral.milestone_back" in [note["code"] for note in refund.facts["trace"]]
    assert refund.bonus_taken_back == 0  # of the one who came
    till.sell("session", client=friends[2])
    assert (till.balance(ann), states(ann)) == (cents("50"), [("bonus", "taken_back"), ("bonus", "given")])
    assert prove() == []


def test_it_stays_while_another_friend_makes_up_for_the_one_who_went(
    till: Till, ann: Client, friends: list[Client]
) -> None:
    sales = [till.sell("session", client=friend) for friend in friends[:3]]
    till.refund(sales[1])
    assert till.balance(ann) == cents("50")
    till.refund(sales[0])
    assert till.balance(ann) == 0


def test_a_second_visit_keeps_the_friend(till: Till, ann: Client, friends: list[Client]) -> None:
    till.sell("session", client=friends[0])
    first = till.sell("session", client=friends[1])
    till.sell("session", client=friends[1])
    till.refund(first)
    assert till.balance(ann) == cents("50")


def test_what_was_spent_of_it_becomes_a_debt(
    till: Till, two: ReferralProgram, ann: Client, friends: list[Client]
) -> None:
    change(two, limit_percent=100, min_check=0)
    till.sell("session", client=friends[0])
    sold = till.sell("session", client=friends[1])
    till.sell("session", client=ann, redeem="20")
    till.refund(sold)
    assert till.balance(ann) == cents("-20")
    assert prove() == []


def test_pairs_that_are_held_or_cancelled_do_not_count(till: Till, ann: Client, friends: list[Client]) -> None:
    till.sell("session", client=friends[0])
    decide(friends[1], "held")
    till.sell("session", client=friends[1])
    decide(friends[2], "cancelled")
    till.sell("session", client=friends[2])
    assert states(ann) == []
    till.sell("session", client=friends[3])
    assert states(ann) == [("bonus", "given")]


def test_one_that_is_added_later_comes_with_the_next_friend(
    till: Till, two: ReferralProgram, ann: Client, friends: list[Client]
) -> None:
    factories.PlanFactory()
    for friend in friends[:3]:
        till.sell("session", client=friend)
    milestone(two, 3, membership="five")
    milestone(two, 4, discount_percent=30)
    till.sell("session", client=friends[3])
    assert states(ann) == [("bonus", "given"), ("membership", "given"), ("discount", "given")]
    assert till.sell("personal", client=ann).visit.discount_total == 1800


def test_a_membership_for_friends_is_called_back(till: Till, program: ReferralProgram, ann: Client, join: Join) -> None:
    factories.PlanFactory()
    gives(program)
    milestone(program, 1, membership="five")
    sold = till.sell("session", client=join("Bob", code_of(ann)))
    reward = Reward.objects.get()
    till.sell("2 x session", client=ann)
    assert left_on(reward) == 3
    till.refund(sold)
    assert (left_on(reward), states(ann)) == (0, [("membership", "taken_back")])
    assert prove() == []


def test_the_number_is_in_the_trace(till: Till, ann: Client, friends: list[Client]) -> None:
    till.sell("session", client=friends[0])
    bill = till.quote("session", client=friends[1]).bill
    assert notes(bill) == ["referral.milestone_bonus"]
    assert bill.earned_total == 0  # it is not the friend's


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_friends_who_complete_it_at_once_give_it_once(
    till: Till, ann: Client, friends: list[Client], together: Together
) -> None:
    """Neither sees the other's check: if they did not wait, both would be the first and nobody the second."""
    baskets = [till.basket("session", client=friend) for friend in friends]
    for pair in (baskets[:2], baskets[2:]):
        answers = together(*[lambda one=one: till.settle(one, cash=2000, key=f"of {one.client}") for one in pair])
        assert [type(answer) for answer in answers] == [Settled, Settled], answers
        assert till.balance(ann) == cents("50")
    assert Entry.objects.filter(operation__contains=":milestone:").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_friend_comes_while_another_goes(till: Till, ann: Client, friends: list[Client], together: Together) -> None:
    """Whoever is first, with two friends left the milestone is there, and once."""
    till.sell("session", client=friends[0])
    goes = till.sell("session", client=friends[1])
    for comes in friends[2:]:
        basket = till.basket("session", client=comes)
        answers = together(
            lambda sold=goes: till.refund(sold),
            lambda bought=basket: till.settle(bought, cash=2000, key=f"comes {bought.client}"),
        )
        assert [type(answer) for answer in answers] == [Refund, Settled], answers
        goes = answers[1]
        assert till.balance(ann) == cents("50")
    assert prove() == []
