"""The section `referral` of the setup document: every kind of reward comes back as it was loaded."""

from __future__ import annotations

from typing import Any

import pytest

from clients.actors import Actor
from loyalty.setup import SetupRefused, dump, load, presets, read_yaml
from referrals.models import Milestone, ReferralProgram

pytestmark = pytest.mark.django_db
BY = Actor.command("load_setup")
WHOLE = """
referral:
  referrer: {amount: "1000", when: first_visit, max_per_month: "5000", max_per_friend: "1500", max_friends: 30}
  friend: {membership: months, when: registration}
  milestones:
    - {friends: 5, amount: "500"}
    - {friends: 20, gift_card: {type: gift, amount: "50"}}
    - {friends: 30, membership: months}
    - {friends: 40, discount_percent: "20"}
memberships:
  - {code: months, name: Two months, sessions: 20, valid: {months: 2}, price: "100", services: [session]}
"""


@pytest.fixture(autouse=True)
def flexgym() -> None:
    load(read_yaml(presets()[0].text), by=BY)


def loaded(document: str, **options: Any) -> list[str]:
    return [str(change) for change in load(read_yaml(document), by=BY, **options)]


def test_every_kind_is_loaded_and_dumped(db: None) -> None:
    """The plan stands after the program that names it: the order of a document is no matter."""
    assert "create membership plan months" in loaded(WHOLE)
    program = ReferralProgram.objects.get()
    assert (program.referrer_percent, program.referrer_amount, program.friend_amount) == (None, 100000, None)
    assert (program.max_per_month, program.max_per_friend, program.max_friends) == (500000, 150000, 30)
    assert program.friend_membership == "months"
    assert list(Milestone.objects.values_list("friends", "amount", "gift_card", "gift_amount", "membership")) == [
        (5, 50000, "", None, ""),
        (20, None, "gift", 5000, ""),
        (30, None, "", None, "months"),
        (40, None, "", None, ""),
    ]
    assert dump()["referral"] == {
        "enabled": True,
        "referrer": {
            "amount": "1000.00",
            "when": "first_visit",
            "max_per_month": "5000.00",
            "max_per_friend": "1500.00",
            "max_friends": 30,
        },
        "friend": {"membership": "months", "when": "registration"},
        "milestones": [
            {"friends": 5, "amount": "500.00"},
            {"friends": 20, "gift_card": {"type": "gift", "amount": "50.00"}},
            {"friends": 30, "membership": "months"},
            {"friends": 40, "discount_percent": "20"},
        ],
    }
    assert load(dump(), by=BY) == []


def test_a_change_is_said_in_words(db: None) -> None:
    loaded(WHOLE)
    changed = (
        WHOLE.replace('amount: "1000"', 'gift_card: {type: gift, amount: "50"}')
        .replace("membership: months, when", 'discount_percent: "20", when')
        .replace("friends: 5", "friends: 6")
        .replace('{type: gift, amount: "50"}}\n    - {friends: 30', '{type: gift, amount: "60"}}\n    - {friends: 30')
    )
    assert loaded(changed) == [
        (
            "change program referral: referrer amount 1000.00 → none, gift_card none → gift 50.00; "
            "friend discount_percent none → 20, membership months → none; "
            "milestones added (friends 6, amount 500.00), added (friends 20, gift_card gift 60.00), "
            "removed (friends 5, amount 500.00), removed (friends 20, gift_card gift 50.00)"
        )
    ]
    assert loaded(changed) == []


def test_a_limit_of_friends_needs_no_reward_of_the_referrer(db: None) -> None:
    loaded('referral: {referrer: {max_friends: 3}, friend: {amount: "5"}}')
    assert dump()["referral"]["referrer"] == {"when": "every_visit", "max_friends": 3}
    assert load(dump(), by=BY) == []


def test_what_is_fixed_comes_with_the_first_visit(db: None) -> None:
    loaded("referral: {referrer: {membership: five}}")
    assert dump()["referral"]["referrer"] == {"membership": "five", "when": "first_visit"}


def test_a_dry_run_knows_what_the_document_brings(db: None) -> None:
    assert "create membership plan months" in loaded(WHOLE, dry_run=True)
    assert not Milestone.objects.exists()


def test_a_gift_card_type_is_no_membership(db: None) -> None:
    with pytest.raises(SetupRefused) as refused:
        loaded("referral: {referrer: {membership: gift}, friend: {gift_card: {type: five, amount: 5}}}")
    assert refused.value.errors == [
        ("referral.referrer.membership", 'there is no membership plan "gift"'),
        ("referral.friend.gift_card.type", 'there is no gift card type "five"'),
    ]
