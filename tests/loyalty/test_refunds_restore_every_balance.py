"""Any checks, paid in any way, returned in any parts and in any order: every balance is as it was before.

Each example sells and returns on a real database, so there are fewer of them than of pure ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Paid, Settled, quote, settle
from loyalty.models import HouseRules, Lot, Refund, Standing
from loyalty.money import Money, spread, total
from loyalty.proof import prove
from referrals.models import Referral
from tests import factories
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
EXAMPLES = max(20, hypothesis.settings().max_examples // 20)
METHODS = ("cash", "card", "transfer")


@pytest.fixture
def gym(till: Till) -> Till:
    """The desk with a program of each sort: cashback, a referral, discounts, a membership, both kinds of gift cards."""
    program = factories.CashbackFactory(lifetime_days=180)
    factories.CashbackTierFactory(program=program, percent=7)
    factories.BonusProgramFactory(code="second", trigger="nth_visit", nth=2, amount=cents("3.33"))
    factories.ReferralProgramFactory()
    factories.DiscountFactory(code="large", percent=15, min_check=cents("30"), combinable=True)
    factories.DiscountFactory(code="free", kind="delivery", percent=100, services=["towel"], min_check=cents("50"))
    factories.PlanFactory(code="two", sessions=2, price=cents("35"))
    for code, single_use in (("once", True), ("often", False)):
        kind = factories.GiftCardTypeFactory(code=code, single_use=single_use)
        factories.DenominationFactory(type=kind, amount=cents("25"))
    return till


@pytest.fixture(autouse=True)
def _the_ledger_is_whole(db: None) -> Iterator[None]:
    yield
    assert prove() == []


@dataclass(frozen=True)
class Start:
    """What a client, whoever brought them, and everything that was sold to them hold."""

    balances: tuple[Money, Money]
    standing: tuple[Money, int]
    lots: dict[int, Money]

    @classmethod
    def of(cls, till: Till, client: Client, referrer: Client, stored: list[int]) -> Start:
        standing = Standing.objects.get(client=client)
        return cls(
            (till.balance(client), till.balance(referrer)),
            (standing.total_spent, standing.visits),
            {lot.pk: lot.remaining for lot in Lot.objects.filter(pk__in=stored)},
        )


def arrival(till: Till, data: st.DataObject) -> tuple[Client, Client, list[str], list[int]]:
    """A client with a friend, bonuses, a membership and two gift cards; the codes, and the lots of what was sold."""
    client, referrer = factories.ClientFactory(), factories.ClientFactory()
    till.account(referrer)
    Referral.objects.create(friend=client, referrer=referrer, named_at=till.now, by=str(VERA))
    given_lots = data.draw(st.lists(st.sampled_from(["0.01", "3.00", "17.77"]), max_size=3), label="bonuses")
    till.account(client)
    for amount in given_lots:
        till.give(client, amount)
    sold = till.sell(
        {"gift_card_type": "once", "amount": "25"}, {"gift_card_type": "often", "amount": "25"}, client=client
    )
    bought = till.sell({"membership_plan": "two"}, client=client)
    codes = [card["code"] for cards in sold.revealed.values() for card in cards]
    lots = Lot.objects.filter(entries__visit__in=[sold.visit, bought.visit]).exclude(account__unit="bonus")
    return client, referrer, codes, list(lots.values_list("pk", flat=True))


LINE = st.fixed_dictionaries(
    {"service": st.sampled_from(["session", "personal", "towel"]), "quantity": st.integers(1, 3)},
    optional={"price": st.sampled_from(["0.00", "0.01", "7.77", "33.33"])},
)


def check(till: Till, client: Client, codes: list[str], data: st.DataObject) -> Settled:
    """A check of whatever, paid with whatever, the rest by up to three methods."""
    offers: dict[str, Any] = {
        "redeem": data.draw(st.sampled_from(["0", "max"]), label="redeem"),
        "gift_cards": data.draw(st.sampled_from([[], codes[:1], codes[1:], codes]), label="cards"),
        "memberships": data.draw(st.sampled_from(["auto", []]), label="memberships"),
    }
    lines = data.draw(st.lists(LINE, min_size=1, max_size=3), label="lines")
    usable = [code for code in offers["gift_cards"] if is_usable(till, code)]
    basket = till.basket(*lines, client=client, **(offers | {"gift_cards": usable}))
    to_pay = quote(basket, now=till.now).bill.to_pay
    weights = data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any), label="methods")
    payments = [Paid(method, amount) for method, amount in zip(METHODS, spread(to_pay, weights), strict=True)]
    return settle(basket=basket, payments=payments, key=f"any:{next(till.operations)}", by=VERA, now=till.now)


def is_usable(till: Till, code: str) -> bool:
    """A card for one check is used up by it."""
    try:
        till.quote({"service": "session", "price": "0.01"}, gift_cards=[code])
    except Refusal:
        return False
    return True


@hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_refunding_everything_in_any_order_restores_every_balance(gym: Till, data: st.DataObject) -> None:
    flags = {name: data.draw(st.booleans(), label=name) for name in ("allow_debt", "gift_cards_earn")}
    before = data.draw(st.booleans(), label="earns_before_discounts")
    HouseRules.objects.update(**flags, earns_before_discounts=before)
    client, referrer, codes, stored = arrival(gym, data)
    start = Start.of(gym, client, referrer, stored)
    checks = [check(gym, client, codes, data) for _check in range(data.draw(st.integers(1, 3), label="checks"))]
    left = {(i, line.number): line.quantity for i, one in enumerate(checks) for line in one.visit.lines.all()}
    while left:
        i, number = place = data.draw(st.sampled_from(sorted(left)), label="line")
        units = data.draw(st.integers(1, left.pop(place)), label="units")
        gym.refund(checks[i], (number, units))
        rest = checks[i].visit.lines.get(number=number).quantity - units_back(checks[i], number)
        left |= {place: rest} if rest else {}
    assert Start.of(gym, client, referrer, stored) == start
    for one in checks:
        assert_all_came_back(one)


def units_back(sold: Settled, number: int) -> int:
    return sum(line.quantity for line in sold.visit.lines.get(number=number).refunds.all())


def assert_all_came_back(sold: Settled) -> None:
    """The refunds of a check come to the check, to the cent."""
    refunds = list(Refund.objects.filter(visit=sold.visit))
    assert [refund.is_whole for refund in refunds].count(True) == 1
    names = {"money": "to_pay", "bonus_returned": "bonus_total", "gift_card_returned": "gift_card_total"}
    for figure, whole in (names | {"base": "base", "spent": "spent"}).items():
        assert total(getattr(refund, figure) for refund in refunds) == getattr(sold.visit, whole)
    paid = {payment.method: payment.amount for payment in sold.visit.payments.all()}
    back: dict[str, int] = {}
    for refund in refunds:
        for payment in refund.payments.all():
            back[payment.method] = back.get(payment.method, 0) + payment.amount
    assert back == paid
