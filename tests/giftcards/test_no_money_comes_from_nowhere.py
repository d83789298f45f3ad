"""Any sequence of sales, payments, refunds, top-ups, replacements, merges and blocks keeps the sum.

What is on all cards is what was sold and put on them, less what they have paid and what came back of the sales, plus
what came back of the payments; and the ledger proves itself.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.actors import Actor
from clients.refusals import Refusal
from giftcards.cards import block, unblock
from giftcards.codes import show_code
from giftcards.merging import merge
from giftcards.models import GiftCard, GiftCardType
from giftcards.replacing import replace
from loyalty.checkout import Settled
from loyalty.models import Entry, Lot, Refund, RefundLine, Visit, VisitLine
from loyalty.proof import prove
from tests.till import Till

SOLD = ("gift_card_type", "gift_card_top_up")
ANNA = Actor.staff("anna")
VERBS = ("sell", "top_up", "pay", "pay", "refund", "refund", "replace", "merge", "block", "unblock")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=1, max_size=14
)


class Counter:
    """A desk where things happen to cards, and what must be on all of them."""

    def __init__(self, till: Till, *, burns: bool) -> None:
        self.till = till
        self.kind = "gift" if burns else "purse"
        self.codes: dict[int, str] = {}
        self.checks: list[Settled] = []

    def do(self, verb: str, one: int, other: int, *, big: bool) -> None:
        """A step that a rule refuses changes nothing."""
        with suppress(Refusal), transaction.atomic():
            getattr(self, verb)(one, other, "50" if big else "20")

    def code(self, number: int) -> str:
        return list(self.codes.values())[number % len(self.codes)] if self.codes else "none"

    def card(self, number: int) -> GiftCard:
        return GiftCard.objects.get(pk=list(self.codes)[number % len(self.codes)])

    def sell(self, _one: int, _other: int, amount: str) -> None:
        check = self.till.sell({"gift_card_type": self.kind, "amount": amount})
        told = check.revealed[1][0]
        self.codes[int(told["id"])] = told["code"]
        self.checks.append(check)

    def top_up(self, one: int, _other: int, amount: str) -> None:
        self.checks.append(self.till.sell({"gift_card_top_up": self.code(one), "amount": amount}))

    def pay(self, one: int, other: int, _amount: str) -> None:
        codes = [self.code(one), self.code(other)]
        self.checks.append(self.till.sell("session", "2 x towel", gift_cards=codes))

    def refund(self, one: int, _other: int, amount: str) -> None:
        if self.checks:
            lines: list[Any] = [(1, 1)] if amount == "20" else []
            self.till.refund(self.checks[one % len(self.checks)], *lines)

    def replace(self, one: int, _other: int, _amount: str) -> None:
        if self.codes:
            replaced = replace(card=self.card(one), reason="lost", by=ANNA, now=self.till.now)
            self.codes[replaced.card.pk] = show_code(replaced.code)

    def merge(self, one: int, other: int, _amount: str) -> None:
        if self.codes:
            merge(card=self.card(one), other=self.card(other), reason="one", by=ANNA, now=self.till.now)

    def block(self, one: int, _other: int, _amount: str) -> None:
        if self.codes:
            block(self.card(one), reason="lost", by=ANNA, now=self.till.now)

    def unblock(self, one: int, _other: int, _amount: str) -> None:
        if self.codes:
            unblock(self.card(one), reason="found", by=ANNA)


def moved(*kinds: str) -> int:
    rows = Entry.objects.filter(account__unit="money", kind__in=kinds)
    return rows.aggregate(amount=Sum("amount"))["amount"] or 0


def summed(rows: Any, name: str) -> int:
    return rows.aggregate(amount=Sum(name))["amount"] or 0


def check_money(*, burns: bool) -> None:
    """The ledger against what checks and refunds say of themselves."""
    lots = Lot.objects.filter(account__unit="money")
    assert summed(lots, "remaining") == moved("grant", "spend", "return", "expire", "take_back")
    assert moved("transfer") == 0
    assert moved("grant") == summed(VisitLine.objects.filter(kind__in=SOLD), "list")
    assert moved("take_back") == -summed(RefundLine.objects.filter(line__kind__in=SOLD), "list")
    paid = summed(Visit.objects, "gift_card_total") - summed(Refund.objects, "gift_card_returned")
    assert moved("spend", "return", "expire") <= -paid
    if not burns:
        assert (moved("spend", "return"), moved("expire")) == (-paid, 0)
    void = GiftCard.objects.exclude(voided_at=None)
    assert not lots.filter(account__gift_card__in=void, remaining__gt=0).exists()
    assert prove() == []


@pytest.mark.django_db
@pytest.mark.parametrize("burns", [True, False])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_sum_is_kept(till: Till, gift: GiftCardType, purse: GiftCardType, steps: Any, *, burns: bool) -> None:
    with transaction.atomic():
        counter = Counter(till, burns=burns)
        for day, (verb, one, other, big) in enumerate(steps):
            counter.till = Till(now=till.now + timedelta(days=day), operations=till.operations)
            counter.do(verb, one, other, big=big)
        check_money(burns=burns)
        transaction.set_rollback(True)
