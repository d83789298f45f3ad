"""A membership's last session at two tills at the same moment: one covers, one is refused."""

from __future__ import annotations

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled, quote
from loyalty.models import Entry, Visit
from memberships.models import Plan
from tests.conftest import Together
from tests.memberships.conftest import buy, left
from tests.till import Till


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", [True, False])
def test_it_is_used_once(till: Till, five: Plan, boris: Client, together: Together, *, named: bool) -> None:
    _sold, membership = buy(till, boris, five)
    till.sell("4 x session", client=boris)
    offers = {"memberships": [str(membership.pk)]} if named else {}
    basket = till.basket("session", client=boris, **offers)
    token = quote(basket, now=till.now).token
    answers = together(*[lambda n=n: till.settle(basket, key=f"till {n}", token=token) for n in range(2)])
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    refused = next(answer for answer in answers if isinstance(answer, Exception))
    assert isinstance(refused, Refusal)
    assert refused.code == ("membership_not_applicable" if named else "quote_changed")
    assert left(membership) == 0
    assert Visit.objects.filter(operation__startswith="till ").count() == 1
    assert sum(Entry.objects.filter(operation__contains=":use:").values_list("amount", flat=True)) == -5
