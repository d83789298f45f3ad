"""How far each friend is whom a client brought: invited, registered, here, rewarded; with dates and exact sums."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client
from loyalty.house import House
from loyalty.rulebook import rulebook
from referrals import holding, words
from referrals.giving import cancel
from referrals.models import Milestone, Referral, ReferralProgram
from referrals.tree import Friend, Status, totals, tree
from tests import factories
from tests.referrals.conftest import Join, change, code_of
from tests.till import VERA, Till, cents, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(ann: Client, join: Join) -> Client:
    return join("Bob", code_of(ann), last_name="Smithson", phone="+12125550177")


def house() -> House:
    return rulebook().house


def the_friend(client: Client, till: Till) -> Friend:
    (friend,) = tree(client, house(), till.now).friends
    return friend


def sums(friend: Friend) -> tuple[int, int, int]:
    """(paid, earned, pending)."""
    return int(friend.paid), int(friend.earned), int(friend.pending)


def told(friend: Friend) -> list[str]:
    return words.lines(friend, house(), words.plans_of(friend.rewards))


def test_a_friend_goes_from_step_to_step(till: Till, ann: Client, bob: Client) -> None:
    joined = the_friend(ann, till)
    assert (joined.status, sums(joined), joined.first_visit_at) == (Status.REGISTERED, (0, 0, 0), None)
    assert told(joined) == ["Joined on 2 March 2026, has not been here yet."]

    later = till.later(days=3)
    later.sell("3 x session", client=bob)
    came = the_friend(ann, later)
    assert (came.status, sums(came)) == (Status.REWARDED, (6000, 300, 0))
    assert (came.first_visit_at, came.rewarded_at) == (later.now, later.now)
    assert told(came) == ["First visit on 5 March 2026."]


def test_a_refund_shows_and_a_whole_one_leaves_nothing(till: Till, ann: Client, bob: Client) -> None:
    sold = till.sell("3 x session", client=bob)
    till.later(days=1).refund(sold, (1, 1))
    partly = the_friend(ann, till)
    assert (partly.status, sums(partly)) == (Status.REWARDED, (4000, 200, 0))
    assert told(partly)[1:] == ["1.00 bonuses were taken back on 3 March 2026: their visit came back."]

    till.later(days=2).refund(sold)
    wholly = the_friend(ann, till)
    assert (wholly.status, sums(wholly), wholly.first_visit_at) == (Status.TAKEN_BACK, (0, 0, 0), None)
    assert told(wholly) == [
        "Joined on 2 March 2026. Their visit came back, so it does not count.",
        "3.00 bonuses were taken back on 4 March 2026: their visit came back.",
    ]


def test_what_waits_is_pending_until_its_day(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, pending_days=7)
    sold = till.sell("3 x session", client=bob)
    till.refund(sold, (1, 1))
    waits = the_friend(ann, till)
    assert (waits.status, sums(waits), waits.pending_until) == (Status.PENDING, (4000, 0, 200), date(2026, 3, 9))
    assert "2.00 bonuses are on their way: yours from 9 March 2026." in told(waits)

    there = the_friend(ann, till.later(days=7))
    assert (there.status, sums(there), there.pending_until) == (Status.REWARDED, (4000, 200, 0), None)


def test_a_card_that_nobody_has_registered_is_only_invited(till: Till, ann: Client) -> None:
    holder = factories.ClientFactory(first_name="", last_name="", phone=None, email=None)
    Referral.objects.create(friend=holder, referrer=ann, named_at=till.now, by="staff:vera")
    friend = the_friend(ann, till)
    assert (friend.status, words.known_as(friend.client)) == (Status.INVITED, "A friend")
    assert told(friend) == ["Invited on 2 March 2026, has not joined yet."]


def test_a_gift_card_is_told_as_one(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    factories.GiftCardTypeFactory(code="gift")
    change(program, referrer_percent=None, referrer_gift_card="gift", referrer_gift_amount=cents("20"), pending_days=7)
    sold = till.sell("personal", client=bob)
    waits = the_friend(ann, till)
    assert (waits.status, sums(waits), waits.pending_until) == (Status.PENDING, (6000, 0, 0), date(2026, 3, 9))
    assert told(waits)[1:] == ["On its way, yours from 9 March 2026: a gift card of 20.00."]
    till.refund(sold)
    gone = the_friend(ann, till)
    assert (gone.status, sums(gone)) == (Status.TAKEN_BACK, (0, 0, 0))
    assert told(gone)[1:] == ["Called off on 2 March 2026, as their visit came back: a gift card of 20.00."]


def test_a_pair_that_somebody_holds_waits_for_them(till: Till, ann: Client, bob: Client) -> None:
    evidence = [{"code": "same_phone", "secret": "x"}]
    Referral.objects.update(decision="held", decision_reason="the same household", evidence=evidence)
    till.sell("personal", client=bob)
    held = the_friend(ann, till)
    assert (held.status, sums(held), held.pending_until) == (Status.HELD, (6000, 0, 300), None)
    assert told(held) == [
        "First visit on 2 March 2026.",
        "We are looking at this one; the reward waits until then.",
    ]
    assert "Held: the same household" in words.for_staff(held, house(), {})


def test_a_pair_that_was_cancelled_does_not_count(till: Till, ann: Client, bob: Client) -> None:
    till.sell("personal", client=bob)
    cancel(Referral.objects.get(), by=VERA, now=till.now)
    Referral.objects.update(decision="cancelled", decision_reason="one person")
    gone = the_friend(ann, till)
    assert (gone.status, sums(gone)) == (Status.CANCELLED, (6000, 0, 0))
    assert gone.bonuses.taken_back == cents("3")
    assert "one person" not in " ".join(told(gone))


def test_friends_of_friends_are_counted(till: Till, ann: Client, bob: Client, join: Join) -> None:
    join("Carl", code_of(bob))
    join("Dora", code_of(bob))
    till.sell("personal", client=bob)
    assert the_friend(ann, till).friends == 2
    whole = totals(ann, house(), till.now)
    assert (whole.friends, whole.came, whole.further, whole.bonuses.earned) == (1, 1, 2, 300)


def test_the_number_of_queries_does_not_grow(till: Till, ann: Client, bob: Client, join: Join) -> None:
    till.sell("personal", client=bob)
    few = statements(lambda: tree(ann, house(), till.now))
    for number in range(6):
        friend = join(f"Friend {number}", code_of(ann))
        sold = till.sell("personal", "towel", client=friend)
        till.sell("session", client=friend)
        till.refund(sold, (1, 1))
    many = statements(lambda: tree(ann, house(), till.now))
    assert len(tree(ann, house(), till.now).friends) == 7
    assert len(many) == len(few) <= 9


def test_friends_come_in_pages(till: Till, ann: Client, join: Join) -> None:
    for number in range(5):
        join(f"Friend {number}", code_of(ann))
    first = tree(ann, house(), till.now, size=3)
    second = tree(ann, house(), till.now, size=3, after=first.next)
    names = [friend.client.first_name for page in (first, second) for friend in page.friends]
    assert names == [f"Friend {number}" for number in (4, 3, 2, 1, 0)]
    assert (bool(first.next), second.next) == (True, 0)


def test_the_client_reads_what_is_ahead_and_what_is_left(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    Milestone.objects.create(program=program, friends=3, amount=cents("20"))
    change(program, max_per_month=cents("5"), max_friends=4)
    till.sell("personal", client=bob)
    rules = rulebook().rules["referrals"]
    own = holding.Own(ann, house(), till.now, rules)
    assert own.milestone == "2 more friends who come and pay, and you get 20.00 bonuses."
    assert own.limits == [
        "At most 5.00 bonuses a month; this month you have 3.00 of them.",
        "You can bring 3 more friends.",
    ]
    assert [(friend.name, friend.earned) for friend in own.friends] == [("Bob S.", 300)]


def test_a_discount_that_is_ready_is_seen_at_the_desk(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    change(program, referrer_percent=None, referrer_discount_percent=10)
    assert holding.Own(ann, house(), till.now, None).ready == []
    till.sell("personal", client=bob)
    assert holding.Own(ann, house(), till.now, None).ready == ["10\N{NO-BREAK SPACE}% off the next check"]
    till.sell("personal", client=ann)
    assert holding.Own(ann, house(), till.now, None).ready == []
    used = the_friend(ann, till)
    assert used.status == Status.REWARDED
    assert told(used)[1:] == ["You have had 10\N{NO-BREAK SPACE}% off the next check, on 2 March 2026."]
