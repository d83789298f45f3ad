"""The program's page in the admin: what is typed is kept, what contradicts itself is refused, the words say it all."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clients.models import Staff
from loyalty.money import Currency, Money
from memberships.models import Plan
from referrals import sentences
from referrals.models import Milestone, ReferralProgram
from tests.admin.conftest import Gym, SignIn, gym, sign_in
from tests.admin.test_a_program_is_changed_on_its_page import errors
from tests.admin.test_a_program_says_what_it_does import form_of

pytestmark = pytest.mark.django_db
__all__ = ["gym", "sign_in"]
USD = Currency("USD", 2)
NOTHING = {"referrer_percent": "", "friend_amount": ""}


def page_of(program: ReferralProgram) -> str:
    return reverse("admin:referrals_referralprogram_change", args=[program.pk])


def milestones(*rows: dict[str, str]) -> dict[str, str]:
    """The inline as it is posted, for rows that are new."""
    posted = {"milestones-TOTAL_FORMS": str(len(rows)), "milestones-INITIAL_FORMS": "0"}
    return posted | {f"milestones-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


def test_a_thousand_for_the_referrer_and_two_months_free_for_the_friend(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    Plan.objects.create(code="months", name="Two months", price=0, sessions=20, valid_months=2)
    program = ReferralProgram.objects.get()
    said = {**NOTHING, "referrer_amount": "1000", "friend_membership": "months"}
    rows = milestones({"friends": "5", "amount": "500"}, {"friends": "20", "gift_card": "gift", "gift_amount": "50"})
    answer = sign_in(anna).post(page_of(program), form_of(program, **said, max_friends="30") | rows)
    assert answer.status_code == 302
    program.refresh_from_db()
    assert (program.referrer_amount, program.friend_membership, program.max_friends) == (100000, "months", 30)
    assert list(Milestone.objects.values_list("friends", "amount", "gift_card", "gift_amount")) == [
        (5, 50000, "", None),
        (20, None, "gift", 5000),
    ]
    shown = sign_in(anna).get(page_of(program)).context["effect"].sentences
    assert shown == [
        "When a client brings a friend, the client gets 1,000.00 bonuses once the friend has first paid.",
        "The friend starts with the membership “Two months”.",
        "Once 5 friends have come and paid, the client gets 500.00 bonuses more.",
        "Once 20 friends have come and paid, the client gets a gift card of 50.00 more.",
        "A client can bring at most 30 friends.",
        "These bonuses never end.",
        "They pay up to 50\N{NO-BREAK SPACE}% of a check from 50.00.",
        "Example: the friend pays 60.00 → the client gets 1,000.00.",
    ]


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"referrer_membership": "five"}, "referrer_membership", "One thing only: leave the others empty."),
        ({"friend_membership": "five"}, "friend_membership", "One thing only: leave the others empty."),
        (
            {"referrer_percent": "", "referrer_gift_card": "gift"},
            "referrer_gift_amount",
            "Say how much is on the gift card.",
        ),
    ],
)
def test_a_contradiction_is_said_where_it_stands(
    gym: Gym, anna: Staff, sign_in: SignIn, changed: dict[str, str], field: str, words: str
) -> None:
    program = ReferralProgram.objects.get()
    assert errors(sign_in(anna).post(page_of(program), form_of(program, **changed))) == {field: [words]}


def test_only_what_can_be_given_is_offered(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = ReferralProgram.objects.get()
    form = sign_in(anna).get(page_of(program)).context["adminform"].form
    assert form.fields["referrer_gift_card"].choices == [("", "None"), ("gift", "Gift card")]
    assert [code for code, _name in form.fields["friend_membership"].choices] == ["", "five", "ten"]
    said = errors(sign_in(anna).post(page_of(program), form_of(program, **NOTHING, friend_membership="gift")))
    assert list(said) == ["friend_membership"]


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({"friends": "5"}, "amount", "Say what it gives."),
        (
            {"friends": "5", "amount": "5", "discount_percent": "5"},
            "discount_percent",
            "One thing only: leave the others empty.",
        ),
        ({"friends": "5", "gift_card": "gift"}, "gift_amount", "Say how much is on the gift card."),
    ],
)
def test_a_milestone_gives_one_thing(
    gym: Gym, anna: Staff, sign_in: SignIn, row: dict[str, str], field: str, words: str
) -> None:
    program = ReferralProgram.objects.get()
    answer = sign_in(anna).post(page_of(program), form_of(program) | milestones(row))
    (formset,) = (one.formset for one in answer.context["inline_admin_formsets"])
    assert dict(formset.errors[0]) == {field: [words]}
    assert not Milestone.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"referrer_discount_percent": 20},
            (
                "When a client brings a friend, the client gets 20\N{NO-BREAK SPACE}% off the next check once the "
                "friend has first paid."
            ),
        ),
        (
            {"referrer_gift_card": "gift", "referrer_gift_amount": Money(5000)},
            "When a client brings a friend, the client gets a gift card of 50.00 once the friend has first paid.",
        ),
        (
            {"referrer_membership": "five", "pending_days": 14},
            "What is no bonuses comes 14 days later, when the time for refunds is over.",
        ),
        (
            {"friend_gift_card": "gift", "friend_gift_amount": Money(5000), "friend_when": "first_visit"},
            "After the first paid visit the friend gets a gift card of 50.00.",
        ),
        ({"friend_membership": "five"}, "The friend starts with the membership “5 sessions”."),
        ({"referrer_percent": 5, "max_per_friend": Money(5000)}, "At most 50.00 for one friend."),
        (
            {"referrer_membership": "five"},
            "Example: the friend pays 60.00 → the client gets the membership “5 sessions”.",
        ),
    ],
)
def test_each_value_is_said(values: dict[str, Any], sentence: str) -> None:
    said = sentences.referral(ReferralProgram(**values), USD, names={"five": "5 sessions"})
    assert sentence in said
