"""Bonuses, a discount, a gift card or a membership, for either side: who gets what, when, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from loyalty.explanations import explain
from loyalty.models import Lot
from loyalty.money import Currency
from loyalty.proof import prove
from referrals.models import ReferralProgram, Reward
from tests import factories
from tests.referrals.conftest import Join, code_of, gives, left_on, notes, states
from tests.till import Till, cents

pytestmark = pytest.mark.django_db
CARD = {"gift_card": "gift", "gift_amount": cents("50")}


def side(whose: str, **values: Any) -> dict[str, Any]:
    return {f"{whose}_{name}": value for name, value in values.items()}


@pytest.fixture(autouse=True)
def goods(till: Till) -> None:
    """A gift card type and a plan of five sessions."""
    factories.GiftCardTypeFactory()
    factories.PlanFactory()


def test_a_thousand_for_the_referrer_and_two_months_free_for_the_friend(
    till: Till, program: ReferralProgram, join: Join
) -> None:
    factories.PlanFactory(code="months", name="Two months", sessions=20, valid_days=None, valid_months=2)
    gives(program, referrer_amount=cents("1000"), referrer_when="first_visit", friend_membership="months")
    ann = join("Ann")
    bob = join("Bob", code_of(ann))
    reward = Reward.objects.get(client=bob)
    assert (reward.side, reward.kind, reward.state, left_on(reward)) == ("friend", "membership", "given", 20)
    covered = till.sell("session", client=bob)
    assert (covered.visit.to_pay, till.balance(ann)) == (0, 0)  # it cost nothing, so nothing is earned
    till.sell("personal", client=bob)
    assert till.balance(ann) == cents("1000")


def test_a_gift_card_for_the_referrer_comes_once_with_the_first_paid_visit(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, **side("referrer", **CARD))
    sold = till.sell("personal", client=bob)
    assert sold.revealed == {}  # it is not Bob's
    assert [note["code"] for note in sold.visit.facts["trace"]][-1] == "referral.referrer_gift_card"
    till.sell("personal", client=bob)
    reward = Reward.objects.get()
    assert (reward.client, reward.friend, reward.visit) == (ann, bob, sold.visit)
    assert (reward.kind, reward.amount, reward.good, reward.state) == ("gift_card", 5000, "gift", "given")
    lot = Lot.objects.get(account=reward.account)
    assert (lot.amount, lot.remaining, lot.program) == (5000, 5000, "referral")
    assert prove() == []


def test_a_membership_for_the_referrer(till: Till, program: ReferralProgram, ann: Client, bob: Client) -> None:
    gives(program, referrer_membership="five")
    till.sell("personal", client=bob)
    assert states(ann) == [("membership", "given")]
    till.sell("session", client=ann)
    assert left_on(Reward.objects.get()) == 4
    assert prove() == []


def test_a_friend_gets_a_gift_card_after_the_first_paid_visit_and_is_told_its_code(
    till: Till, program: ReferralProgram, ann: Client, join: Join
) -> None:
    gives(program, **side("friend", **CARD), friend_when="first_visit")
    bob = join("Bob", code_of(ann))
    assert states(bob) == []
    sold = till.sell("personal", client=bob)
    (told,) = sold.revealed[0]
    assert told["amount"] == 5000
    assert till.sell("personal", client=bob, gift_cards=[told["code"]]).visit.gift_card_total == 5000
    assert states(bob) == [("gift_card", "given")]
    assert prove() == []


def test_a_friend_gets_a_gift_card_on_joining(till: Till, program: ReferralProgram, ann: Client, join: Join) -> None:
    gives(program, **side("friend", **CARD))
    bob = join("Bob", code_of(ann))
    assert states(bob) == [("gift_card", "given")]
    till.sell("session", client=bob)
    assert states(bob) == [("gift_card", "given")]


def test_a_discount_for_the_referrer_lies_ready_for_one_check(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20)
    till.sell("session", client=bob)
    assert states(ann) == [("discount", "given")]
    assert till.quote("towel", client=ann).bill.discount_total == 60
    first = till.sell("personal", client=ann)
    assert (first.visit.discount_total, states(ann)) == (1200, [("discount", "used")])
    assert Reward.objects.get().used_on == first.visit
    assert till.quote("personal", client=ann).bill.discount_total == 0


def test_a_discount_that_a_better_one_keeps_out_stays_ready(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20)
    till.sell("session", client=bob)
    half = factories.DiscountFactory(code="half", percent=50)
    assert till.sell("personal", client=ann).visit.discount_total == 3000
    assert states(ann) == [("discount", "given")]
    half.delete()
    assert till.sell("personal", client=ann).visit.discount_total == 1200


def test_of_two_discounts_a_check_uses_the_better(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    gives(program, referrer_discount_percent=20)
    till.sell("session", client=bob)
    gives(program, referrer_discount_percent=30)
    till.sell("session", client=join("Carl", code_of(ann)))
    seen = [till.sell("personal", client=ann).visit.discount_total for _i in range(3)]
    assert seen == [1800, 1200, 0]


def test_a_discount_that_was_earned_is_used_also_after_the_program_has_changed(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_discount_percent=20)
    till.sell("session", client=bob)
    gives(program, referrer_amount=cents("5"), enabled=False, referrer_discount_percent=None)
    assert till.sell("personal", client=ann).visit.discount_total == 1200


def test_a_discount_of_the_first_check_does_not_use_up_an_earned_one(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> None:
    """Bob, whom Ann brought, has brought Carl before his own first check."""
    gives(program, friend_discount_percent=20, referrer_discount_percent=20)
    till.sell("session", client=join("Carl", code_of(bob)))
    assert [till.sell("personal", client=bob).visit.discount_total for _i in range(3)] == [1200, 1200, 0]


def test_a_gift_card_type_that_is_gone_is_given_when_it_is_back(
    till: Till, program: ReferralProgram, ann: Client, bob: Client
) -> None:
    gives(program, referrer_gift_card="other", referrer_gift_amount=cents("50"))
    till.sell("session", client=bob)
    assert states(ann) == [("gift_card", "pending")]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (side("referrer", **CARD), "Whoever brought this client gets a gift card of 50.00 for the first paid visit."),
        (
            {"referrer_membership": "five"},
            "Whoever brought this client gets the membership “5 sessions” for the first paid visit.",
        ),
        (
            {"referrer_discount_percent": 20},
            "Whoever brought this client gets 20\N{NO-BREAK SPACE}% off the next check, for the first paid visit.",
        ),
        (
            {**side("friend", **CARD), "friend_when": "first_visit"},
            "The first paid visit of a client whom a friend brought: a gift card of 50.00.",
        ),
        (
            {"friend_membership": "five", "friend_when": "first_visit"},
            "The first paid visit of a client whom a friend brought: the membership “5 sessions”.",
        ),
    ],
)
def test_the_trace_says_what_came(
    till: Till, program: ReferralProgram, ann: Client, bob: Client, values: dict[str, Any], text: str
) -> None:
    gives(program, **values)
    visit = till.sell("personal", client=bob).visit
    texts = [row.text for row in explain(visit.facts["trace"], Currency.of("USD")) if row.code.startswith("referral.")]
    assert texts == [text]
    assert notes(till.quote("personal", client=bob).bill) in ([], ["referral.only_first"])
