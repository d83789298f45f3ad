"""A trace is data; people read it stage by stage, what did not act apart; programs read it as plain values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from loyalty.explanations import Explained, Why, explain, plain_facts, value_as_data, why
from loyalty.money import Currency, Money

USD = Currency.of("USD")


def note(stage: str, code: str, amount: int = 0, rule: str = "a program") -> Explained:
    return Explained(stage, rule, code, code, Money(amount), {})


def read(found: Why) -> list[tuple[str, list[tuple[str, int | None]]]]:
    return [(chapter.title, [(reason.text, reason.amount) for reason in chapter.reasons]) for chapter in found.acted]


def test_what_acted_comes_in_the_order_of_the_check_whatever_the_order_of_the_notes() -> None:
    trace = [
        note("earning", "earned", 90),
        note("gift_card", "card", 2000),
        note("bonus", "bonus", 3000),
        note("discount", "by hand", 100, rule=""),
        note("discount", "discount", 200),
        note("membership", "session", 2000),
        note("of another room", "other", 5),
    ]
    assert read(why(trace)) == [
        ("Membership", [("session", -2000)]),
        ("Discounts", [("discount", -200), ("by hand", -100)]),
        ("Bonuses", [("bonus", -3000)]),
        ("Gift cards", [("card", -2000)]),
        ("Earned", [("earned", 90)]),
        ("Other", [("other", -5)]),
    ]


def test_what_did_not_act_is_told_once_and_hints_not_at_all() -> None:
    trace = [
        note("earning", "no tier"),
        note("hint", "one more", 500),
        note("discount", "late"),
        note("discount", "late"),
    ]
    assert why(trace) == Why((), ("late", "no tier"))


def test_a_limit_explains_what_acted_and_without_that_why_nothing_did() -> None:
    limit = note("bonus", "bonus.limit", 3000)
    assert read(why([limit, note("bonus", "paid", 1000)])) == [
        ("Bonuses", [("bonus.limit", None), ("paid", -1000)]),
    ]
    assert why([limit]) == Why((), ("bonus.limit",))


def test_what_somebody_else_earns_is_told_without_a_sum_of_ones_own() -> None:
    trace = [note("earning", "mine", 90), note("earning", "referral.referrer_share", 150)]
    assert read(why(trace)) == [("Earned", [("mine", 90), ("referral.referrer_share", None)])]


def test_whom_else_a_discount_is_for_is_nothing_for_a_client() -> None:
    hidden = ["discount.another_client", "discount.outside", "discount.segment_off"]
    trace = [*(note("discount", code) for code in hidden), note("discount", "discount.outbid")]
    assert why(trace).idle == (*hidden, "discount.outbid")
    assert why(trace, for_client=True).idle == ("discount.outbid",)


FACTS = {
    "name": "Spring",
    "base": Fraction(15750, 10),
    "exact": Fraction(1575, 10),
    "percent": Decimal("7.5"),
    "most": Money(123450),
    "day": date(2026, 5, 30),
    "days": 30,
    "lines": [[1, 150], [3, 7]],
}


def test_facts_are_plain_values_for_a_program() -> None:
    stored: dict[str, Any] = {key: value_as_data(value) for key, value in FACTS.items()}
    [told] = explain([{"stage": "discount", "rule": "s", "code": "x", "amount": 157, "facts": stored}], USD)
    assert plain_facts(told.facts, USD) == {
        "name": "Spring",
        "base": "15.75",
        "exact": "1.575",
        "percent": "7.5",
        "most": "1234.50",
        "day": "2026-05-30",
        "days": 30,
        "lines": [{"line": 1, "amount": "1.50"}, {"line": 3, "amount": "0.07"}],
    }
