"""The example of the contract loads as it is printed there, tried first or not, and comes back from its dump.

Its bundle names a towel that its price list does not have yet: the set acts once it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty.models import (
    BonusProgram,
    CashbackProgram,
    CashbackTier,
    Discount,
    GiftProgram,
    IssuedCode,
    Prize,
    PromoCode,
    Segment,
    StampProgram,
)
from loyalty.money import Money
from loyalty.setup import SetupRefused, dump, load, read_yaml, write_yaml
from tests.setup.conftest import BY, Picture

HERE = Path(__file__).parent
EXAMPLE = (HERE / "contract.yaml").read_text(encoding="utf-8")
OVER_TIME = (HERE / "contract_over_time.yaml").read_text(encoding="utf-8")
"""The further keys of the contract: terms of tiers, limited bonuses, actions, stamps, gifts, prizes."""
Load = Callable[..., list[str]]


def test_a_gym_with_towels_loads_it_as_printed(load_text: Load, flexgym: str, picture: Callable[[], Picture]) -> None:
    before = picture()
    foretold = load_text(EXAMPLE, dry_run=True)
    assert picture() == before
    assert load_text(EXAMPLE) == foretold
    assert [line for line in foretold if line.startswith("create")] == [
        "create segment regulars",
        *(f"create bonus program {code}" for code in ("welcome", "birthday", "second", "missyou", "thanks")),
        *(f"create discount {code}" for code in ("regular", "ladder", "again", "set", "morning")),
        *(f"create promo code {code}" for code in ("SPRING", "FIVER", "BONUS50")),
    ]
    assert load_text(EXAMPLE) == []
    dumped = dump()
    assert load(read_yaml(write_yaml(dumped)), by=BY) == []
    assert dump() == dumped


def test_it_loads_into_an_empty_database(load_text: Load) -> None:
    foretold = load_text(EXAMPLE, dry_run=True)
    assert dump() == {}
    assert load_text(EXAMPLE) == foretold
    assert load_text(EXAMPLE) == []
    dumped = dump()
    assert load(read_yaml(write_yaml(dumped)), by=BY) == []


def test_a_set_of_which_nothing_is_on_the_price_list_is_refused(load_text: Load) -> None:
    with pytest.raises(SetupRefused) as refused:
        load(read_yaml(EXAMPLE.replace("services: [session, towel]", "services: [robe, towel]")), by=BY)
    assert refused.value.errors == [
        ("discounts[3].services[0]", 'there is no service or category "robe"'),
        ("discounts[3].services[1]", 'there is no service or category "towel"'),
    ]


def test_its_figures_are_stored(load_text: Load) -> None:
    load_text(EXAMPLE)

    assert Segment.objects.get().visits_min == 5
    assert CashbackProgram.objects.get().min_check == Money(5000)
    kinds = Discount.objects.order_by("pk").values_list("code", "kind", "percent", "combinable", "priority")
    assert list(kinds) == [
        ("regular", "permanent", Decimal(5), False, 10),
        ("ladder", "cumulative", None, False, 100),
        ("again", "repeat", Decimal(10), True, 100),
        ("set", "bundle", Decimal(15), True, 100),
        ("morning", "hours", Decimal(10), True, 100),
    ]
    regular, ladder, again, bundle, morning = Discount.objects.order_by("pk")
    assert regular.segment is not None
    assert regular.segment.code == "regulars"
    assert [(step.from_spent, step.percent) for step in ladder.steps.all()] == [(Money(100000), Decimal(3))]
    assert (again.days, again.services, bundle.services) == (30, ["session"], ["session", "towel"])
    assert (morning.weekdays, morning.from_time, morning.to_time) == ("mon,tue", time(9), time(12))
    spring, fiver, bonus = PromoCode.objects.order_by("pk")
    assert (spring.percent, spring.from_day, spring.to_day) == (Decimal(10), date(2026, 3, 1), date(2026, 5, 31))
    assert (spring.max_uses, spring.max_uses_per_client, spring.min_check) == (500, 1, Money(3000))
    assert (spring.name, spring.priority, spring.combinable) == ("SPRING", 200, False)
    assert (fiver.amount, fiver.combinable) == (Money(500), True)
    assert (bonus.bonus_amount, bonus.bonus_lifetime_days, bonus.bonus_limit_percent) == (Money(5000), 30, Decimal(100))
    assert list(IssuedCode.objects.order_by("pk").values_list("code", "limit")) == [
        ("SPRING", 500),
        ("FIVER", None),
        ("BONUS50", None),
    ]


@pytest.mark.parametrize("before", ["", EXAMPLE], ids=["an empty database", "the example"])
def test_its_further_keys_load_and_come_back(load_text: Load, picture: Callable[[], Picture], before: str) -> None:
    if before:
        load_text(before)
    foretold = load_text(OVER_TIME, dry_run=True)
    assert load_text(OVER_TIME) == foretold
    first = picture()
    assert load_text(OVER_TIME) == []
    dumped = dump()
    assert load(read_yaml(write_yaml(dumped)), by=BY) == []
    assert (dump(), picture()) == (dumped, first)


def test_the_figures_of_its_further_keys_are_stored(load_text: Load) -> None:
    load_text(OVER_TIME)

    tiers = CashbackTier.objects.order_by("from_spent")
    assert list(tiers.values_list("name", "min_days", "grace_days", "privileges")) == [
        ("Start", 0, 0, ""),
        ("Silver", 90, 30, "A towel"),
        ("Gold", 180, 0, "A towel\nA locker"),
    ]
    spring, review = BonusProgram.objects.order_by("pk")
    assert spring.segment == Segment.objects.get()
    assert (spring.budget, review.trigger, review.amount) == (Money(500000), "action", Money(5000))
    ten = StampProgram.objects.get()
    assert (ten.kind, ten.needed, ten.free, ten.free_days) == ("stamps", 10, ["coffee"], 90)
    gifts = GiftProgram.objects.order_by("pk").values_list("when", "from_sum", "service__code", "good", "amount")
    assert list(gifts) == [
        ("check", Money(10000), "coffee", "", None),
        ("total", Money(100000), None, "", Money(5000)),
        ("total", Money(200000), None, "gift", Money(2000)),
    ]
    prizes = Prize.objects.order_by("pk").values_list("price", "stock", "service__code")
    assert list(prizes) == [(Money(5000), 20, None), (Money(20000), None, "session")]
