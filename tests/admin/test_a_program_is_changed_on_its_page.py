"""Saving the page of a program: what it takes, what contradicts itself, and what the next check makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clients.models import Business, Staff
from giftcards.models import GiftCardType
from loyalty.models import BonusProgram, CashbackProgram, CashbackTier, HouseRules, Service, TrialProgram
from loyalty.receipts import receipt_of_quote
from memberships.models import Plan
from referrals.models import ReferralProgram
from tests.admin.conftest import Gym, SignIn
from tests.admin.test_a_program_says_what_it_does import form_of

BONUS = {"name": "Gift", "enabled": "on", "limit_percent": "100", "min_check": "0", "pending_days": "0"}
BONUS |= {"days_before": "0", "registered_days": "0", "priority": "100"}


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_the_menu_opens_the_one_referral_program(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = ReferralProgram.objects.get()
    answer = sign_in(anna).get(reverse("admin:referrals_referralprogram_changelist"))
    assert answer.headers["Location"] == reverse("admin:referrals_referralprogram_change", args=[program.pk])


def test_the_next_check_follows_a_changed_percent(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = ReferralProgram.objects.get()
    page = reverse("admin:referrals_referralprogram_change", args=[program.pk])
    assert sign_in(anna).post(page, form_of(program, referrer_percent="10")).status_code == 302
    reward = receipt_of_quote(gym.till.quote("personal", client=gym.boris)).referrer_earned
    assert reward is not None
    assert (reward.client, reward.amount) == (gym.alice.pk, 600)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"referrer_amount": "10"}, "referrer_amount", "One thing only: leave the others empty."),
        ({"friend_discount_percent": "5"}, "friend_discount_percent", "One thing only: leave the others empty."),
        ({"lifetime_days": "5", "lifetime_months": "5"}, "lifetime_months", "Either days or months, not both."),
        ({"lifetime_days": "0"}, "lifetime_days", "At least 1. Leave it empty for bonuses that never end."),
        ({"referrer_percent": "700"}, "referrer_percent", "Must be between 0 and 100."),
        ({"referrer_percent": "5,5"}, "referrer_percent", "Must be a percentage like 7.5."),
        ({"friend_amount": "0"}, "friend_amount", "It must be at least 0.01."),
        ({"friend_amount": "1_000"}, "friend_amount", "Must be an amount like 12.50."),
        ({"from_day": "2026-05-02", "to_day": "2026-05-01"}, "to_day", "The last day is before the first."),
    ],
)
def test_a_contradiction_is_said_where_it_stands(
    gym: Gym, anna: Staff, sign_in: SignIn, changed: dict[str, str], field: str, words: str
) -> None:
    program = ReferralProgram.objects.get()
    page = reverse("admin:referrals_referralprogram_change", args=[program.pk])
    said = errors(sign_in(anna).post(page, form_of(program, referrer_percent="9") | changed))
    assert said == {field: [words]}
    program.refresh_from_db()
    assert program.referrer_percent == 5


def test_amounts_and_percents_stand_in_the_form_as_people_write_them(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    program = ReferralProgram.objects.get()
    page = sign_in(anna).get(reverse("admin:referrals_referralprogram_change", args=[program.pk]))
    form = page.context["adminform"].form
    assert [form[name].value() for name in ("referrer_percent", "friend_amount", "min_check")] == [
        "5",
        "100.00",
        "50.00",
    ]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"trigger": "campaign"}, "percent", "Either an amount or a share of the check."),
        ({"trigger": "first_check"}, "percent", "Either an amount or a share of the check."),
        ({"trigger": "action", "percent": "5"}, "percent", "There is no check on this occasion: give an amount."),
        ({"trigger": "personal_date", "amount": "5"}, "date_name", "This occasion needs it."),
        ({"trigger": "spent", "amount": "5"}, "reaches", "This occasion needs it."),
        ({"trigger": "balance", "amount": "5"}, "reaches", "This occasion needs it."),
        (
            {"trigger": "action", "amount": "5", "once": "on", "repeat_days": "9"},
            "repeat_days",
            "It counts once a client: leave this empty.",
        ),
        ({"trigger": "action", "amount": "5", "budget": "0"}, "budget", "It must be at least 0.01."),
        ({"trigger": "birthday", "percent": "5"}, "percent", "There is no check on this occasion: give an amount."),
        ({"trigger": "registration"}, "amount", "There is no check on this occasion: give an amount."),
        ({"trigger": "nth_visit", "amount": "5"}, "nth", "This occasion needs it."),
        ({"trigger": "inactivity", "amount": "5"}, "days", "This occasion needs it."),
        (
            {"trigger": "nth_visit", "nth": "1", "amount": "5", "percent": "5"},
            "percent",
            "Either an amount or a share of the check.",
        ),
        ({"trigger": "nth_visit", "nth": "1"}, "percent", "Either an amount or a share of the check."),
    ],
)
def test_a_bonus_program_says_what_its_occasion_needs(
    gym: Gym, anna: Staff, sign_in: SignIn, values: dict[str, str], field: str, words: str
) -> None:
    said = errors(sign_in(anna).post(reverse("admin:loyalty_bonusprogram_add"), BONUS | values))
    assert said == {field: [words]}
    assert not BonusProgram.objects.exists()


def test_a_new_program_gets_a_code_from_its_name(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    for _time in range(2):
        data = BONUS | {"trigger": "registration", "amount": "5.00"}
        assert browser.post(reverse("admin:loyalty_bonusprogram_add"), data).status_code == 302
    assert sorted(BonusProgram.objects.values_list("code", "amount")) == [("gift", 500), ("gift-2", 500)]


def ladder(*rows: tuple[CashbackTier | None, str, str, str], gone: int = -1) -> dict[str, str]:
    data = {"name": "Cashback", "enabled": "on", "limit_percent": "50", "min_check": "50", "pending_days": "0"}
    data |= {"priority": "100", "tiers-TOTAL_FORMS": str(len(rows))}
    data["tiers-INITIAL_FORMS"] = str(sum(row[0] is not None for row in rows))
    data |= {"multipliers-TOTAL_FORMS": "0", "multipliers-INITIAL_FORMS": "0"}
    for at, (tier, name, start, percent) in enumerate(rows):
        data |= {f"tiers-{at}-name": name, f"tiers-{at}-from_spent": start, f"tiers-{at}-percent": percent}
        data[f"tiers-{at}-id"] = str(tier.pk) if tier else ""
        if at == gone:
            data[f"tiers-{at}-DELETE"] = "on"
    return data


@pytest.fixture
def tiers(gym: Gym) -> list[CashbackTier]:
    return list(CashbackTier.objects.order_by("from_spent"))


def cashback_page() -> str:
    return reverse("admin:loyalty_cashbackprogram_change", args=[CashbackProgram.objects.get().pk])


def rows(tiers: list[CashbackTier]) -> list[tuple[CashbackTier | None, str, str, str]]:
    return [(tier, tier.name, str(tier.from_spent // 100), str(tier.percent)) for tier in tiers]


def test_a_tier_that_is_taken_away_is_switched_off(
    tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn
) -> None:
    assert sign_in(anna).post(cashback_page(), ladder(*rows(tiers), gone=1)).status_code == 302
    in_use = CashbackTier.objects.filter(enabled=True).order_by("from_spent")
    assert [tier.name for tier in in_use] == ["Start", "Gold", "Platinum", "Diamond"]
    assert CashbackTier.objects.filter(name="Silver", enabled=False).exists()


def test_two_tiers_may_swap_their_thresholds(tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    changed = rows(tiers)
    changed[1], changed[2] = (tiers[1], "Silver", "1500", "5"), (tiers[2], "Gold", "500", "7")
    assert sign_in(anna).post(cashback_page(), ladder(*changed)).status_code == 302
    in_use = CashbackTier.objects.filter(enabled=True).order_by("from_spent").values_list("name", "from_spent")
    assert list(in_use)[:3] == [("Start", 0), ("Gold", 50000), ("Silver", 150000)]


def test_two_tiers_do_not_begin_at_one_threshold(
    tiers: list[CashbackTier], gym: Gym, anna: Staff, sign_in: SignIn
) -> None:
    changed = [*rows(tiers), (None, "Copper", "500.00", "4")]
    answer = sign_in(anna).post(cashback_page(), ladder(*changed))
    assert answer.status_code == 200
    assert "Another tier begins at 500.00 too." in answer.content.decode()
    assert CashbackTier.objects.count() == len(tiers)


def test_services_of_the_trial_are_ticked(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    trial = TrialProgram.objects.get()
    page = reverse("admin:loyalty_trialprogram_change", args=[trial.pk])
    wanted = Service.objects.filter(code__in=["personal", "towel"]).values_list("pk", flat=True)
    data = {"name": "Trial", "enabled": "on", "percent": "25", "priority": "100", "covers": list(wanted)}
    browser = sign_in(anna)
    assert browser.post(page, data).status_code == 302
    assert sorted(trial.services.values_list("code", flat=True)) == ["personal", "towel"]
    assert errors(browser.post(page, data | {"covers": []})) == {"covers": ["Choose at least one service."]}
    assert trial.services.count() == 2


def test_a_plan_takes_days_or_months(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    service = Service.objects.get(code="session")
    data = {
        "name": "Month",
        "enabled": "on",
        "sessions": "8",
        "price": "120",
        "covers": [service.pk],
        "starts": "purchase",
        "people": "1",
        "freeze_days": "0",
        "refund": "used",
        "grace_days": "3",
        "remind_days": "3",
        "limit_percent": "100",
        "min_check": "0",
        "pending_days": "0",
    }
    browser, add = sign_in(anna), reverse("admin:memberships_plan_add")
    said = errors(browser.post(add, data | {"valid_days": "30", "valid_months": "1"}))
    assert said == {"valid_months": ["Either days or months, not both."]}
    assert browser.post(add, data | {"valid_months": "1"}).status_code == 302
    plan = Plan.objects.get(code="month")
    assert (plan.price, plan.valid_months, list(plan.services.all())) == (12000, 1, [service])


def test_a_gift_card_needs_an_amount(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    data = {"name": "Voucher", "enabled": "on", "valid_days": "90", "design": "plain"}
    data |= {"denominations-INITIAL_FORMS": "0"}
    browser, add = sign_in(anna), reverse("admin:giftcards_giftcardtype_add")
    empty = browser.post(add, data | {"denominations-TOTAL_FORMS": "0"})
    assert "A gift card needs at least one amount, for example 50." in empty.content.decode()
    assert not GiftCardType.objects.filter(name="Voucher").exists()
    full = data | {"denominations-TOTAL_FORMS": "1", "denominations-0-amount": "75"}
    assert browser.post(add, full).status_code == 302
    assert [one.amount for one in GiftCardType.objects.get(code="voucher").denominations.all()] == [7500]


def business_form(**changed: str) -> dict[str, str]:
    return {
        "name": "FlexGym",
        "currency": "USD",
        "timezone": "America/New_York",
        "language": "en",
        "accent": "#1f6f5c",
        "bonus_step": "0.01",
        "bonus_limit_percent": "100",
        "refund_min_days": "14",
        "desk_refund_hours": "0",
    } | changed


def test_the_business_and_its_house_rules_are_one_page(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    page = reverse("admin:clients_business_change", args=[Business.ONLY])
    answer = sign_in(anna).post(page, business_form(name="FlexGym West", bonus_step="1", refund_min_days="30"))
    assert answer.status_code == 302
    rules = HouseRules.objects.get()
    assert Business.objects.get().name == "FlexGym West"
    assert (rules.bonus_step, rules.refund_min_days, rules.allow_debt) == (100, 30, False)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"currency": "EUR"}, "currency", "There are amounts in this currency already. It cannot be changed."),
        ({"currency": "QQQ"}, "currency", "QQQ is not a currency code of ISO 4217."),
        ({"timezone": "Mars/Base"}, "timezone", "Mars/Base is not a time zone like Europe/Moscow."),
        ({"accent": "green"}, "accent", "A colour like #1f6f5c."),
    ],
)
def test_the_business_refuses_what_makes_no_sense(
    gym: Gym, anna: Staff, sign_in: SignIn, changed: dict[str, str], field: str, words: str
) -> None:
    page = reverse("admin:clients_business_change", args=[Business.ONLY])
    assert errors(sign_in(anna).post(page, business_form(**changed))) == {field: [words]}
    assert Business.objects.get().currency == "USD"
