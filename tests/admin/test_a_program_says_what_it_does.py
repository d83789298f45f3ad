"""The sentence above each program's form, and the preview that rewrites it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from clients.models import Staff
from giftcards import sentences as cards
from giftcards.models import GiftCardType
from loyalty.admin import sentences
from loyalty.admin.sentences_bonuses import limits
from loyalty.admin.words import Words
from loyalty.models import BonusProgram, CashbackProgram, CashbackTier, TrialProgram
from loyalty.money import Currency, Money
from memberships import sentences as plans
from memberships.models import Plan
from referrals import sentences as referrals
from referrals.models import ReferralProgram
from tests.admin.conftest import Gym, SignIn

USD = Currency("USD", 2)
JPY = Currency("JPY", 0)
TERMS: dict[str, Any] = {"lifetime_days": 365, "limit_percent": 50, "min_check": Money(5000)}


def test_referral_as_flexgym_published_it() -> None:
    program = ReferralProgram(name="Referral", referrer_percent=5, friend_amount=Money(10000), **TERMS)
    assert referrals.referral(program, USD) == [
        "When a client brings a friend, the client gets 5\N{NO-BREAK SPACE}% of what the friend pays, at every visit.",
        "The friend starts with 100.00 bonuses.",
        "These bonuses live 365 days.",
        "They pay up to 50\N{NO-BREAK SPACE}% of a check from 50.00.",
        "Example: the friend pays 60.00 → the client gets 3.00.",
    ]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"referrer_percent": 5, "referrer_when": "first_visit"},
            (
                "When a client brings a friend, the client gets 5\N{NO-BREAK SPACE}% of what the friend pays "
                "at the first visit."
            ),
        ),
        (
            {"referrer_amount": Money(1000)},
            "When a client brings a friend, the client gets 10.00 bonuses once the friend has first paid.",
        ),
        ({}, "A client who brings a friend gets nothing."),
        ({"referrer_percent": 5, "months": 1}, "For 1 month from the day the friend was brought."),
        ({"referrer_percent": 5, "max_per_month": Money(5000)}, "At most 50.00 a month."),
        ({"friend_discount_percent": 20}, "The friend pays 20\N{NO-BREAK SPACE}% less on the first check."),
        (
            {"friend_amount": Money(500), "friend_when": "first_visit"},
            "After the first paid visit the friend gets 5.00 bonuses.",
        ),
        ({"enabled": False}, "Switched off: nobody gets anything from it until it is switched on."),
        ({"from_day": date(2026, 3, 1), "to_day": date(2026, 5, 31)}, "From 1 March 2026 to 31 May 2026."),
        ({"pending_days": 14}, "They can be used after 14 days."),
    ],
)
def test_each_value_of_the_referral_program_is_said(values: dict[str, Any], sentence: str) -> None:
    assert sentence in referrals.referral(ReferralProgram(**values), USD)


def test_bonus_step_rounds_the_example_down() -> None:
    program = ReferralProgram(referrer_percent=7, limit_percent=100)
    assert referrals.referral(program, USD, step=100)[-1] == "Example: the friend pays 60.00 → the client gets 4.00."


def test_cashback_says_its_ladder() -> None:
    program = CashbackProgram(lifetime_days=180, limit_percent=50, min_check=Money(5000))
    tiers = [
        CashbackTier(name="Gold", from_spent=Money(150000), percent=7),
        CashbackTier(name="Start", from_spent=Money(0), percent=3),
        CashbackTier(name="Silver", from_spent=Money(50000), percent=5),
    ]
    said = sentences.cashback(program, tiers, USD)
    assert said[0] == (
        "A client gets 3\N{NO-BREAK SPACE}% of each payment back as bonuses. With total spending it rises: "
        "5\N{NO-BREAK SPACE}% from 500.00 and 7\N{NO-BREAK SPACE}% from 1,500.00."
    )
    assert said[-1] == "Example: a client who has spent 1,500.00 pays 60.00 → gets 4.20."


def test_cashback_without_a_tier_asks_for_one() -> None:
    assert sentences.cashback(CashbackProgram(), [], USD) == ["No tier yet: add one, for example 3 % from 0."]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"trigger": "registration", "amount": Money(10000)}, "Whoever joins gets 100.00 bonuses at once."),
        (
            {"trigger": "birthday", "amount": Money(100000), "days_before": 7},
            "A client gets 1,000.00 bonuses 7 days before each birthday.",
        ),
        (
            {"trigger": "nth_visit", "nth": 1, "percent": 5},
            "After the first visit a client gets 5\N{NO-BREAK SPACE}% of the check as bonuses.",
        ),
        (
            {"trigger": "nth_visit", "nth": 3, "amount": Money(500)},
            "After visit number 3 a client gets 5.00 bonuses.",
        ),
        (
            {"trigger": "inactivity", "days": 60, "amount": Money(30000)},
            "A client who has not come for 60 days gets 300.00 bonuses.",
        ),
        (
            {"trigger": "campaign", "percent": 20},
            "For every check of the campaign a client gets 20\N{NO-BREAK SPACE}% of the check as bonuses.",
        ),
        (
            {"trigger": "first_check", "amount": Money(500)},
            "For the first check that is paid a client gets 5.00 bonuses.",
        ),
        (
            {"trigger": "spent", "reaches": Money(100000), "amount": Money(500)},
            "When all that a client has spent reaches 1,000.00, they get 5.00 bonuses, once.",
        ),
        (
            {"trigger": "balance", "reaches": Money(20000), "amount": Money(500)},
            "When the bonuses of a client reach 200.00, they get 5.00 bonuses, once.",
        ),
        (
            {"trigger": "action", "name": "Review", "amount": Money(500)},
            "When staff or a till confirm “Review”, the client gets 5.00 bonuses.",
        ),
        (
            {"trigger": "anniversary", "amount": Money(500)},
            "A client gets 5.00 bonuses on each anniversary of joining.",
        ),
        (
            {"trigger": "personal_date", "date_name": "child", "days_before": 3, "amount": Money(500)},
            "A client gets 5.00 bonuses each year 3 days before the day “child”.",
        ),
    ],
)
def test_each_occasion_is_said(values: dict[str, Any], sentence: str) -> None:
    assert sentences.bonus(BonusProgram(**values), USD)[0] == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"repeat_days": 30}, "Again after 30 days at the earliest."),
        ({"once": True}, "Once a client."),
        ({}, "Each time it is confirmed."),
    ],
)
def test_an_action_says_how_often(values: dict[str, Any], sentence: str) -> None:
    program = BonusProgram(trigger="action", name="Review", amount=Money(500), **values)
    assert sentences.bonus(program, USD)[1] == sentence


def test_a_bonus_program_says_for_whom_where_and_how_much() -> None:
    known = Words(places={"main": "Main hall"}, segments={7: "VIP"})
    program = BonusProgram(trigger="campaign", percent=20, segment_id=7, locations=["main"], budget=Money(500000))
    assert limits(program, known, USD, "Thanks") == [
        "Only clients of the segment “VIP” get it.",
        "Only at “Main hall”.",
        "It gives at most 5,000.00 in all, then it stops.",
        "Whoever gets it is written the letter “Thanks”.",
    ]
    program = BonusProgram(trigger="birthday", locations=["main"])
    assert limits(program, known, USD) == ["Only for clients who registered at “Main hall”."]


def test_a_trial_says_what_the_newcomer_pays() -> None:
    assert sentences.trial(TrialProgram(percent=50), [("Training session", Money(2000))], USD) == [
        "Whoever has not been here before gets 50\N{NO-BREAK SPACE}% off one unit of “Training session”, once.",
        "Example: “Training session” costs 20.00; the newcomer pays 10.00.",
    ]


def test_a_gift_card_says_what_is_lost() -> None:
    kind = GiftCardType(valid_days=180, single_use=True)
    assert cards.gift_card(kind, [Money(2000), Money(5000), Money(10000)], USD) == [
        "Sold for 20.00, 50.00 and 100.00.",
        "It can be used for 180 days from the sale.",
        "It pays one check; what is left after that is lost.",
        "Example: a card of 50.00 pays a check of 40.00 → 10.00 are lost.",
    ]


def test_a_plan_says_what_a_session_comes_to() -> None:
    plan = Plan(sessions=5, price=Money(9000), valid_days=90, freeze_days=14)
    assert plans.plan(plan, [("Training session", Money(2000))], USD) == [
        "5 sessions of “Training session” for 90.00.",
        "They can be used for 90 days from the sale.",
        "It can be frozen for 14 days in all.",
        "Returned after one session, it brings back 72.00: its price for the sessions left.",
        "Example: a session comes to 18.00 instead of 20.00.",
    ]


def test_a_plan_that_saves_nothing_says_so() -> None:
    said = plans.plan(Plan(sessions=5, price=Money(10000)), [("Training session", Money(2000))], USD)
    assert said[-1] == "A session comes to 20.00; a single “Training session” costs 20.00, so nobody saves."


def test_a_currency_without_digits_is_said_without_digits() -> None:
    program = ReferralProgram(referrer_percent=5, friend_amount=Money(100), limit_percent=100)
    assert "The friend starts with 100 bonuses." in referrals.referral(program, JPY)
    assert referrals.referral(program, JPY)[-1] == "Example: the friend pays 6,000 → the client gets 300."


def test_figures_follow_the_readers_language() -> None:
    program = ReferralProgram(referrer_percent=5, friend_amount=Money(10050), limit_percent=100)
    with translation.override("ru"):
        assert any("100,50" in sentence for sentence in referrals.referral(program, USD))


# --- the preview ------------------------------------------------------------------------------------------------------


def form_of(program: ReferralProgram, **changed: str) -> dict[str, str]:
    return {
        "name": program.name,
        "enabled": "on",
        "referrer_percent": "5",
        "referrer_when": "every_visit",
        "friend_amount": "100",
        "friend_when": "registration",
        "limit_percent": "50",
        "min_check": "50.00",
        "pending_days": "0",
        "milestones-TOTAL_FORMS": "0",
        "milestones-INITIAL_FORMS": "0",
    } | changed


@pytest.fixture
def referral(gym: Gym) -> ReferralProgram:
    return ReferralProgram.objects.get()


def preview(program: ReferralProgram) -> str:
    return reverse("admin:referrals_referralprogram_effect", args=[program.pk])


def test_the_preview_says_what_is_typed_and_keeps_nothing(
    referral: ReferralProgram, anna: Staff, sign_in: SignIn
) -> None:
    answer = sign_in(anna).post(preview(referral), form_of(referral, referrer_percent="10"))
    assert answer.json()["sentences"][-1] == "Example: the friend pays 60.00 → the client gets 6.00."
    referral.refresh_from_db()
    assert referral.referrer_percent == 5


def test_the_preview_of_a_contradiction_is_empty(referral: ReferralProgram, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post(preview(referral), form_of(referral, referrer_amount="10"))
    assert answer.json() == {"sentences": []}


def test_the_preview_is_for_those_who_may_change(
    referral: ReferralProgram, olga: Staff, mike: Staff, sign_in: SignIn
) -> None:
    for staff in (olga, mike):
        assert sign_in(staff).post(preview(referral), form_of(referral)).status_code == 403


def test_the_preview_of_a_new_ladder(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    data = {
        "name": "For regulars",
        "enabled": "on",
        "limit_percent": "100",
        "min_check": "0",
        "pending_days": "0",
        "priority": "100",
        "tiers-TOTAL_FORMS": "1",
        "tiers-INITIAL_FORMS": "0",
        "multipliers-TOTAL_FORMS": "0",
        "multipliers-INITIAL_FORMS": "0",
        "tiers-0-name": "All",
        "tiers-0-from_spent": "0",
        "tiers-0-percent": "4",
    }
    answer = sign_in(anna).post(reverse("admin:loyalty_cashbackprogram_effect_of_new"), data)
    assert answer.json()["sentences"][0] == "A client gets 4\N{NO-BREAK SPACE}% of each payment back as bonuses."
    assert CashbackProgram.objects.count() == 1
