"""Whatever is held and whatever is on the check: whole units only, and no more than is there; all of it comes back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clients.models import Client
from loyalty.ledger import Stock
from loyalty.money import Money
from loyalty.pricing import Bill, Line, price
from loyalty.proof import prove
from memberships.covering import Bar, Covering, Held, Pot, Use
from memberships.plans import PlanRule
from tests.memberships.conftest import buy
from tests.memberships.plans import left_of, plan
from tests.till import Till

SERVICES = (1, 2, 3)
DAY = date(2026, 3, 2)


def rule(number: int, services: frozenset[int]) -> PlanRule:
    return PlanRule(number, f"p{number}", f"P{number}", True, 5, Money(100), 30, None, services, "none")


@some.composite
def held(draw: some.DrawFn, number: int) -> Held:
    """With one count, or one for each service; barred, limited a day, or neither."""
    services = draw(some.frozensets(some.sampled_from(SERVICES), min_size=1))
    counted = draw(some.booleans())
    pots = [
        Pot(
            Stock(
                number * 10 + at, number, "session", None, "", Money(99), Money(draw(some.integers(1, 6))), DAY, None
            ),
            service if counted else None,
        )
        for at, service in enumerate(sorted(services) if counted else [0])
    ]
    today = draw(some.none() | some.integers(1, 4))
    bar = draw(some.sampled_from([None, None, Bar("elsewhere")]))
    return Held(number, 1, rule(number, services), tuple(pots), today=today, bar=bar)


@some.composite
def lines(draw: some.DrawFn) -> list[Line]:
    return [
        Line(
            number=number,
            kind="service",
            code=f"s{service}",
            name=f"S{service}",
            quantity=draw(some.integers(1, 5)),
            price=Money(draw(some.sampled_from([0, 1, 1999]))),
            service_id=service,
        )
        for number, service in enumerate(draw(some.lists(some.sampled_from(SERVICES), min_size=1, max_size=4)), start=1)
    ]


@given(held_=some.tuples(*(held(number) for number in (1, 2, 3))), on_check=lines())
def test_no_more_than_there_is(held_: tuple[Held, ...], on_check: list[Line]) -> None:
    bill: Bill = price(on_check, [Covering(held_)])
    uses: tuple[Use, ...] = bill.plans["memberships"]
    assert all(use.units > 0 and use.held.bar is None for use in uses)
    for line in bill.lines:
        mine = [use for use in uses if use.line == line.number]
        assert sum(use.units for use in mine) == line.covered <= line.quantity
        assert line.membership == line.price * line.covered
        assert all(use.held.plan.covers(line) and use.pot.fits(line) and line.price for use in mine)
    for one in held_:
        for pot in one.pots:
            assert sum(use.units for use in uses if use.pot is pot) <= pot.lot.remaining
        of_one = sum(use.units for use in uses if use.held is one)
        assert of_one <= (one.today if one.today is not None else of_one)


@given(held_=some.tuples(*(held(number) for number in (1, 2))), on_check=lines())
def test_nothing_is_left_out_that_could_be_covered(held_: tuple[Held, ...], on_check: list[Line]) -> None:
    bill = price(on_check, [Covering(held_)])
    uses: tuple[Use, ...] = bill.plans["memberships"]
    for one in held_:
        used = sum(use.units for use in uses if use.held is one)
        if one.bar is not None or one.today == used:
            continue
        for pot in one.pots:
            is_left = sum(use.units for use in uses if use.pot is pot) < pot.lot.remaining
            fitting = [line for line in bill.lines if one.plan.covers(line) and pot.fits(line) and line.price]
            assert not is_left or all(line.covered == line.quantity for line in fitting)


@pytest.mark.django_db
@pytest.mark.parametrize("step", [1, 7, 11])
def test_refunds_in_any_order_bring_all_back(till: Till, boris: Client, step: int) -> None:
    """Unit by unit, each so many steps after the one before."""
    bought = [
        buy(till, boris, made)[1]
        for made in (
            plan("shared", "session", "personal", sessions=6, valid_days=20),
            plan("counted", "session x 3", "personal x 4", valid_days=40),
            plan("endless", "session", per_day=2, starts="first_visit"),
        )
    ]
    before = [left_of(membership) for membership in bought]
    out = []
    for quantities in ((4, 1), (1, 3), (3, 2)):
        sold = till.sell(f"{quantities[0]} x session", f"{quantities[1]} x personal", client=boris)
        out += [(sold, line, 1) for line, count in enumerate(quantities, start=1) for _unit in range(count)]
    for sold, line, unit in sorted(out, key=lambda one: out.index(one) * step % 13):
        till.refund(sold, (line, unit))
    assert [left_of(membership) for membership in bought] == before
    assert prove() == []
