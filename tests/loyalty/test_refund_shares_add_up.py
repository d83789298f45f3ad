"""The arithmetic of refunds, without a database: whatever comes back in whatever order, all of it is the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.checkout import AlreadyRefunded, Back
from loyalty.checkout.refund.shares import SHARES, SUMS, StillOut
from loyalty.mechanics import BackLine
from loyalty.models import VisitLine
from loyalty.money import Money, spread

WHOLE = (1, 1)


def line(quantity: int, price: int, *, covered: int = 0, pk: int = 1, **shares: int) -> VisitLine:
    """A line as it is stored; what no share is said of was paid with money."""
    rest = price * (quantity - covered)
    shares["to_pay"] = rest - sum(shares.get(name, 0) for name in SHARES if name != "to_pay")
    received = shares["to_pay"] + shares.get("gift_card", 0)
    money = {"base": received, "spent": received, "membership": price * covered, "list": price * quantity} | shares
    amounts = {name: Money(amount) for name, amount in (money | {"price": price}).items()}
    return VisitLine(pk=pk, number=pk, name="Session", quantity=quantity, covered=covered, **amounts)


def came_back(one: VisitLine, units: Sequence[int], part: tuple[int, int] = WHOLE) -> list[BackLine]:
    """Refunds of so many units of the line, one after the other."""
    gone: Counter[str] = Counter()
    backs = []
    for quantity in units:
        (back,) = StillOut([one], {one.pk: gone}).back_lines([Back(one.number, quantity)], lambda _line: part)
        gone.update({name: int(getattr(back, name)) for name in SUMS})
        backs.append(back)
    return backs


def test_three_units_less_a_discount_of_one() -> None:
    backs = came_back(line(3, 1000, discount=100), [1, 1, 1])
    assert [(back.discount, back.to_pay) for back in backs] == [(33, 967), (34, 966), (33, 967)]
    assert [(back.base, back.spent) for back in backs] == [(967, 967), (966, 966), (967, 967)]


def test_a_line_given_away_that_earned_on_its_price_gives_its_base_back_by_the_unit() -> None:
    backs = came_back(line(3, 1000, discount=3000, base=3000), [1, 2])
    assert [(back.discount, back.to_pay, back.base, back.spent) for back in backs] == [
        (1000, 0, 1000, 0),
        (2000, 0, 2000, 0),
    ]


def test_the_last_unit_takes_what_rounding_left_of_the_base() -> None:
    """3 units of 10.00, of which a gift card paid 5.00, where gift cards earn nothing."""
    backs = came_back(line(3, 1000, gift_card=500, base=2500), [1, 1, 1])
    assert [back.base for back in backs] == [833, 833, 834]


def test_what_gift_cards_paid_and_did_not_earn_on_stays_out_of_the_base() -> None:
    backs = came_back(line(2, 1000, gift_card=500, base=1500), [1, 1])
    assert [(back.gift_card, back.to_pay, back.base, back.spent) for back in backs] == [(250, 750, 750, 1000)] * 2


def test_a_line_paid_with_bonuses_alone_has_nothing_else_to_give() -> None:
    backs = came_back(line(2, 1000, bonus=2000), [1, 1])
    assert [(back.bonus, back.to_pay, back.base, back.spent) for back in backs] == [(1000, 0, 0, 0)] * 2


@pytest.mark.parametrize("units", [[1, 1, 1], [3], [2, 1]])
def test_covered_units_come_last_and_bring_no_money(units: list[int]) -> None:
    backs = came_back(line(3, 1000, covered=2), units)
    assert sum(back.covered for back in backs) == 2
    assert (backs[0].covered, backs[0].to_pay) == (units[0] - 1, 1000)
    assert sum(back.membership for back in backs) == 2000


def test_a_free_line_comes_back_once() -> None:
    free = line(2, 0)
    (back,) = came_back(free, [2])
    assert [getattr(back, name) for name in SUMS] == [2, *[0] * (len(SUMS) - 1)]
    with pytest.raises(AlreadyRefunded):
        came_back(free, [2, 1])


def test_of_a_sold_item_a_part_comes_back() -> None:
    (back,) = came_back(line(1, 16000), [1], (7, 10))
    assert (back.list, back.to_pay, back.base, back.spent) == (16000, 11200, 11200, 11200)


@st.composite
def lines(draw: st.DrawFn) -> VisitLine:
    """Any line: partly covered, discounted, paid in several ways; its base what was received, or something else."""
    quantity, price = draw(st.integers(1, 6)), draw(st.integers(0, 5000))
    covered = draw(st.integers(0, quantity))
    rest = price * (quantity - covered)
    weights = draw(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any))
    shares = dict(zip(SHARES, spread(rest, weights), strict=True))
    received = shares["to_pay"] + shares["gift_card"]
    bases = [0, received, shares["to_pay"], received + shares["discount"], shares["to_pay"] + shares["discount"]]
    base, spent = draw(st.sampled_from(bases)), draw(st.sampled_from([0, received]))
    parts = {name: share for name, share in shares.items() if name != "to_pay"}
    return line(quantity, price, covered=covered, base=base, spent=spent, **parts)


@given(one=lines(), data=st.data())
def test_all_refunds_of_a_line_are_the_line(one: VisitLine, data: st.DataObject) -> None:
    units: list[int] = []
    while sum(units) < one.quantity:
        units.append(data.draw(st.integers(1, one.quantity - sum(units)), label="units"))
    backs = came_back(one, units)
    for back in backs:
        paid = back.discount + back.bonus + back.gift_card + back.to_pay
        assert back.list == back.membership + paid == one.price * back.quantity
        assert min(int(getattr(back, name)) for name in SUMS) >= 0
    assert {name: sum(int(getattr(back, name)) for back in backs) for name in SUMS} == {
        name: int(getattr(one, name)) for name in SUMS
    }
