"""A discount may bar the lines that it makes cheaper from earning; others go on earning."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import CashbackProgram, HouseRules
from tests import factories
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


def earned(till: Till, *services: str, client: Client) -> list[int]:
    return [line.earned for line in till.quote(*services, client=client).bill.lines]


def test_a_line_that_it_touches_earns_nothing(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(services=["personal"], earns=False)
    visit = till.sell("personal", "session", client=boris).visit
    assert (visit.to_pay, visit.base, visit.earned_total) == (cents("74.00"), cents("20.00"), cents("0.60"))
    assert visit.spent == cents("74.00")  # what was spent, was spent


def test_one_that_earns_leaves_the_line_what_is_paid(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(services=["personal"])
    assert earned(till, "personal", "session", client=boris) == [cents("1.62"), cents("0.60")]


def test_one_that_is_outbid_bars_nothing(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(code="small", percent=5, earns=False)
    factories.DiscountFactory(code="big", percent=10)
    assert earned(till, "personal", client=boris) == [cents("1.62")]


def test_one_that_has_nothing_left_to_take_bars_nothing(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(code="a", percent=100, services=["session"], combinable=True, priority=1)
    factories.DiscountFactory(code="b", percent=10, services=["session"], combinable=True, priority=2, earns=False)
    assert earned(till, "personal", "session", client=boris) == [cents("1.80"), 0]


def test_one_of_two_that_bars_is_enough(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(code="a", combinable=True)
    factories.DiscountFactory(code="b", services=["session"], combinable=True, earns=False)
    assert earned(till, "personal", "session", client=boris) == [cents("1.62"), 0]


def test_it_bars_also_where_earning_counts_the_price_before_discounts(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    HouseRules.objects.update(earns_before_discounts=True)
    factories.DiscountFactory(services=["personal"], earns=False)
    assert earned(till, "personal", "session", client=boris) == [0, cents("0.60")]


def test_the_trace_says_so(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    factories.DiscountFactory(earns=False)
    codes = [note.code for note in till.quote("personal", client=boris).bill.notes if note.stage != "hint"]
    assert codes == ["discount.percent", "discount.bars_earning", "cashback.nothing_paid"]
