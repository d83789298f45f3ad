"""Loading is repeatable, says what it changed in words, and touches nothing else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from clients.models import Business, Location
from giftcards.models import GiftCardType
from loyalty.models import BonusProgram, CashbackTier, Service
from loyalty.money import Money
from loyalty.setup import dump, load
from memberships.models import Plan
from referrals.models import ReferralProgram
from tests.setup.conftest import BY, Picture

Load = Callable[..., list[str]]
Take = Callable[[], Picture]


def test_the_first_load_creates_each_row(load_text: Load, flexgym: str) -> None:
    assert Business.objects.get().name == "FlexGym"
    assert list(Service.objects.order_by("pk").values_list("code", "price", "accepts_bonus")) == [
        ("session", Money(2000), True),
        ("personal", Money(6000), True),
        ("towel", Money(300), False),
    ]


def test_a_second_load_changes_nothing_not_even_the_revision(load_text: Load, flexgym: str, picture: Take) -> None:
    before = picture()
    assert load_text(flexgym) == []
    assert picture() == before


def test_a_section_that_is_not_given_is_left_alone(load_text: Load, flexgym: str, picture: Take) -> None:
    before = picture()
    assert load_text("locations: [{code: main, name: Hall}, {code: riverside, name: Riverside}]") == [
        "change location main: name Main hall → Hall"
    ]
    after = picture()
    assert {key for key in before if before[key] != after[key]} == {"Location", "Business"}
    [was], [is_now] = before["Business"], after["Business"]
    assert {key for key in was if was[key] != is_now[key]} == {"revision"}


def test_a_row_that_is_missing_is_switched_off_and_comes_back_as_it_was(load_text: Load, flexgym: str) -> None:
    main = Location.objects.get(code="main")
    assert load_text("locations: [{code: riverside, name: Riverside}]") == ["switch off location main"]
    main.refresh_from_db()
    assert not main.enabled
    assert load_text("locations: [{code: riverside, name: Riverside}]") == []
    assert load_text("locations: [{code: riverside, name: Riverside}, {code: main, name: Main hall}]") == [
        "switch on location main"
    ]
    assert Location.objects.get(code="main").pk == main.pk


def test_every_section_of_rows_switches_off_what_is_missing(load_text: Load, flexgym: str) -> None:
    empty = "{locations: [], services: [], cashback: [], bonuses: [], trials: [], gift_cards: [], memberships: []}"
    assert sorted(load_text(empty)) == sorted(
        [
            "switch off location main",
            "switch off location riverside",
            "switch off service session",
            "switch off service personal",
            "switch off service towel",
            "switch off cashback cumulative",
            "switch off trial trial",
            "switch off gift card type gift",
            "switch off membership plan five",
            "switch off membership plan ten",
        ]
    )
    assert load_text(empty) == []


def test_tiers_are_told_apart_by_their_threshold(load_text: Load, flexgym: str) -> None:
    before = {tier.from_spent: tier.pk for tier in CashbackTier.objects.all()}
    document = flexgym.replace('name: Silver, from: "500", percent: "5"', 'name: Silver, from: "500", percent: "6"')
    document = document.replace('      - {name: Diamond, from: "6000"', '      - {name: Diamond, from: "7000"')
    assert load_text(document) == [
        "change cashback cumulative: tiers Silver percent 5 → 6, Diamond switched off, Diamond added"
    ]
    silver = CashbackTier.objects.get(from_spent=50000)
    assert (silver.pk, silver.percent) == (before[Money(50000)], Decimal(6))
    diamond = CashbackTier.objects.get(pk=before[Money(600000)])
    assert not diamond.enabled
    load_text(flexgym)
    assert CashbackTier.objects.get(pk=diamond.pk).enabled
    assert CashbackTier.objects.count() == 6


def test_two_tiers_may_swap_their_names(load_text: Load, flexgym: str) -> None:
    swapped = flexgym.replace("Start", "X").replace("Silver", "Start").replace("X", "Silver")
    assert load_text(swapped) == [
        "change cashback cumulative: tiers Start name Start → Silver, Silver name Silver → Start"
    ]


def test_amounts_and_services_are_added_and_removed(load_text: Load, flexgym: str) -> None:
    document = flexgym.replace('["20", "50", "100"]', '["20", "200"]').replace(
        'price: "160.00", services: [session]', 'price: "160.00", services: [personal]'
    )
    assert sorted(load_text(document)) == sorted(
        [
            "change gift card type gift: denominations added 200.00, removed 50.00, removed 100.00",
            "change membership plan ten: services added personal, removed session",
        ]
    )
    amounts = GiftCardType.objects.get().denominations.order_by("amount").values_list("amount", flat=True)
    assert list(amounts) == [Money(2000), Money(20000)]
    assert [service.code for service in Plan.objects.get(code="ten").services.all()] == ["personal"]
    assert load_text(document) == []


def test_the_order_of_services_is_no_change(load_text: Load, flexgym: str) -> None:
    load_text(flexgym.replace("services: [session]", "services: [session, personal]"))
    assert load_text(flexgym.replace("services: [session]", "services: [personal, session]")) == []


def test_a_change_is_said_in_words(load_text: Load, flexgym: str) -> None:
    document = (
        flexgym.replace('referrer: {percent: "5", when: every_visit}', "referrer: {amount: 10}")
        .replace("valid: {days: 180}, price", "valid: {months: 6}, price")
        .replace('name: Towel, category: extras, price: "3.00", accepts_bonus: false', 'name: Towel, price: "3.50"')
        .replace("window: lifetime", "window: {days: 365}")
        .replace("lifetime: {days: 180}, limit_percent", "limit_percent")
    )
    assert sorted(load_text(document)) == sorted(
        [
            "change service towel: category extras → none; price 3.00 → 3.50; accepts_bonus no → yes",
            "change cashback cumulative: window lifetime → 365 days; bonus lifetime 180 days → none",
            "change membership plan ten: valid 180 days → 6 months",
            "change program referral: referrer percent 5 → none, amount none → 10.00, when every_visit → first_visit",
        ]
    )
    assert load_text(document) == []


def test_a_dry_run_says_the_same_and_changes_nothing(load_text: Load, flexgym: str, picture: Take) -> None:
    before = picture()
    document = 'services: [{code: sauna, name: Sauna, price: "15.00"}]\ntrials: []'
    expected = [
        "create service sauna",
        "switch off service session",
        "switch off service personal",
        "switch off service towel",
        "switch off trial trial",
    ]
    assert load_text(document, dry_run=True) == expected
    assert picture() == before
    assert load_text(document) == expected


def test_switching_the_referral_program_off_is_one_key(load_text: Load, flexgym: str) -> None:
    document = dump()
    document["referral"]["enabled"] = False
    assert [str(change) for change in load(document, by=BY)] == ["switch off program referral"]
    assert not ReferralProgram.objects.get().enabled


def test_a_reward_that_is_left_out_is_none(load_text: Load, flexgym: str) -> None:
    load_text("referral: {enabled: true}")
    program = ReferralProgram.objects.get()
    assert (program.referrer_percent, program.referrer_amount, program.friend_amount) == (None, None, None)
    assert dump()["referral"] == {"enabled": True}


def test_what_is_left_out_of_a_row_takes_its_default(load_text: Load, flexgym: str) -> None:
    load_text("bonuses: [{code: miss, name: We miss you, trigger: inactivity, days: 60, amount: 300}]")
    bonus = BonusProgram.objects.get()
    assert (bonus.amount, bonus.days, bonus.repeat_days) == (Money(30000), 60, None)
    assert (bonus.limit_percent, bonus.min_check, bonus.pending_days) == (Decimal(100), Money(0), 0)
    assert (bonus.lifetime_days, bonus.lifetime_months, bonus.enabled, bonus.priority) == (None, None, True, 100)


def test_who_the_business_is_stays_when_it_is_left_out(load_text: Load, flexgym: str) -> None:
    assert load_text('business: {bonus_step: "1"}') == ["change house rules: bonus_step 0.01 → 1.00"]
    assert load_text("business: {name: Gym}") == [
        "change business FlexGym: name FlexGym → Gym",
        "change house rules: bonus_step 1.00 → 0.01",
    ]


def test_leftovers_of_another_trigger_stay_out_of_the_document(load_text: Load, flexgym: str, picture: Take) -> None:
    """The admin may have left them behind when the trigger was changed there."""
    BonusProgram.objects.create(code="hello", name="Hello", trigger="registration", amount=Money(500), nth=3)
    assert dump()["bonuses"] == [
        {
            "code": "hello",
            "name": "Hello",
            "trigger": "registration",
            "amount": "5.00",
        }
    ]
    before = picture()
    assert load(dump(), by=BY) == []
    assert picture() == before


def test_a_service_of_the_price_list_may_be_named_by_a_later_document(load_text: Load, flexgym: str) -> None:
    load_text("trials: [{code: trial, name: Trial session, services: [session, personal]}]")
    assert dump()["trials"] == [
        {"code": "trial", "name": "Trial session", "services": ["session", "personal"], "percent": "50"}
    ]


def test_amounts_are_in_the_currency_of_the_document(load_text: Load) -> None:
    load_text(
        "business: {name: Dojo, currency: JPY, timezone: Asia/Tokyo}\nservices: [{code: a, name: A, price: 2000}]"
    )
    assert Service.objects.get().price == Money(2000)
    load_text("business: {currency: KRW}")
    assert dump()["services"][0]["price"] == "2000"
