"""At most so much a month and for a friend, and so many friends; what was refused leaves nothing behind."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.explanations import explain
from loyalty.money import Currency
from referrals.models import Referral, ReferralProgram
from referrals.naming import ReferrerRefused
from tests.conftest import Together
from tests.referrals.conftest import Join, change, code_of, decide, notes
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def test_at_most_so_much_for_a_friend_over_all_their_checks(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    change(program, max_per_friend=cents("4"))
    sales = [work.sell("personal", client=bob) for work in (till, till.later(days=40))]
    assert till.later(days=40).balance(ann) == cents("4")  # 3.00, then 1.00 of 3.00
    assert notes(till.quote("personal", client=bob).bill) == ["referral.friend_full"]
    assert till.quote("personal", client=join("Carl", code_of(ann))).bill.earnings[0].amount == cents("3")
    till.later(days=40).refund(sales[0])
    assert till.later(days=40).balance(ann) == cents("1")
    assert till.quote("personal", client=bob).bill.earnings[0].amount == cents("3")
    texts = [row.text for row in explain(sales[1].visit.facts["trace"], Currency.of("USD"))]
    assert "Whoever brought this client gets 1.00 bonuses instead of 3.00: at most 4.00 for one friend." in texts


def test_the_tighter_of_two_limits_holds(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, max_per_friend=cents("2"), max_per_month=cents("1"))
    till.sell("personal", client=bob)
    till.later(days=40).sell("2 x personal", client=bob)
    assert till.later(days=40).balance(ann) == cents("2")


def test_what_is_held_counts_for_the_limits(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    change(program, max_per_friend=cents("4"), max_per_month=cents("4"))
    decide(bob, "held")
    till.sell("personal", client=bob)
    decide(bob, "")
    assert till.quote("personal", client=bob).bill.earnings[0].amount == cents("1")


def test_whoever_has_brought_so_many_friends_cannot_be_named(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    change(program, max_friends=2)
    join("Carl", code_of(ann))
    with pytest.raises(ReferrerRefused) as refused:
        join("Dora", code_of(ann))
    assert refused.value.facts["reason"] == "friend_limit"
    assert str(refused.value) == "This client has brought as many friends as one can bring."
    assert not Client.objects.filter(first_name="Dora").exists()
    assert Referral.objects.count() == 2
    join("Emil", code_of(bob))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_come_at_once_are_not_both_the_last_friend(
    till: Till, program: ReferralProgram, ann: Client, join: Join, together: Together
) -> None:
    change(program, max_friends=1)
    code = code_of(ann)
    answers = together(lambda: join("Bob", code), lambda: join("Carl", code))
    assert sorted(type(answer) is Client for answer in answers) == [False, True], answers
    assert Referral.objects.count() == 1


def test_an_address_in_other_letters_is_the_same(till: Till, program: ReferralProgram, join: Join) -> None:
    ann = join("Ann", email="Ann@Example.com")
    with pytest.raises(ReferrerRefused) as refused:
        join("Bob", code_of(ann), email="ann@example.COM")
    assert refused.value.facts["reason"] == "same_email"
