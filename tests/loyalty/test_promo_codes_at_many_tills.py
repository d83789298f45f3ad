"""The last use of a promo code at many tills at the same moment: one gets it, with the lock and without."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Client
from clients.refusals import Refusal
from loyalty.checkout import Settled
from loyalty.discounts import PromoCodeUsedUp
from loyalty.models import IssuedCode, PromoUse, Visit
from loyalty.proof import prove
from tests import factories
from tests.conftest import Together
from tests.till import Till

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TILLS, ROUNDS = 8, 20


def settled_and_refused(answers: list[Any]) -> tuple[int, set[type]]:
    refused = [answer for answer in answers if not isinstance(answer, Settled)]
    assert all(isinstance(answer, Refusal) for answer in refused), refused
    return len(answers) - len(refused), {type(answer) for answer in refused}


def at_once(till: Till, together: Together, clients: list[Client | None], code: str) -> list[Any]:
    baskets = [till.basket("personal", client=client, promo_codes=[code]) for client in clients]
    return together(
        *[lambda n=n, b=basket: till.settle(b, cash=5400, key=f"{code} {n}") for n, basket in enumerate(baskets)]
    )


def test_a_limit_of_one_is_used_once_however_many_tills_try(till: Till, together: Together) -> None:
    """In turns for nobody in particular, who holds no lock of their own, and for eight clients."""
    people = factories.ClientFactory.create_batch(TILLS)
    for n in range(ROUNDS):
        factories.PromoCodeFactory(code=f"ONE{n}", max_uses=1)
        clients = people if n % 2 else [None] * TILLS
        assert settled_and_refused(at_once(till, together, clients, f"ONE{n}")) == (1, {PromoCodeUsedUp})
        assert IssuedCode.objects.get(code=f"ONE{n}").used == 1
    assert PromoUse.objects.count() == Visit.objects.count() == ROUNDS
    assert prove() == []


def test_without_the_lock_the_database_refuses_the_second(
    till: Till, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.discounts.codes.lock", lambda _typed: None)
    for n in range(ROUNDS):
        factories.PromoCodeFactory(code=f"ONE{n}", max_uses=1)
        assert settled_and_refused(at_once(till, together, [None] * TILLS, f"ONE{n}")) == (1, {PromoCodeUsedUp})
        assert IssuedCode.objects.get(code=f"ONE{n}").used == 1
    assert PromoUse.objects.count() == Visit.objects.count() == ROUNDS


def test_a_limit_of_three_is_used_three_times(till: Till, together: Together) -> None:
    factories.PromoCodeFactory(code="THREE", max_uses=3)
    assert settled_and_refused(at_once(till, together, [None] * TILLS, "THREE")) == (3, {PromoCodeUsedUp})
    assert IssuedCode.objects.get().used == 3


@pytest.mark.parametrize("is_batch", [False, True], ids=["one code", "two codes of a batch"])
def test_a_limit_for_each_client_holds_at_two_tills(
    till: Till, boris: Client, together: Together, is_batch: bool
) -> None:
    for n in range(ROUNDS // 2):
        promo = factories.PromoCodeFactory(code=f"each{n}", is_batch=is_batch, max_uses_per_client=1)
        codes = [f"EACH{n}"] * 2
        if is_batch:
            codes = [row.code for row in factories.IssuedCodeFactory.create_batch(2, promo=promo)]
        baskets = [till.basket("personal", client=boris, promo_codes=[code]) for code in codes]
        answers = together(
            *[lambda i=i, b=basket, n=n: till.settle(b, cash=5400, key=f"{n} {i}") for i, basket in enumerate(baskets)]
        )
        assert settled_and_refused(answers) == (1, {PromoCodeUsedUp})
    assert PromoUse.objects.count() == Visit.objects.count() == ROUNDS // 2


def test_two_codes_in_either_order_do_not_wait_for_each_other_for_ever(till: Till, together: Together) -> None:
    for code in ("A", "B"):
        factories.PromoCodeFactory(code=code, amount=100, combinable=True)
    for n in range(ROUNDS):
        baskets = [till.basket("personal", promo_codes=typed) for typed in (["A", "B"], ["B", "A"])]
        answers = together(
            *[lambda i=i, b=basket, n=n: till.settle(b, cash=5800, key=f"{n} {i}") for i, basket in enumerate(baskets)]
        )
        assert settled_and_refused(answers) == (2, set())
    assert [row.used for row in IssuedCode.objects.all()] == [2 * ROUNDS] * 2
