"""Promo codes in the setup document: compared in any case, never below what was used, named once among programs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from loyalty.models import CodeBatch, IssuedCode, PromoCode
from loyalty.money import Money
from loyalty.setup import SetupRefused, dump, load
from tests import factories
from tests.setup.conftest import BY, Picture

Load = Callable[..., list[str]]
Take = Callable[[], Picture]

EVERY_KEY: dict[str, Any] = {
    "code": "Spring",
    "name": "Spring at FlexGym",
    "percent": "10",
    "unique": True,
    "max_uses": 2,
    "max_uses_per_client": 1,
    "new_clients_only": True,
    "staff_only": True,
    "valid_hours": 48,
    "segment": "all",
    "locations": ["main"],
    "services": ["training"],
    "exclude": ["personal"],
    "weekdays": ["sat"],
    "from_time": "09:00",
    "to_time": "12:00",
    "min_check": "30.00",
    "max_discount": "15.00",
    "combinable": True,
    "earns": False,
    "enabled": False,
    "from": "2026-03-01",
    "to": "2026-05-31",
    "priority": 5,
}
GIFT: dict[str, Any] = {
    "code": "GIFT",
    "bonus": {
        "amount": "50.00",
        "lifetime": {"months": 2},
        "pending_days": 3,
        "limit_percent": "50",
        "min_check": "20.00",
    },
    "combinable": False,
}


def refusals(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(SetupRefused) as refused:
        load(document, by=BY)
    return refused.value.errors


def test_everything_comes_back_as_it_was_given(load_text: Load, flexgym: str, picture: Take) -> None:
    client = factories.ClientFactory()
    codes = [{**EVERY_KEY, "client": str(client.pk)}, GIFT, {"code": "FIVER", "amount": "5.00", "combinable": True}]
    document = {"segments": [{"code": "all", "name": "All", "rule": {}}], "promo_codes": codes}
    assert [str(change) for change in load(document, by=BY)] == [
        "create segment all",
        "create promo code Spring",
        "create promo code GIFT",
        "create promo code FIVER",
    ]
    assert dump()["promo_codes"] == codes
    before = picture()
    assert load(dump(), by=BY) == []
    assert picture() == before
    assert PromoCode.objects.get(code="Spring").client == client


def test_a_code_is_the_same_in_any_case(load_text: Load, flexgym: str, picture: Take) -> None:
    load_text('promo_codes: [{code: SPRING, percent: "10"}]')
    before = picture()
    assert load_text('promo_codes: [{code: spring, percent: "10"}]') == []
    assert picture() == before
    assert load_text("promo_codes: [{code: Spring, percent: 12}]") == ["change promo code SPRING: percent 10 → 12"]
    assert [row["code"] for row in dump()["promo_codes"]] == ["SPRING"]


def test_two_rows_that_differ_in_case_are_one_code_twice(load_text: Load, flexgym: str) -> None:
    codes = [{"code": "spring", "percent": "10"}, {"code": "SPRING", "bonus": {"amount": "5"}}]
    assert refusals({"promo_codes": codes}) == [
        ("promo_codes[1].code", "the code SPRING is already used by promo_codes[0]")
    ]


def test_the_code_is_the_name_unless_there_is_another(load_text: Load, flexgym: str) -> None:
    load_text("promo_codes: [{code: SPRING, percent: 10, name: Spring}]")
    assert PromoCode.objects.get().name == "Spring"
    assert load_text("promo_codes: [{code: spring, percent: 10}]") == ["change promo code SPRING: name Spring → SPRING"]
    assert "name" not in dump()["promo_codes"][0]


def test_what_is_missing_is_switched_off_and_comes_back(load_text: Load, flexgym: str) -> None:
    load_text("promo_codes: [{code: SPRING, percent: 10}, {code: FIVER, amount: 5}]")
    assert load_text("promo_codes: [{code: FIVER, amount: 5}]") == ["switch off promo code SPRING"]
    assert load_text("promo_codes: [{code: FIVER, amount: 5}]") == []
    assert load_text("promo_codes: [{code: spring, percent: 10}, {code: FIVER, amount: 5}]") == [
        "switch on promo code SPRING"
    ]


def test_what_a_code_gives_may_change(load_text: Load, flexgym: str) -> None:
    load({"promo_codes": [GIFT]}, by=BY)
    changes = load({"promo_codes": [{"code": "GIFT", "percent": "5"}]}, by=BY)
    assert [str(change) for change in changes] == [
        (
            "change promo code GIFT: percent none → 5; bonus amount 50.00 → none, lifetime 2 months → none, "
            "pending_days 3 → 0, limit_percent 50 → 100, min_check 20.00 → 0.00"
        )
    ]
    row = PromoCode.objects.get()
    assert (row.percent, row.bonus_amount, row.bonus_lifetime_months) == (Decimal(5), None, None)


def test_a_limit_is_not_below_what_was_used(load_text: Load, flexgym: str, picture: Take) -> None:
    load_text("promo_codes: [{code: SPRING, percent: 10, max_uses: 5}]")
    IssuedCode.objects.update(used=3)
    before = picture()
    assert refusals({"promo_codes": [{"code": "spring", "percent": "10", "max_uses": 2}]}) == [
        ("promo_codes[0].max_uses", "must be at least 3: so many are used already")
    ]
    assert picture() == before
    load_text("promo_codes: [{code: SPRING, percent: 10, max_uses: 3}]")
    assert IssuedCode.objects.get().limit == 3
    load_text("promo_codes: [{code: SPRING, percent: 10}]")
    assert IssuedCode.objects.get().limit is None


def test_a_shared_code_is_none_of_those_that_were_made(load_text: Load, flexgym: str) -> None:
    load_text("promo_codes: [{code: friends, percent: 10, unique: true}]")
    promo = PromoCode.objects.get()
    batch = CodeBatch.objects.create(promo=promo, wanted=1, made=1, by="staff:anna")
    IssuedCode.objects.create(promo=promo, batch=batch, code="GYM7", limit=1, used=1)
    given = {"code": "friends", "percent": "10", "unique": True}
    assert refusals({"promo_codes": [given, {"code": "gym7", "amount": "5"}]}) == [
        ("promo_codes[1].code", "is one of the codes that were made for friends")
    ]
    assert load(dump(), by=BY) == []


def test_leftovers_stay_out_of_the_document(load_text: Load, flexgym: str, picture: Take) -> None:
    """The admin may have left them behind when it was decided what the code gives."""
    PromoCode.objects.create(
        code="OLD", name="OLD", amount=Money(500), valid_hours=5, bonus_lifetime_days=30, bonus_min_check=Money(100)
    )
    assert dump()["promo_codes"] == [{"code": "OLD", "amount": "5.00", "combinable": False}]
    before = picture()
    assert load(dump(), by=BY) == []
    assert picture() == before


TWIN = {"code": "twin", "bonus": {"amount": "5"}}
WELCOME = {"code": "twin", "name": "Twin", "trigger": "registration", "amount": "5"}


def test_a_code_that_gives_bonuses_is_a_program_like_others(load_text: Load, flexgym: str) -> None:
    assert refusals({"bonuses": [WELCOME], "promo_codes": [TWIN]}) == [
        ("promo_codes[0].code", "the code twin is already used by bonuses[0]")
    ]
    assert load({"bonuses": [WELCOME], "promo_codes": [{"code": "twin", "percent": "5"}]}, by=BY)


def test_also_when_the_other_program_came_with_an_earlier_document(load_text: Load, flexgym: str) -> None:
    load({"bonuses": [WELCOME]}, by=BY)
    twin = ("promo_codes[0].code", "the code twin is already used by bonuses")
    assert refusals({"promo_codes": [TWIN]}) == [twin]
    assert refusals({"bonuses": [], "promo_codes": [TWIN]}) == [twin]
    assert refusals({"cashback": [{"code": "twin", "name": "Twin", "tiers": []}]}) == [
        ("cashback[0].code", "the code twin is already used by bonuses")
    ]
    load({"promo_codes": [{"code": "gift", "bonus": {"amount": "5"}}, {"code": "less", "percent": "5"}]}, by=BY)
    assert refusals({"bonuses": [{**WELCOME, "code": "gift"}]}) == [
        ("bonuses[0].code", "the code gift is already used by promo_codes")
    ]
    load({"bonuses": [{**WELCOME, "code": "less"}]}, by=BY)
    assert load(dump(), by=BY) == []


def test_the_code_as_it_is_kept_counts_among_programs(load_text: Load, flexgym: str) -> None:
    load_text("promo_codes: [{code: TWIN, percent: 5}]")
    load({"bonuses": [WELCOME]}, by=BY)
    load({"promo_codes": [TWIN]}, by=BY)
    assert PromoCode.objects.get().code == "TWIN"
    assert load(dump(), by=BY) == []


def test_the_codes_of_a_batch_follow_a_changed_limit(load_text: Load, business: object) -> None:
    text = "promo_codes: [{code: GIFTS, percent: '10', unique: true, max_uses: %d}]"
    load_text(text % 1)
    promo = PromoCode.objects.get(code="GIFTS")
    IssuedCode.objects.create(promo=promo, batch=CodeBatch.objects.create(promo=promo, wanted=1), code="GABC", limit=1)
    load_text(text % 3)
    assert IssuedCode.objects.get(code="GABC").limit == 3


def test_unique_codes_stay_unique(load_text: Load, business: object) -> None:
    load_text("promo_codes: [{code: GIFTS, percent: '10', unique: true}]")
    with pytest.raises(SetupRefused) as refused:
        load_text("promo_codes: [{code: GIFTS, percent: '10'}]")
    assert refused.value.errors == [("promo_codes[0].unique", "cannot be changed: make another promo code")]
