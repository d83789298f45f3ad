"""Quote and settle (`domain.md` section 5): what is written is what the client saw, once, or nothing at all."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from clients.refusals import Invalid, NotFound
from loyalty.checkout import Paid, PaymentMismatch, QuoteChanged, quote, settle
from loyalty.ledger import InsufficientBalance
from loyalty.models import CashbackProgram, Entry, Lot, Payment, Standing, TierStanding, Visit, VisitLine
from loyalty.money import Money
from tests import factories
from tests.conftest import Together
from tests.till import VERA, Till, cents


def nothing_was_written() -> bool:
    return not (Visit.objects.exists() or VisitLine.objects.exists() or Payment.objects.exists())


@pytest.mark.django_db
def test_a_check_is_written_with_everything_that_explains_it(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    till.give(boris, "100", program="cumulative", limit_percent=50, min_check="50")
    visit = till.sell("personal", "towel", client=boris, redeem="max").visit
    assert (visit.list_total, visit.bonus_total, visit.to_pay) == (cents("63"), cents("30"), cents("33"))
    assert (visit.base, visit.earned_total) == (cents("33"), cents("0.99"))
    lines = VisitLine.objects.filter(visit=visit).order_by("number")
    assert [(line.code, line.bonus, line.to_pay, line.earned) for line in lines] == [
        ("personal", cents("30"), cents("30"), cents("0.90")),
        ("towel", 0, cents("3"), cents("0.09")),
    ]
    assert list(visit.payments.values_list("method", "amount")) == [("cash", 3300)]
    entries = Entry.objects.filter(visit=visit).order_by("pk").values_list("kind", "amount", "operation", "by")
    assert list(entries) == [
        ("spend", -3000, f"visit:{visit.pk}:bonuses:pay", "staff:vera"),
        ("grant", 99, f"visit:{visit.pk}:cashback:cumulative", "staff:vera"),
    ]
    standing = Standing.objects.get(client=boris)
    assert (standing.total_spent, standing.visits, standing.last_visit_at) == (cents("33"), 1, till.now)


@pytest.mark.django_db
def test_payments_must_match_to_the_cent(till: Till, boris: Client) -> None:
    basket = till.basket("session", client=boris)
    with pytest.raises(PaymentMismatch) as refused:
        till.settle(basket, cash=1999)
    assert refused.value.facts["to_pay"] == cents("20")
    assert nothing_was_written()


@pytest.mark.django_db
def test_what_changed_since_the_quote_is_told_and_nothing_written(till: Till, boris: Client) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="max")
    seen = till.promise(basket)
    till.sell("3 x towel", {"service": "session", "price": "5"}, client=boris, redeem="5")
    settled = Visit.objects.count()
    with pytest.raises(QuoteChanged) as refused:
        till.settle(basket, token=seen.token)
    assert refused.value.facts["quote"].bill.to_pay == cents("5")
    assert Visit.objects.count() == settled


@pytest.mark.django_db
def test_the_same_operation_settles_once(till: Till, boris: Client) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="20.00")
    first = till.settle(basket, key="once")
    again = till.settle(basket, key="once")
    assert (again.visit, again.is_repeat) == (first.visit, True)
    assert Visit.objects.count() == 1
    assert till.balance(boris) == 0


@pytest.mark.django_db
def test_the_tier_rises_after_the_check_and_counts_for_the_next(
    till: Till, cashback: CashbackProgram, boris: Client
) -> None:
    big = till.sell("9 x personal", client=boris)
    assert big.visit.earned_total == cents("16.20")  # 3 % of 540.00: the tier before the check
    assert TierStanding.objects.get(client=boris).tier.name == "Silver"
    assert till.quote("session", client=boris).bill.earned_total == cents("1.00")


@pytest.mark.django_db
def test_a_threshold_counts_when_it_is_reached_exactly(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    till.sell("25 x session", client=boris)
    assert till.quote("session", client=boris).bill.tier.name == "Silver"  # type: ignore[union-attr]


@pytest.mark.django_db
def test_spending_of_a_window_counts_for_its_days_only(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    CashbackProgram.objects.update(window_days=30)
    till.sell("24 x session", client=boris)
    forty_days_on = till.later(days=40)
    forty_days_on.sell("session", client=boris)
    assert not TierStanding.objects.exists()
    forty_days_on.sell("24 x session", client=boris)
    assert TierStanding.objects.get().tier.name == "Silver"


@pytest.mark.django_db
def test_the_bonus_after_the_first_visit_is_for_that_visit_only(till: Till, boris: Client) -> None:
    factories.BonusProgramFactory(code="second", name="Come back", trigger="nth_visit", nth=1, amount=None, percent=5)
    first = till.sell("session", client=boris)
    assert (first.visit.earned_total, till.balance(boris)) == (cents("1"), cents("1"))
    assert till.sell("session", client=boris).visit.earned_total == 0


@pytest.mark.django_db
def test_bonuses_are_earned_in_the_steps_of_the_house(till: Till, cashback: CashbackProgram, boris: Client) -> None:
    from loyalty.models import HouseRules

    HouseRules.objects.update(bonus_step=Money(100))
    assert till.quote("personal", "session", client=boris).bill.earned_total == cents("2")  # 2.40


@pytest.mark.django_db
def test_an_anonymous_check_earns_nothing(till: Till, cashback: CashbackProgram) -> None:
    visit = till.sell("session").visit
    assert (visit.client, visit.earned_total, visit.to_pay) == (None, 0, cents("20"))
    assert not Lot.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("basket", "field"),
    [
        ({"lines": [{"service": "sauna"}]}, "lines[0].service"),
        ({"lines": [{"service": "session", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"service": "session", "quantity": True}]}, "lines[0].quantity"),
        ({"lines": [{"service": "session", "price": 20.5}]}, "lines[0].price"),
        ({"lines": [{"service": "session", "price": "-1"}]}, "lines[0].price"),
        ({"lines": [{"service": "session", "colour": "red"}]}, "lines[0].colour"),
        ({"lines": []}, "lines"),
        ({"lines": "session"}, "lines"),
        ({"lines": [{"service": "session"}], "location": "moon"}, "location"),
        ({"lines": [{"service": "session"}], "redeem": "1.234"}, "redeem"),
        ({"lines": [{"service": "session"}], "redeem": "5.00"}, "redeem"),
        ({"lines": [{"service": "session"}], "tip": "1"}, "tip"),
        ({"lines": [{"service": "session"}], "client": "\x00"}, "client"),
        ({"lines": [{"service": "session"}], "at": "yesterday"}, "at"),
        ({"lines": [{"service": "session"}], "at": "2026-01-01T10:00:00"}, "at"),
    ],
)
def test_a_basket_that_makes_no_sense_is_refused_with_its_place(
    till: Till, basket: dict[str, object], field: str
) -> None:
    from loyalty.counter import read_basket
    from loyalty.rulebook import rulebook

    with pytest.raises(Invalid) as refused:
        quote(read_basket({"location": "main", **basket}, rulebook().house), now=till.now)
    assert refused.value.field == field


@pytest.mark.django_db
def test_a_client_who_is_not_there_is_not_found(till: Till) -> None:
    from loyalty.counter import read_basket
    from loyalty.rulebook import rulebook

    basket = read_basket({"location": "main", "client": "999", "lines": [{"service": "session"}]}, rulebook().house)
    with pytest.raises(NotFound):
        quote(basket, now=till.now)


@pytest.mark.django_db
def test_the_constraint_alone_refuses_a_double_spend(till: Till, boris: Client) -> None:
    """The lock gives the clear answer; without it the database still says no."""
    from loyalty import ledger

    till.give(boris, "10")
    lot = till.lots(boris)[0]
    with pytest.raises(InsufficientBalance):
        ledger.post([ledger.spend(lot, cents("10.01"), "test:too-much")], at=till.now, by=VERA)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tills_spend_the_same_bonuses_once(till: Till, boris: Client, together: Together) -> None:
    till.give(boris, "20")
    basket = till.basket("session", client=boris, redeem="20.00")
    answers = together(lambda: till.settle(basket, key="first"), lambda: till.settle(basket, key="second"))
    refused = [answer for answer in answers if isinstance(answer, InsufficientBalance)]
    assert len(refused) == 1, answers
    assert Visit.objects.count() == 1
    assert till.balance(boris) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_newcomer_has_one_trial_however_many_tills(till: Till, boris: Client, together: Together) -> None:
    factories.TrialFactory()
    basket = till.basket("session", client=boris)
    pay = [Paid("cash", cents("10"))]
    answers = together(
        *(
            lambda key=key: settle(basket=basket, payments=pay, key=key, by=VERA, now=till.now)
            for key in ("first", "second")
        )
    )
    assert len([answer for answer in answers if isinstance(answer, PaymentMismatch)]) == 1, answers
    assert Visit.objects.count() == 1


@pytest.mark.django_db
def test_settling_locks_the_accounts_in_order_and_grants_lock_nothing(till: Till, boris: Client) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole database")
    till.give(boris, "5")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        till.sell("session", client=boris, redeem="max")
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert len(locks) == 1
    assert locks[0].startswith('SELECT "loyalty_account"."id"')
    assert "ORDER BY 1 ASC" in locks[0]
