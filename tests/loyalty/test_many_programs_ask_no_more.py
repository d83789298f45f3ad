"""A check under many bonus programs, each with audience, budget and letter, asks no more than under one."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from clients.models import Client, LetterTemplate, Message
from loyalty.checkout import quote
from loyalty.models import BonusProgram, Lot
from loyalty.money import Money
from tests import factories
from tests.till import Till, cents, statements

pytestmark = pytest.mark.django_db

MANY = 10
"""With more, SQLite writes the letters in two statements: it takes so many values at once."""

EACH: list[dict[str, Any]] = [
    {"trigger": "campaign", "amount": None, "percent": 1},
    {"trigger": "nth_visit", "nth": 3},
    {"trigger": "first_check"},
    {"trigger": "spent", "reaches": cents("50")},
]


def programs(number: int) -> None:
    """One of each occasion, with everything that a program can have."""
    friends = factories.SegmentFactory(code="friends", visits_min=None, tag="friend")
    letter, _made = LetterTemplate.objects.get_or_create(code="gift", defaults={"short_en": "{amount} for you"})
    more = {"segment": friends, "locations": ["main"], "budget": cents("9000"), "letter": letter}
    for one in EACH:
        factories.BonusProgramFactory(code=f"{one['trigger']}-{number}", **one, **more)


def test_many_programs_of_each_kind_ask_what_one_asks(till: Till, boris: Client, alice: Client) -> None:
    counts = []
    for client, more in ((boris, range(1)), (alice, range(1, MANY))):
        for number in more:
            programs(number)
        client.tags.create(name="friend")
        # Two visits that nobody paid for: the third is the first check, and passes the sum.
        for _visit in range(2):
            till.give(client, "20")
            till.sell("session", client=client, redeem="max")
        basket = till.basket("personal", client=client)
        quote(basket, now=till.now)
        quoted = statements(partial(quote, basket, now=till.now))
        settled = statements(partial(till.settle, basket, cash=6000))
        counts.append((len(quoted), len(settled)))
    assert Lot.objects.filter(account__client=alice, program__isnull=False).count() == 4 * MANY
    assert Message.objects.filter(client=alice).count() == 4 * MANY
    assert counts[1] == counts[0]
    assert BonusProgram.objects.count() == 4 * MANY


def test_a_client_who_is_no_friend_asks_nothing_of_budgets(till: Till, boris: Client) -> None:
    programs(1)
    basket = till.basket("personal", client=boris)
    quote(basket, now=till.now)
    asked = statements(lambda: till.settle(basket, cash=6000))
    assert not [sql for sql in asked if "loyalty_budget" in sql]
    assert till.balance(boris) == Money(0)
