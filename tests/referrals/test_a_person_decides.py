"""A person decides about a pair (`referrals.deciding`): approved, held or cancelled, with a reason, on the record."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry

from clients.models import Client
from clients.refusals import Invalid, NotFound
from loyalty.models import Entry, Lot
from loyalty.proof import prove
from referrals.deciding import AlreadyDecided, Decided, decide
from referrals.models import Referral, ReferralProgram, Reward
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, change
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(till: Till, program: ReferralProgram, join: Join) -> Client:
    """5 % of every check of Bob's; Bob starts with 100.00."""
    return join("Ann", phone="+12125550100")


@pytest.fixture
def bob(ann: Client, join: Join) -> Client:
    return join("Bob", "+12125550100")


def say(till: Till, friend: Client, decision: str, reason: str = "I have asked them") -> Decided:
    return decide(friend=friend.pk, decision=decision, reason=reason, by=VERA, now=till.now)


def test_held_rewards_are_set_aside_and_come_when_approved(till: Till, ann: Client, bob: Client) -> None:
    till.sell("session", client=bob)
    assert till.balance(ann) == cents("1.00")
    say(till, bob, "held")
    till.later(hours=1).sell("session", client=bob)
    assert till.balance(ann) == cents("1.00")
    assert [(row.state, row.amount) for row in Reward.objects.all()] == [("held", cents("1.00"))]
    decided = say(till.later(hours=2), bob, "approved", "they are sisters")
    assert [row.state for row in decided.given] == ["given"]
    assert till.balance(ann) == cents("2.00")
    row = Referral.objects.get()
    assert (row.decision, row.decided_by, row.decision_reason) == ("approved", "staff:vera", "they are sisters")
    assert row.decided_at == till.later(hours=2).now


def test_cancelled_takes_back_what_is_left_and_nothing_more_comes(till: Till, ann: Client, bob: Client) -> None:
    till.sell("session", client=bob)  # 1.00 to Ann
    till.sell("5 x session", client=bob, redeem="30.00")  # 3.50 to Ann; 70.00 are left of Bob's 100.00
    assert (till.balance(ann), till.balance(bob)) == (cents("4.50"), cents("70.00"))
    decided = say(till, bob, "cancelled", "one person")
    assert decided.taken_back == cents("74.50")
    assert (till.balance(ann), till.balance(bob)) == (0, 0)
    assert not Lot.objects.filter(is_debt=True).exists()
    till.later(hours=1).sell("session", client=bob)
    assert till.balance(ann) == 0


def test_bonuses_of_other_sources_are_not_touched(till: Till, ann: Client, bob: Client) -> None:
    till.sell("session", client=bob)
    till.give(ann, "7.00")
    say(till, bob, "cancelled")
    assert till.balance(ann) == cents("7.00")


def test_each_decision_leaves_a_record(till: Till, ann: Client, bob: Client) -> None:
    vera = factories.StaffFactory(username="vera")
    say(till, bob, "held", "ask Ann")
    say(till.later(hours=1), bob, "cancelled", "asked")
    changes = [(one.actor, one.changes) for one in LogEntry.objects.get_for_object(Referral.objects.get())]
    assert changes == [
        (vera, {"decision": ["held", "cancelled"], "decision_reason": ["ask Ann", "asked"]}),
        (vera, {"decision": ["", "held"], "decision_reason": ["", "ask Ann"]}),
    ]


def test_what_was_decided_already_is_not_decided_again(till: Till, ann: Client, bob: Client) -> None:
    say(till, bob, "held")
    entries = Entry.objects.count()
    with pytest.raises(AlreadyDecided):
        say(till, bob, "held", "once more")
    assert (Referral.objects.get().decision_reason, Entry.objects.count()) == ("I have asked them", entries)


def test_a_reason_is_needed(till: Till, ann: Client, bob: Client) -> None:
    for reason in ("", "  ", "x" * 251, "a\x00"):
        with pytest.raises(Invalid) as refused:
            say(till, bob, "cancelled", reason)
        assert refused.value.field == "reason"
    assert Referral.objects.get().decision == ""
    assert till.balance(bob) == cents("100.00")


def test_there_is_nothing_to_decide_about_a_client_whom_nobody_brought(till: Till, ann: Client) -> None:
    with pytest.raises(NotFound):
        say(till, ann, "held")


def test_a_pair_can_be_cancelled_again_and_again(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    """What Ann had spent meanwhile returns to its lot with the refund of her check, and is taken the next time."""
    change(program, limit_percent=100, min_check=0)
    till.sell("personal", client=bob)  # 3.00 to Ann
    checks = [till.sell("session", client=ann, redeem="1.00") for _n in range(2)]
    assert say(till, bob, "cancelled").taken_back == cents("101.00")  # 1.00 of Ann's, 100.00 of Bob's
    for check in checks:
        till.refund(check)
        assert till.balance(ann) == cents("1.00")
        say(till, bob, "approved")
        assert say(till, bob, "cancelled").taken_back == cents("1.00")
        assert till.balance(ann) == 0
    names = Entry.objects.filter(operation__contains=":refund:cancelled", account__client=ann).order_by("pk")
    assert [row.operation.rpartition(":refund:")[2] for row in names] == ["cancelled", "cancelled:2", "cancelled:3"]
    assert prove() == []


def test_a_cancelled_pair_that_is_approved_counts_again_from_then_on(till: Till, ann: Client, bob: Client) -> None:
    till.sell("session", client=bob)
    say(till, bob, "cancelled")
    say(till, bob, "approved")
    assert till.balance(ann) == 0
    till.later(hours=1).sell("session", client=bob)
    assert till.balance(ann) == cents("1.00")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_check_and_a_cancellation_at_once_leave_nothing(
    till: Till, ann: Client, bob: Client, together: Together
) -> None:
    basket = till.basket("session", client=bob)
    answers = together(lambda: till.settle(basket, cash=2000), lambda: say(till, bob, "cancelled"))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert till.balance(ann) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once(till: Till, ann: Client, bob: Client, together: Together) -> None:
    answers = together(lambda: say(till, bob, "cancelled"), lambda: say(till, bob, "cancelled"))
    assert [type(answer) for answer in answers].count(AlreadyDecided) == 1
    assert (till.balance(bob), Entry.objects.filter(kind="take_back").count()) == (0, 1)
