"""Whatever a check was made of, refunding all of it, in any parts and any order, puts every balance back to the cent.

Programs, codes, bonuses, gift cards and sessions at random; a check or two that spend what each other earned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from clients.models import Client
from clients.refusals import Refusal
from loyalty.basket import Basket
from loyalty.checkout import Paid, Settled, quote, settle
from loyalty.models import (
    Discount,
    HouseRules,
    IssuedCode,
    Lot,
    Payment,
    PromoCode,
    PromoUse,
    RefundLine,
    RefundPayment,
    Standing,
    VisitLine,
)
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.giftcards.conftest import Sold
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
SHARES = ("list", "membership", "discount", "bonus", "gift_card", "to_pay", "base", "spent")
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def few(examples: int) -> int:
    """So many in CI, as many times more at night as the profile says."""
    return examples * hypothesis.settings().max_examples // 500


# --- what is drawn ----------------------------------------------------------------------------------------------------

PERCENTS = st.sampled_from([Decimal(text) for text in ("5", "10", "13", "17.5", "33.333", "50", "100")])
AMOUNTS = st.integers(1, 3000).map(Money)
KINDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{"kind": "permanent"}] * 3,
        {"kind": "permanent", "services": ["training"]},
        {"kind": "permanent", "exclude": ["session"]},
        {"kind": "bundle", "services": ["session", "towel"]},
        {"kind": "hours", "weekdays": "mon"},
        {"kind": "cheapest", "buy": 2},
    ]
)
FLAGS = st.fixed_dictionaries(
    {
        "combinable": st.sampled_from([True, True, False]),
        "priority": st.integers(1, 3),
        "earns": st.sampled_from([True, True, False]),
        "max_discount": st.sampled_from([None, None, Money(1), Money(999)]),
        "min_check": st.sampled_from([Money(0), Money(0), Money(2000)]),
    }
)
WORTH = st.one_of(PERCENTS, AMOUNTS)
PROGRAMS = st.lists(st.tuples(KINDS, FLAGS, WORTH), max_size=3)
CODES = st.lists(st.tuples(FLAGS, WORTH, st.booleans()), max_size=2)
LOTS = st.lists(
    st.tuples(
        st.integers(1, 3000),
        st.sampled_from(["p", "q"]),
        st.sampled_from([Decimal(100), Decimal(50), Decimal("12.5")]),
        st.sampled_from(["0", "10.00"]),
        st.sampled_from([None, 0, 20]),
    ),
    max_size=3,
)
LINES = st.lists(
    st.tuples(st.sampled_from(["session", "session", "personal", "towel"]), st.integers(1, 3), st.integers(0, 4000)),
    min_size=1,
    max_size=4,
)
CARDS = st.lists(st.sampled_from(["gift", "voucher"]), max_size=2)


@pytest.fixture
def price_list(till: Till) -> None:
    """Besides the services: a membership of five sessions, cards for one check and until they are empty."""
    factories.PlanFactory()
    for code, single_use in (("gift", True), ("voucher", False)):
        kind = factories.GiftCardTypeFactory(code=code, name=code, single_use=single_use)
        factories.DenominationFactory(type=kind, amount=cents("50"))


@dataclass
class World:
    """A client with a membership, bonuses and gift cards, at a till with programs and codes."""

    till: Till
    client: Client
    codes: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, till: Till, data: st.DataObject) -> World:
        world = cls(till, factories.ClientFactory())
        till.account(world.client)
        HouseRules.objects.update(allow_debt=data.draw(st.booleans(), label="debts"))
        factories.CashbackTierFactory(program__lifetime_days=30, percent="3.5")
        for n, (kind, flags, worth) in enumerate(data.draw(PROGRAMS, label="programs")):
            amount = worth if isinstance(worth, Money) and kind["kind"] != "cheapest" else None
            percent = None if amount is not None else worth if isinstance(worth, Decimal) else Decimal(20)
            Discount.objects.create(code=f"d{n}", name=f"D{n}", amount=amount, percent=percent, **kind, **flags)
        for n, (flags, worth, gives) in enumerate(data.draw(CODES, label="codes")):
            world.make_code(f"C{n}", flags, worth, gives)
        for lot, program, limit, floor, days in data.draw(LOTS, label="lots"):
            last_day = None if days is None else till.today + timedelta(days=days)
            text = f"{lot / 100:.2f}"
            till.give(world.client, text, program=program, limit_percent=limit, min_check=floor, last_day=last_day)
        world.cards = [Sold(till, kind, "50").code for kind in data.draw(CARDS, label="cards")]
        if data.draw(st.booleans(), label="membership"):
            till.sell({"membership_plan": "five"}, client=world.client)
        return world

    def make_code(self, code: str, flags: dict[str, Any], worth: Decimal | Money, gives_bonuses: bool) -> None:
        column = "percent" if isinstance(worth, Decimal) else "bonus_amount" if gives_bonuses else "amount"
        facts = {**flags, column: worth, "min_check": Money(0)}
        PromoCode.objects.create(code=code, name=code, max_uses=2, **facts)
        self.codes.append(code)

    def sell(self, data: st.DataObject, cards: Sequence[str] = ()) -> Settled | None:
        """A check with everything that can be used, paid by three methods; None where the till refuses it."""
        lines: list[Any] = [
            {"service": code, "quantity": quantity, "price": f"{price / 100:.2f}"}
            for code, quantity, price in data.draw(LINES, label="lines")
        ]
        if data.draw(st.booleans(), label="sells a card"):
            lines.append({"gift_card_type": "gift", "amount": "50"})
        for offers in ({"promo_codes": self.codes, "gift_cards": list(cards)}, {}):
            try:
                return self._settle(self.till.basket(*lines, client=self.client, redeem="max", **offers))
            except Refusal:  # a code that does not fit, a card with nothing to pay
                continue
        return None

    def _settle(self, basket: Basket) -> Settled:
        left = quote(basket, now=self.till.now).bill.to_pay
        cash, card = Money(left // 3), Money(left // 5)
        paid = [Paid("cash", cash), Paid("card", card), Paid("transfer", left - cash - card)]
        key = f"test:settle:{next(self.till.operations)}"
        return settle(basket=basket, payments=paid, key=key, by=VERA, now=self.till.now)

    def state(self) -> dict[str, Any]:
        """All that refunds are to put back."""
        standing = Standing.objects.get(client=self.client)
        held = Lot.objects.exclude(remaining=0)
        bonuses = held.filter(account__unit="bonus").aggregate(sum=Sum("remaining"))["sum"]
        return {
            "total spent": standing.total_spent,
            "visits": standing.visits,
            "uses of codes": dict(IssuedCode.objects.values_list("code", "used")),
            "cards and sessions": dict(held.exclude(account__unit="bonus").values_list("pk", "remaining")),
            "bonuses": bonuses or 0,
        }

    def bonus_lots(self) -> dict[int, int]:
        return dict(Lot.objects.filter(account__unit="bonus").exclude(remaining=0).values_list("pk", "remaining"))


@contextmanager
def a_world(till: Till, data: st.DataObject) -> Iterator[World]:
    """One that is gone afterwards, so that the next example starts from nothing."""
    with transaction.atomic():
        yield World.of(till, data)
        assert prove() == []
        transaction.set_rollback(True)


def come_back(world: World, sold: Sequence[Settled], data: st.DataObject) -> None:
    """All of these checks, some units of a line at a time, in any order, now and then all that is left at once."""
    left = {
        (settled.visit.pk, line.number): line.quantity
        for settled in sold
        for line in VisitLine.objects.filter(visit=settled.visit)
    }
    by_visit = {settled.visit.pk: settled for settled in sold}
    while left:
        visit, number = data.draw(st.sampled_from(sorted(left)), label="check and line")
        units = data.draw(st.integers(0, left[visit, number]), label="units; none: all that is left of the check")
        world.till.refund(by_visit[visit], *([(number, units)] if units else []))
        gone = [key for key in left if key[0] == visit] if not units else []
        left[visit, number] -= units
        left = {key: rest for key, rest in left.items() if rest and key not in gone}


def adds_up_to_the_sale(settled: Settled) -> None:
    """The shares of each line and each payment came back exactly, and nothing was ever below nothing."""
    for line in VisitLine.objects.filter(visit=settled.visit):
        parts = RefundLine.objects.filter(line=line)
        for name in SHARES:
            assert sum(getattr(part, name) for part in parts) == getattr(line, name), name
            assert min(getattr(part, name) for part in parts) >= 0, name
        for part in parts:
            paid = part.membership + part.discount + part.bonus + part.gift_card + part.to_pay
            assert part.list == paid
    paid_by = dict(Payment.objects.filter(visit=settled.visit).values_list("method", "amount"))
    back = RefundPayment.objects.filter(refund__visit=settled.visit).order_by().values_list("method")
    assert dict(back.annotate(sum=Sum("amount"))) == paid_by


# --- what must hold ---------------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=few(60), suppress_health_check=SLOW)
@given(data=st.data())
def test_a_check_that_comes_back_in_any_parts_leaves_no_trace_in_any_balance(
    till: Till, price_list: None, data: st.DataObject
) -> None:
    with a_world(till, data) as world:
        before, lots = world.state(), world.bonus_lots()
        sold = world.sell(data, world.cards)
        if sold is None:
            return
        come_back(world, [sold], data)
        adds_up_to_the_sale(sold)
        assert world.state() == before
        assert world.bonus_lots() == lots
        assert not PromoUse.objects.filter(released_at=None).exists()
        taken = sum(refund.bonus_taken_back for refund in sold.visit.refunds.all())
        assert taken == sold.visit.earned_total


@hypothesis.settings(max_examples=few(40), suppress_health_check=SLOW)
@given(data=st.data())
def test_checks_that_spend_what_each_other_earned_come_back_in_any_order(
    till: Till, price_list: None, data: st.DataObject
) -> None:
    """Also where what was earned has been spent: as a debt, or let go of until it comes back."""
    with a_world(till, data) as world:
        before = world.state()
        sold = [settled for cards in (world.cards, []) if (settled := world.sell(data, cards)) is not None]
        come_back(world, sold, data)
        for settled in sold:
            adds_up_to_the_sale(settled)
        assert world.state() == before
