"""Buying, earning, using and returning comes to nothing: once all is refunded and taken back, no value is left.

Stamps, miles, gifts of the three kinds for checks and totals, cashback, prizes; checks and refunds in parts, mixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from clients.models import Client
from clients.refusals import Refusal
from giftcards.models import GiftCard
from loyalty import prizes
from loyalty.checkout import Settled
from loyalty.models import HouseRules, Lot, Prize, PrizeClaim, Service, Standing
from loyalty.proof import prove
from tests import factories
from tests.presents import factories as presents
from tests.till import VERA, Till, cents

pytestmark = pytest.mark.django_db
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
MOST_STEPS = 14

SERVICES = st.sampled_from(["session", "session", "personal", "towel"])
LINES = st.lists(st.tuples(SERVICES, st.integers(1, 4)), min_size=1, max_size=2)
STEPS = st.sampled_from(["buy", "buy", "buy", "refund", "refund", "part", "part", "prize", "cancel"])


def few(examples: int) -> int:
    """So many in CI, as many times more at night as the profile says."""
    return examples * hypothesis.settings().max_examples // 500


@pytest.fixture
def programs(till: Till) -> None:
    """Everything that gives at once."""
    factories.CashbackTierFactory(percent="10")
    presents.StampProgramFactory(stamp_days=30)
    presents.StampProgramFactory(code="miles", kind="miles", services=[], per_amount=cents("10"), needed=8)
    kind = factories.GiftCardTypeFactory(single_use=False)
    factories.GiftCardTypeFactory(code="voucher", name="For one check")
    factories.DenominationFactory(type=kind)
    personal, towel = (Service.objects.get(code=code) for code in ("personal", "towel"))
    no_service: dict[str, Any] = {"service": None}
    presents.GiftProgramFactory(service=personal, lifetime_days=3)
    presents.GiftProgramFactory(code="total", when="total", from_sum=cents("90"), service=towel)
    presents.GiftProgramFactory(code="bonuses", from_sum=cents("40"), amount=cents("7"), **no_service)
    presents.GiftProgramFactory(code="ten", when="total", from_sum=cents("150"), amount=cents("10"), **no_service)
    presents.GiftProgramFactory(
        code="card", from_sum=cents("50"), good="gift", amount=cents("15"), once=True, **no_service
    )
    presents.GiftProgramFactory(
        code="once", when="total", from_sum=cents("60"), good="voucher", amount=cents("9"), **no_service
    )
    presents.PrizeFactory(price=cents("2"), stock=5, free_days=10)
    presents.PrizeFactory(
        code="free", name="Free session", price=cents("6"), service=Service.objects.get(code="session")
    )


@dataclass
class Play:
    """A client at the desk, and all that happened."""

    data: st.DataObject
    desk: Till
    client: Client
    sold: list[Settled] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    claims: list[PrizeClaim] = field(default_factory=list)

    def step(self) -> None:
        self.desk = self.desk.later(hours=self.data.draw(st.integers(1, 40), label="hours later"))
        what = self.data.draw(STEPS, label="step")
        try:
            getattr(self, what)()
        except Refusal:  # nothing left of the check, too few bonuses, an empty card
            return

    def buy(self) -> None:
        lines = [f"{units} x {code}" for code, units in self.data.draw(LINES, label="lines")]
        offers: dict[str, Any] = {}
        if self.data.draw(st.booleans(), label="pays with bonuses"):
            offers["redeem"] = "max"
        if self.data.draw(st.booleans(), label="pays with a card") and self.codes:
            card: str = self.data.draw(st.sampled_from(self.codes), label="card")
            offers["gift_cards"] = [card]
        # A card may pay for somebody else.
        whose = self.client if not self.codes or self.data.draw(st.integers(0, 3), label="who") else None
        if whose is None:
            offers.pop("redeem", None)
        sold = self.desk.sell(*lines, client=whose, **offers)
        self.sold.append(sold)
        self.codes += [told["code"] for told in sold.revealed.get(0, ())]

    def refund(self) -> None:
        if self.sold:
            self.desk.refund(self.data.draw(st.sampled_from(self.sold), label="check"))

    def part(self) -> None:
        if self.sold:
            self.desk.refund(self.data.draw(st.sampled_from(self.sold), label="check"), (1, 1))

    def prize(self) -> None:
        prize = Prize.objects.get(code=self.data.draw(st.sampled_from(["bottle", "free"]), label="prize"))
        key = f"test:prize:{next(self.desk.operations)}"
        self.claims.append(prizes.claim(client=self.client, prize=prize, by=VERA, now=self.desk.now, key=key))

    def cancel(self) -> None:
        if self.claims:
            claim = self.data.draw(st.sampled_from(self.claims), label="taken prize")
            prizes.cancel(claim=claim, reason="back", by=VERA, now=self.desk.now)

    def give_everything_back(self) -> None:
        """In any order. A prize that a check had used can be taken back only after the check."""
        for sold in self.data.draw(st.permutations(self.sold), label="checks come back"):
            self._unless_refused(lambda sold=sold: self.desk.refund(sold))
        for claim in self.data.draw(st.permutations(self.claims), label="prizes come back"):
            self._unless_refused(
                lambda claim=claim: prizes.cancel(claim=claim, reason="back", by=VERA, now=self.desk.now)
            )

    def _unless_refused(self, work: Any) -> None:
        try:
            work()
        except Refusal:  # is back already, or has ended
            return


def value_left() -> dict[str, int]:
    """What anybody could still use, by unit. Debts are no value."""
    held = Lot.objects.filter(remaining__gt=0).order_by().values_list("account__unit")
    return dict(held.annotate(Sum("remaining")))


@hypothesis.settings(max_examples=few(12), suppress_health_check=SLOW)
@given(data=st.data())
def test_everything_back_leaves_no_value(till: Till, programs: None, data: st.DataObject) -> None:
    with transaction.atomic():
        HouseRules.objects.update(allow_debt=data.draw(st.booleans(), label="debts"))
        client = factories.ClientFactory()
        till.account(client)
        play = Play(data, till, client)
        for _step in range(data.draw(st.integers(2, MOST_STEPS), label="steps")):
            play.step()
        assert prove() == []
        play.give_everything_back()
        standing = Standing.objects.get(client=client)
        assert (standing.total_spent, standing.visits) == (0, 0)
        assert value_left_but_repaid(client, play.desk) == {}
        assert not GiftCard.objects.filter(account__lots__remaining__gt=0).exists()
        assert prove() == []
        transaction.set_rollback(True)


def value_left_but_repaid(client: Client, desk: Till) -> dict[str, int]:
    """The same, once what is owed of bonuses has been taken off what there is of them: the next check does it."""
    left = value_left()
    if desk.balance(client) <= 0:
        left.pop("bonus", None)
    return left
