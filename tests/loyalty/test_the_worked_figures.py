"""The worked figures of discounts, through the whole till: by programs, by promo codes, by one of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from loyalty.models import Visit
from loyalty.proof import prove
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Case:
    """A price, the discounts in the order of their priority, and what is to pay."""

    name: str
    price: str
    terms: tuple[dict[str, Any], ...]
    to_pay: str
    off: tuple[str, ...]
    """What each takes off; "" for one that is not used."""
    combinable: bool = True


HUNDRED = {"amount": cents("100"), "min_check": cents("100")}

CASES = [
    Case("13 % and 13 %", "19.99", ({"percent": 13}, {"percent": 13}), "15.13", ("2.60", "2.26")),
    Case("17.5 % and 25.00", "77.77", ({"percent": "17.5"}, {"amount": cents("25")}), "39.16", ("13.61", "25.00")),
    Case("25.00 and 17.5 %", "77.77", ({"amount": cents("25")}, {"percent": "17.5"}), "43.54", ("25.00", "9.23")),
    Case("100 off from 100, twice, together", "165.00", (HUNDRED, HUNDRED), "0.00", ("100.00", "65.00")),
    Case("100 off from 100, twice, alone", "165.00", (HUNDRED, HUNDRED), "65.00", ("100.00", ""), combinable=False),
    Case("15 % of 10.50, halves up", "10.50", ({"percent": 15},), "8.92", ("1.58",)),
    Case("10 % and 10 %", "300.00", ({"percent": 10}, {"percent": 10}), "243.00", ("30.00", "27.00")),
    Case("10 % or 10 %", "300.00", ({"percent": 10}, {"percent": 10}), "270.00", ("30.00", ""), combinable=False),
    Case("100 off from 100 of just 100.00", "100.00", (HUNDRED,), "0.00", ("100.00",)),
]


@pytest.mark.parametrize("by", ["programs", "codes", "a program and a code", "a code and a program"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_comes_to_the_cent(till: Till, case: Case, by: str) -> None:
    typed, names = [], []
    for n, terms in enumerate(case.terms):
        is_code = {"programs": False, "codes": True, "a program and a code": n == 1, "a code and a program": n == 0}[by]
        facts = {"code": f"{'AB'[n]}{is_code}".upper(), "priority": n, "combinable": case.combinable, **terms}
        (factories.PromoCodeFactory if is_code else factories.DiscountFactory)(**facts)
        names.append(facts["code"])
        typed += [facts["code"].lower()] if is_code else []
    basket = till.basket({"service": "session", "price": case.price}, promo_codes=typed[::-1])
    visit = till.settle(basket, cash=cents(case.to_pay)).visit
    taken = {note["rule"]: note["amount"] for note in visit.facts["trace"] if note["stage"] == "discount"}
    assert [taken.get(name, 0) for name in names] == [cents(text or "0") for text in case.off]
    assert visit.check_total == visit.to_pay == cents(case.to_pay)
    assert Visit.objects.get().discount_total == cents(case.price) - cents(case.to_pay)
    assert prove() == []


def test_in_equal_places_percent_comes_before_amount(till: Till) -> None:
    """77.77 less 17.5 % less 25.00, although the amount has the earlier code."""
    factories.DiscountFactory(code="a", amount=cents("25"), combinable=True)
    factories.DiscountFactory(code="b", percent="17.5", combinable=True)
    assert till.quote({"service": "session", "price": "77.77"}).bill.to_pay == cents("39.16")


def test_programs_come_before_codes(till: Till) -> None:
    """Left as they are, discounts have priority 100 and codes 200: 77.77 less 25.00, less 17.5 %."""
    factories.DiscountFactory(code="z", amount=cents("25"), combinable=True)
    factories.PromoCodeFactory(percent="17.5", combinable=True)
    bill = till.quote({"service": "session", "price": "77.77"}, promo_codes=["spring"]).bill
    assert bill.to_pay == cents("43.54")


def test_of_two_equal_ones_the_first_by_code_is_used(till: Till) -> None:
    factories.DiscountFactory(code="b")
    factories.DiscountFactory(code="a")
    notes = till.quote("personal").bill.notes
    assert [(note.rule, note.code) for note in notes] == [("a", "discount.percent"), ("b", "discount.outbid")]


def test_when_it_is_all_the_same_the_combinable_ones_are_used(till: Till) -> None:
    factories.DiscountFactory(code="alone", percent=19)
    factories.DiscountFactory(code="b", combinable=True)
    factories.DiscountFactory(code="c", combinable=True)
    notes = till.quote("personal").bill.notes
    assert [(note.rule, note.code) for note in notes] == [
        ("b", "discount.percent"),
        ("c", "discount.percent"),
        ("alone", "discount.outbid"),
    ]


def test_a_cent_less_than_the_condition_and_neither_acts(till: Till) -> None:
    for code in ("a", "b"):
        factories.DiscountFactory(code=code, **HUNDRED)
    assert till.quote({"service": "session", "price": "99.99"}).bill.to_pay == cents("99.99")
