"""A program stops giving when it has given its budget: no part of a gift, what refunds take back can be given again."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.budgets import BudgetIsGone, count, left_of
from loyalty.models import BonusProgram, Budget, Lot
from loyalty.money import Money
from loyalty.proof import prove
from loyalty.registration import register
from tests import factories
from tests.conftest import Together
from tests.till import VERA, Till, cents, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def week(till: Till) -> BonusProgram:
    """20 % of every check, at most 10.00 in all."""
    program: BonusProgram = factories.BonusProgramFactory(
        code="week", name="Week", trigger="campaign", amount=None, percent=20, budget=cents("10")
    )
    return program


def given(code: str = "week") -> int:
    return int(Budget.objects.get(program__code=code).given)


def test_what_no_longer_fits_is_not_given_and_says_so(till: Till, week: BonusProgram, boris: Client) -> None:
    till.sell("session", client=boris)  # 4.00
    assert (given(), left_of(["week"])) == (400, {"week": 600})
    bill = till.quote("2 x session", client=boris).bill  # 8.00 of 6.00
    assert bill.earned_total == 0
    note = bill.notes[-1]
    assert (note.code, note.facts["left"], note.facts["would_be"]) == ("occasion.budget_left", 600, 800)
    till.sell("2 x session", client=boris)
    till.sell("session", client=boris)  # a smaller one still fits
    assert (given(), till.balance(boris)) == (800, cents("8"))
    assert prove() == []


def test_a_budget_is_given_to_the_last_cent(till: Till, week: BonusProgram, boris: Client) -> None:
    till.sell("5 x session", client=boris, promo_codes=[])  # 20.00 would be too many
    factories.ServiceFactory(code="ten", name="Ten", price=Money(5000))
    till.sell("ten", client=boris)
    assert (given(), left_of(["week"])) == (1000, {"week": 0})
    assert till.quote("session", client=boris).bill.notes[-1].code == "occasion.budget_used_up"


def test_what_a_refund_takes_back_can_be_given_again(till: Till, week: BonusProgram, boris: Client) -> None:
    sold = till.sell("2 x session", client=boris)  # 8.00
    till.refund(sold, (1, 1))
    assert given() == 400
    till.refund(sold)
    assert given() == 0
    till.sell("2 x session", client=boris)
    assert (given(), prove()) == (800, [])


def test_what_became_a_debt_was_taken_back_too(till: Till, week: BonusProgram, boris: Client) -> None:
    sold = till.sell("session", client=boris)
    BonusProgram.objects.update(enabled=False)
    till.sell("session", client=boris, redeem="max")
    till.refund(sold)
    assert (given(), till.balance(boris), prove()) == (0, cents("-4"), [])


def test_a_lowered_budget_gives_nothing_until_it_fits_again(till: Till, week: BonusProgram, boris: Client) -> None:
    sold = till.sell("2 x session", client=boris)  # 8.00
    week.budget = cents("5")
    week.save()
    assert left_of(["week"]) == {"week": 0}
    till.refund(sold)
    assert left_of(["week"]) == {"week": 500}
    till.sell("2 x session", client=boris)  # 8.00 of 5.00
    till.sell("session", client=boris)
    assert (given(), prove()) == (400, [])


def test_a_program_that_is_given_a_budget_has_given_what_it_gave(till: Till, week: BonusProgram, boris: Client) -> None:
    week.budget = None
    week.save()
    sold = till.sell("2 x personal", client=boris)  # 24.00
    till.refund(till.sell("session", client=boris))
    assert not Budget.objects.exists()
    week.budget = cents("30")
    week.save()
    assert (given(), left_of(["week"])) == (2400, {"week": 600})
    till.refund(sold)
    assert (given(), prove()) == (0, [])


def test_a_welcome_has_a_budget(till: Till) -> None:
    factories.BonusProgramFactory(code="welcome", budget=cents("250"))
    people = [register(details={"first_name": "Boris"}, by=VERA, now=till.now) for _n in range(3)]
    assert [till.balance(one) for one in people] == [cents("100"), cents("100"), 0]
    assert (given("welcome"), prove()) == (20000, [])


def test_a_promise_does_not_outlive_the_budget(till: Till, week: BonusProgram, boris: Client, alice: Client) -> None:
    basket = till.basket("2 x session", client=boris)
    promised = till.promise(basket)
    till.sell("2 x session", client=alice)
    with pytest.raises(Exception, match="Something changed"):
        till.settle(basket, cash=promised.bill.to_pay, token=promised.token)
    assert (given(), Lot.objects.count()) == (800, 1)


def test_what_a_promise_gives_counts_against_a_budget_that_is_new(
    till: Till, week: BonusProgram, boris: Client
) -> None:
    BonusProgram.objects.update(budget=None)
    Budget.objects.all().delete()
    basket = till.basket("session", client=boris)
    promised = till.promise(basket)
    week.budget, week.percent = cents("10"), 10
    week.save()
    till.settle(basket, cash=promised.bill.to_pay, token=promised.token)
    assert (given(), prove()) == (400, [])


def test_a_wrong_count_shows(till: Till, week: BonusProgram, boris: Client) -> None:
    till.sell("session", client=boris)
    Budget.objects.update(given=Money(500))
    assert prove() == ["bonus program week: it is said to have given 500, the ledger says 400"]
    Budget.objects.all().delete()
    assert prove() == ["bonus program week: nothing counts what it gives of its budget"]


def test_the_database_keeps_the_limit_by_itself(till: Till, week: BonusProgram) -> None:
    count({"week": cents("10")})
    with pytest.raises(BudgetIsGone):
        count({"week": Money(1)})


def test_more_budgets_ask_no_more(till: Till, week: BonusProgram, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    till.settle(basket, cash=2000)
    one = statements(lambda: till.settle(basket, cash=2000))
    for n in range(5):
        factories.BonusProgramFactory(
            code=f"more{n}", trigger="campaign", amount=None, percent=1, budget=cents("10"), segment=None
        )
        factories.BonusProgramFactory(code=f"sum{n}", trigger="spent", reaches=cents(f"4{n}.50"), budget=cents("100"))
    till.quote("session", client=boris)
    several = statements(lambda: till.settle(basket, cash=2000))
    assert Lot.objects.filter(program__startswith="sum").count() == 5
    assert len(several) <= len(one) + 3, several  # whether a sum was passed before: asked once, and once under lock


def test_no_budget_asks_nothing(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="week", trigger="campaign", amount=None, percent=20)
    asked = statements(lambda: till.sell("session", client=boris))
    assert not [sql for sql in asked if "loyalty_budget" in sql or "clients_message" in sql]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False])
def test_two_tills_and_the_last_of_a_budget(
    till: Till,
    week: BonusProgram,
    boris: Client,
    alice: Client,
    together: Together,
    monkeypatch: pytest.MonkeyPatch,
    is_locked: bool,
) -> None:
    """One gets it. With the lock the other is settled without it; without the lock the database refuses."""
    BonusProgram.objects.update(budget=cents("4"))
    week.refresh_from_db()
    week.save()
    if not is_locked:
        monkeypatch.setattr("loyalty.budgets.lock", lambda _codes: {})
    baskets = [till.basket("session", client=client) for client in (boris, alice)]
    for n in range(10):
        answers = together(
            *[lambda i=i, b=basket, n=n: till.settle(b, cash=2000, key=f"{n} {i}") for i, basket in enumerate(baskets)]
        )
        if is_locked:
            assert not [answer for answer in answers if isinstance(answer, Exception)]
        else:
            assert all(isinstance(answer, BudgetIsGone) for answer in answers if isinstance(answer, Exception))
        assert (given(), prove()) == (400, [])
        lot = Lot.objects.order_by("-pk")[0]
        visit = lot.entries.get(number=1).visit
        assert visit is not None
        from loyalty.checkout import refund

        refund(visit_id=visit.pk, lines=None, reason="again", key=f"back {n}", by=VERA, now=till.now)
        assert given() == 0
