"""Rewards that wait until refunds are over, and the night that gives them: late, twice, and after missed nights."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clients.actors import Actor
from clients.models import Client
from loyalty.models import Entry, Event, Lot, NightRun, Webhook
from loyalty.night import run_task
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from referrals import giving
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, change, code_of, decide, gives, states
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
NIGHT = Actor.task("referrals.give_due")


@pytest.fixture
def waiting(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> Till:
    """Ann is to get a gift card of 50.00 for Bob's visit of 2 March, in 14 days. The till stands at that day."""
    factories.GiftCardTypeFactory()
    gives(program, referrer_gift_card="gift", referrer_gift_amount=cents("50"), pending_days=14)
    till.sell("personal", client=bob)
    return till


def give_due(till: Till) -> int:
    """A night, on the day of this till."""
    return giving.give_due(day=till.today, house=rulebook().house, now=till.now, by=NIGHT)


def test_it_waits_and_comes_on_its_day(waiting: Till, ann: Client) -> None:
    reward = Reward.objects.get()
    assert (reward.state, reward.due_day, reward.account) == ("pending", date(2026, 3, 16), None)
    assert give_due(waiting.later(days=13)) == 0
    due = waiting.later(days=14)
    assert give_due(due) == 1
    reward.refresh_from_db()
    lot = Lot.objects.get(account=reward.account)
    assert (reward.state, lot.remaining, lot.first_day) == ("given", 5000, date(2026, 3, 16))
    entry = Entry.objects.get(lot=lot)
    assert (entry.visit, entry.by) == (reward.visit, "task:referrals.give_due")
    assert give_due(due) == 0
    assert prove() == []


def test_missed_nights_are_made_up(waiting: Till, ann: Client) -> None:
    run_task("referrals.give_due", now=waiting.now)
    run_task("referrals.give_due", now=waiting.later(days=30).now)
    assert states(ann) == [("gift_card", "given")]
    assert Lot.objects.get(account__unit="money").first_day == date(2026, 3, 16)  # as if no night had been missed
    assert not NightRun.objects.exclude(failure="").exists()


def test_the_trace_says_when_it_comes(waiting: Till, bob: Client, ann: Client, join: Join) -> None:
    carl = join("Carl", code_of(ann))
    found = [(note.code, note.facts) for note in waiting.quote("session", client=carl).bill.notes]
    assert ("referral.waits", {"day": date(2026, 3, 16)}) in found


def test_a_whole_refund_calls_it_off(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_discount_percent=20, pending_days=14)
    sold = till.sell("2 x session", client=bob)
    till.refund(sold, (1, 1))
    assert states(ann) == [("discount", "pending")]
    refund = till.refund(sold)
    assert states(ann) == [("discount", "cancelled")]
    assert "referral.called_off" in [note["code"] for note in refund.facts["trace"]]
    assert give_due(till.later(days=14)) == 0
    till.sell("session", client=bob)
    assert states(ann) == [("discount", "cancelled"), ("discount", "pending")]


def test_a_discount_that_waits_cannot_be_used_before(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20, pending_days=14)
    till.sell("session", client=bob)
    assert till.quote("session", client=ann).bill.discount_total == 0
    give_due(till.later(days=14))
    assert till.later(days=14).quote("session", client=ann).bill.discount_total == 400


def test_what_a_person_has_said_of_the_pair_meanwhile_holds(waiting: Till, ann: Client, bob: Client) -> None:
    due = waiting.later(days=14)
    decide(bob, "held")
    assert (give_due(due), states(ann)) == (0, [("gift_card", "held")])
    decide(bob, "approved")
    giving.release(Reward.objects.all(), by=NIGHT, now=due.now)
    assert states(ann) == [("gift_card", "given")]


def test_a_cancelled_pair_gets_nothing(waiting: Till, ann: Client, bob: Client) -> None:
    decide(bob, "cancelled")
    assert (give_due(waiting.later(days=14)), states(ann)) == (0, [("gift_card", "cancelled")])


def test_who_has_been_forgotten_gets_nothing(waiting: Till, ann: Client) -> None:
    Client.objects.filter(pk=ann.pk).update(erased_at=waiting.now)
    assert (give_due(waiting.later(days=14)), states(ann)) == (0, [("gift_card", "cancelled")])


def test_bonuses_wait_in_their_lot(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, pending_days=14)
    till.sell("personal", client=bob)
    assert (till.balance(ann), till.later(days=14).balance(ann)) == (0, cents("3"))


def test_many_are_given_in_batches(waiting: Till, ann: Client, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving, "AT_ONCE", 2)
    one = Reward.objects.get()
    for n in range(4):
        Reward.objects.create(
            client=ann,
            friend=bob,
            side="referrer",
            kind="discount",
            percent=10,
            name="More",
            operation=f"test:{n}",
            due_day=one.due_day + timedelta(days=n % 2),
            state="pending",
        )
    assert give_due(waiting.later(days=14)) == 3
    assert give_due(waiting.later(days=15)) == 2


def test_it_is_told_as_an_event(waiting: Till, ann: Client, bob: Client) -> None:
    Webhook.objects.create(url="https://example.com/", events=["referral.rewarded"])
    give_due(waiting.later(days=14))
    reward = Reward.objects.get()
    assert Event.objects.get().facts == {
        "referrer": str(ann.pk),
        "friend": str(bob.pk),
        "kind": "gift_card",
        "amount": "50.00",
        "visit": str(reward.visit_id),
    }


def test_bonuses_of_a_check_are_told_with_it(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    Webhook.objects.create(url="https://example.com/", events=["referral.rewarded"])
    sold = till.sell("personal", client=bob)
    assert Event.objects.get().facts == {
        "referrer": str(ann.pk),
        "friend": str(bob.pk),
        "kind": "bonus",
        "amount": "3.00",
        "visit": str(sold.visit.pk),
    }


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_give_it_once(waiting: Till, ann: Client, together: Together) -> None:
    due = waiting.later(days=14)
    answers = together(lambda: give_due(due), lambda: give_due(due))
    assert sorted(answers) == [0, 1]
    assert Lot.objects.filter(account__unit="money").count() == 1
