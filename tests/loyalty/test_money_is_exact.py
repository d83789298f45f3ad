"""Amounts and their rounding (`domain.md` section 3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.money import BadAmount, Currency, Money, down, half_up, parse_percent, percent_text, spread

USD, JPY, KWD = Currency.of("USD"), Currency.of("JPY"), Currency.of("KWD")


@pytest.mark.parametrize(
    ("currency", "text", "minor", "shown"),
    [(USD, "12.5", 1250, "12.50"), (JPY, "1250", 1250, "1250"), (KWD, "12.5", 12500, "12.500"), (USD, "0", 0, "0.00")],
)
def test_an_amount_has_the_digits_of_its_currency(currency: Currency, text: str, minor: int, shown: str) -> None:
    assert currency.parse(text) == minor
    assert currency.text(minor) == shown


@pytest.mark.parametrize(
    "text", ["1_000", "1e5", "١٢", "12.345", "", "12,50", "+5", "NaN", ".5", "5.", "1 000", "0x10"]
)
def test_what_is_not_plainly_an_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        USD.parse(text)


def test_yen_have_no_cents() -> None:
    with pytest.raises(BadAmount):
        JPY.parse("12.50")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(BadAmount):
        Currency.of("DOLLARS")


def test_discounts_round_half_up() -> None:
    assert half_up(1050, Decimal(15)) == 158  # 10.50 less 15 %: 1.575 is 1.58
    assert half_up(1999, Decimal(13)) == 260  # 2.5987


def test_accruals_round_down_to_the_step() -> None:
    assert down(3333, Decimal(3)) == 99
    assert down(19999, Decimal("7.5"), step=100) == 1400
    assert down(-1, Decimal(0)) == 0


def test_a_person_reads_amounts_in_their_own_way() -> None:
    assert USD.show(123456, "en") == "$1,234.56"
    assert USD.number(123456, "ru") == "1\N{NO-BREAK SPACE}234,56"
    assert Currency.of("RUB").show(123456, "ru") == "1\N{NO-BREAK SPACE}234,56\N{NO-BREAK SPACE}₽"
    assert JPY.show(1234, "en") == "¥1,234"


def test_percents_have_up_to_three_digits() -> None:
    assert percent_text(parse_percent("7.500")) == "7.5"
    assert percent_text(parse_percent("100")) == "100"
    for text in ("700", "-1", "1.2345", "5%", ""):
        with pytest.raises(BadAmount):
            parse_percent(text)


def test_sums_stay_money() -> None:
    assert isinstance(Money(1) + Money(2) - Money(3), Money)
    assert isinstance(sum([Money(1)], Money(0)), Money)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20), st.integers(0, 100))
def test_a_spread_adds_up_and_no_part_exceeds_its_weight(weights: list[int], share: int) -> None:
    amount = sum(weights) * share // 100
    parts = spread(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_ties_of_a_spread_go_to_the_earlier_line() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(1, [5, 5]) == [1, 0]
