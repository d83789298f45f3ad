"""A quote takes at most 15 queries and a settle at most 16 statements, whatever the lines, programs and history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clients.configured import renew_revision
from clients.models import Client
from loyalty.basket import Basket
from loyalty.checkout import quote
from loyalty.models import CashbackProgram, Standing
from loyalty.money import Money
from tests import factories
from tests.loyalty.every_kind import CODES, LINES, came_before, fifty_lines, five_codes, price_list, thirty_programs
from tests.till import Till, statements

pytestmark = pytest.mark.django_db

QUOTE, SETTLE = 15, 16
FIRST = 19
"""Of the first quote after a change: each kind of program reads its settings."""


def regular(till: Till, boris: Client, visits: int) -> None:
    """Boris with so many visits behind him, and a few lots."""
    for day in range(visits):
        factories.VisitFactory(client=boris, at=till.now - timedelta(days=day))
    for day in range(1, 6):
        till.give(boris, "10", program="cumulative", last_day=till.today + timedelta(days=day))
    Standing.objects.filter(client=boris).update(visits=visits, total_spent=Money(2000 * visits))


@pytest.mark.parametrize(("lines", "visits"), [(1, 0), (10, 0), (10, 50)])
def test_a_quote_and_a_settle(till: Till, cashback: CashbackProgram, boris: Client, lines: int, visits: int) -> None:
    regular(till, boris, visits)
    factories.TrialFactory()
    basket = till.basket(*["personal"] * lines, client=boris, redeem="max")
    to_pay = till.quote(*["personal"] * lines, client=boris, redeem="max").bill.to_pay
    quoted = statements(lambda: quote(basket, now=till.now))
    settled = statements(lambda: till.settle(basket, cash=to_pay))
    assert len(quoted) <= QUOTE, quoted
    assert len(settled) <= SETTLE, settled


def test_more_programs_cost_no_more_queries(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    quote(basket, now=till.now)
    one = statements(lambda: quote(basket, now=till.now))
    for n in range(10):
        factories.CashbackTierFactory(program=factories.CashbackFactory(code=f"more{n}"))
        factories.BonusProgramFactory(code=f"nth{n}", trigger="nth_visit", nth=1, amount=None, percent=1)
    quote(basket, now=till.now)
    assert len(statements(lambda: quote(basket, now=till.now))) == len(one)


def test_the_first_quote_after_a_change_of_settings_is_within_the_bound_too(till: Till, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    factories.TrialFactory()
    asked = statements(lambda: quote(basket, now=till.now))
    assert len(asked) <= FIRST, asked


def asked(till: Till, basket: Basket) -> tuple[list[str], list[str]]:
    """By the first quote after a change of settings, which reads them, and by a later one."""
    renew_revision()
    return statements(lambda: quote(basket, now=till.now)), statements(lambda: quote(basket, now=till.now))


def test_thirty_programs_five_codes_and_fifty_lines_ask_no_more_than_one_of_each(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    """The one program is of the kind that asks most: the same again, for holders of a card."""
    price_list()
    came_before(till, boris)
    factories.PromoCodeFactory(code="FIRST", max_uses=1000, max_uses_per_client=10)
    one = factories.DiscountFactory(code="one", kind="repeat", days=30, card_kind="electronic")
    first_of_one, of_one = asked(till, till.basket("s0", client=boris, promo_codes=["first"], redeem="max"))
    one.delete()
    thirty_programs(boris)
    five_codes()
    basket = till.basket(*fifty_lines(), client=boris, promo_codes=list(CODES), redeem="max")
    first, later = asked(till, basket)
    bill = quote(basket, now=till.now).bill
    assert len(bill.lines) == LINES
    assert len({note.rule for note in bill.notes if note.stage == "discount"}) == 34  # one code gives bonuses
    assert len(later) <= len(of_one) <= QUOTE, later
    # The steps of a cumulative discount are read with the settings, once for all of them.
    assert len(first) <= len(first_of_one) + 1, first
