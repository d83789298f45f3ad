"""Any check under any programs comes to what a slow reading of `domain.md` 4 gives, and its sums add up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loyalty.discounts import PromoCodeNotApplicable
from loyalty.pricing import Bill
from tests.loyalty.random_checks import Check, came_to, checks, worked_out
from tests.loyalty.slow_reference import does_not_fit, reference


def without_what_is_refused(check: Check) -> Check:
    """The check as it is once the codes that do not fit are gone: the till names them one by one."""
    refused = does_not_fit(check)
    for _code in refused:
        try:
            worked_out(check)
        except PromoCodeNotApplicable as refusal:
            index = int(refusal.field.removeprefix("promo_codes[").removesuffix("]"))
            assert check.drawn[[one.rule.id for one in check.drawn].index(index)].rule.code in refused
            check = check.with_drawn([one for one in check.drawn if one.rule.id != index])
        else:
            raise AssertionError(f"not refused: {refused}")
    return check


def adds_up(bill: Bill) -> None:
    """Nothing negative, nothing above its price, every sum the sum of its parts, nothing off what is no service."""
    for line in bill.lines:
        parts = (line.membership, line.discount, line.bonus, line.gift_card, line.rest)
        assert min(parts) >= 0
        assert sum(parts) == line.list == line.price * line.quantity
        assert line.is_service or not line.discount + line.bonus + line.gift_card
        assert line.base >= 0
    assert bill.list_total - bill.membership_total - bill.discount_total == bill.check_total
    assert bill.check_total - bill.bonus_total - bill.gift_card_total == bill.to_pay
    told = [note for note in bill.notes if note.stage == "discount"]
    assert sum(note.amount for note in told) == bill.discount_total
    assert sum(amount for note in told for _line, amount in note.facts.get("lines", ())) == bill.discount_total
    assert bill.bonus_total == bill.plans["bonuses"].total <= bill.bonus_spendable
    assert bill.gift_card_total == sum(use.paid for use in bill.plans.get("giftcards", ()))
    assert sum(line.earned for line in bill.lines) == (bill.earned_total if bill.base else 0)


def is_the_slow_reading(bill: Bill, check: Check) -> None:
    crowded = [note.rule for note in bill.notes if note.code == "discount.crowded"]
    wanted = reference(check, crowded)
    assert {line.number: int(line.discount) for line in bill.lines} == wanted.discount
    taken = {note.rule: dict(note.facts["lines"]) for note in bill.notes if "lines" in note.facts}
    assert taken == wanted.taken
    assert {line.number: int(line.bonus) for line in bill.lines if line.bonus} == kept(wanted.bonus)
    assert {line.number: int(line.gift_card) for line in bill.lines if line.gift_card} == kept(wanted.gift_card)
    assert {line.number: int(line.rest) for line in bill.lines} == wanted.rest
    assert {earning.program: int(earning.amount) for earning in bill.earnings} == kept(wanted.earned)
    if crowded:
        assert bill.discount_total > sum(reference(check).discount.values())


def kept(amounts: dict) -> dict:
    return {key: amount for key, amount in amounts.items() if amount}


@given(check=checks(), data=st.data())
def test_the_bill_is_that_of_the_slow_reading_and_adds_up(check: Check, data: st.DataObject) -> None:
    check = without_what_is_refused(check)
    bill = worked_out(check)
    adds_up(bill)
    is_the_slow_reading(bill, check)
    assert worked_out(check) == bill
    other = check.with_drawn(data.draw(st.permutations(check.drawn), label="order of programs and codes"))
    assert came_to(worked_out(other)) == came_to(bill)


@given(check=checks(), data=st.data())
def test_the_order_of_lines_changes_no_total(check: Check, data: st.DataObject) -> None:
    """Neither of the check nor of a program; only which line gets a cent that is left over."""
    check = without_what_is_refused(check)
    order = data.draw(st.permutations(check.lines), label="order")
    turned = replace(check, lines=tuple(replace(line, number=n) for n, line in enumerate(order, start=1)))
    first, second = worked_out(check), worked_out(turned)
    for name in ("list_total", "membership_total", "check_total"):
        assert getattr(first, name) == getattr(second, name)
    assert totals(first) == totals(second)


def totals(bill: Bill) -> set[tuple[str, str, int]]:
    return {(note.rule, note.code, int(note.amount)) for note in bill.notes if note.stage == "discount"}
