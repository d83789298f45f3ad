"""One more program, discount or code, never makes a client's check dearer (`domain.md` 4.3)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loyalty.discounts import PromoCodeNotApplicable
from loyalty.discounts.rules import CODE
from loyalty.money import Money
from loyalty.pricing import Bill
from loyalty.stacking import Offer, best_choice, in_sequence
from tests.loyalty.random_checks import Check, checks, penny_checks, worked_out


def grows(check: Check) -> list[Bill]:
    """The bills of a check as its programs are switched on one by one. A code that does not fit is not typed."""
    bills, running = [worked_out(check.with_drawn([]))], check.with_drawn([])
    for one in check.drawn:
        more = running.with_drawn([*running.drawn, one])
        try:
            bills.append(worked_out(more))
        except PromoCodeNotApplicable:
            assert one.rule.kind == CODE
            continue
        running = more
    return bills


def never_dearer(bills: list[Bill]) -> None:
    totals = [int(bill.check_total) for bill in bills]
    assert totals == sorted(totals, reverse=True)


@given(check=checks(), data=st.data())
def test_of_any_kind(check: Check, data: st.DataObject) -> None:
    order = data.draw(st.permutations(check.drawn), label="order")
    never_dearer(grows(check.with_drawn(order)))


@given(check=penny_checks(), data=st.data())
def test_where_cents_are_divided(check: Check, data: st.DataObject) -> None:
    """Lines of a few cents, programs that all combine: a cent that a spread gives to another line may go missing."""
    order = data.draw(st.permutations(check.drawn), label="order")
    never_dearer(grows(check.with_drawn(order)))


def test_a_program_that_would_make_it_dearer_is_left_out_and_named() -> None:
    """Lines of 0.01, 0.01 and 0.04: "0.02 off" divides 0, 1 or 2 cents otherwise once the second line costs nothing.

    Without "0.01 off the second": 0.01 and 0.01, then 60 % of 0.01 and 0.03, 0.01 and 0.02: 0.05 in all.
    With it 0.01, then 0.02 off the third, then 60 % of 0.02: 0.04 in all.
    """
    about = {1: (1, 1), 2: (1, 1), 3: (1, 1)}
    second = {2: (1, 1)}
    later = {2: (1, 1), 3: (1, 1)}
    rests = {1: 1, 2: 1, 3: 4}
    one = Offer("d", "one", "One", second, amount=Money(1), combinable=True, priority=1)
    two = Offer("d", "two", "Two", about, amount=Money(2), combinable=True, priority=2)
    sixty = Offer("d", "sixty", "Sixty", later, Decimal(60), combinable=True, priority=3)
    assert in_sequence([one, two, sixty], rests).total == 4
    choice = best_choice([sixty, one, two], rests)
    assert (choice.total, choice.crowded) == (5, (one,))
    assert [taken.offer.code for taken in choice.taken] == ["two", "sixty"]


ALL, SECOND, LATER = {1: (1, 1), 2: (1, 1), 3: (1, 1)}, {2: (1, 1)}, {2: (1, 1), 3: (1, 1)}
RESTS = {1: 1, 2: 1, 3: 4}
SIXTY = Offer("test", "sixty", "Sixty", LATER, Decimal(60), combinable=True, priority=3)


def off(code: str, units: dict[int, tuple[int, int]], cents: int, priority: int) -> Offer:
    return Offer("test", code, code, units, amount=Money(cents), combinable=True, priority=priority)


def test_a_twin_does_not_step_in_for_one_that_is_left_out() -> None:
    """The first of them is left out, because the check is cheaper without: 0.05 off, not 0.04."""
    before = [off("one", SECOND, 1, 1), off("two", ALL, 2, 2), SIXTY]
    after = best_choice([*before, off("uno", SECOND, 1, 1)], RESTS)
    assert best_choice(before, RESTS).total == after.total == 5
    assert [offer.code for offer in after.crowded] == ["one"]


def test_programs_that_take_nothing_do_not_use_up_the_search() -> None:
    idle = [
        Offer("test", f"idle{n}", "", {1: (1, 1)}, Decimal("0.001"), combinable=True, priority=9) for n in range(42)
    ]
    assert best_choice([off("one", SECOND, 1, 1), off("two", ALL, 2, 2), SIXTY, *idle], RESTS).total == 5
