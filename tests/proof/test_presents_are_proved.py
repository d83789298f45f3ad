"""`check_ledger` counts prizes again, and knows whose free services and stamps are."""

from __future__ import annotations

import pytest

from clients.models import Client
from loyalty.models import Account, FreeService, PrizeClaim, PrizeStock
from loyalty.proof import prove
from tests.loyalty.conftest import till
from tests.presents import factories as presents
from tests.presents.conftest import give_free
from tests.presents.test_prizes_are_taken_for_bonuses import take
from tests.till import Till

__all__ = ["till"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(till: Till, boris: Client) -> PrizeClaim:
    till.give(boris, "100")
    return take(till, boris, presents.PrizeFactory())


def test_all_is_well(till: Till, taken: PrizeClaim, boris: Client) -> None:
    give_free(till, boris, "session")
    assert prove() == []


def test_a_count_that_is_wrong_shows(taken: PrizeClaim) -> None:
    PrizeStock.objects.update(taken=3)
    assert prove() == ["prize bottle: counted 3 times, 1 were taken"]


def test_a_price_that_was_not_paid_shows(taken: PrizeClaim) -> None:
    PrizeClaim.objects.update(price=4000)
    assert prove() == [f"taken prize {taken.pk}: it cost 4000, the ledger says 5000"]


def test_bonuses_that_did_not_come_back_show(taken: PrizeClaim) -> None:
    PrizeClaim.objects.update(state="cancelled")
    assert set(prove()) == {
        "prize bottle: counted 1 times, 0 were taken",
        f"taken prize {taken.pk}: it is cancelled, and 0 came back",
    }


def test_a_free_service_of_somebody_else_shows(till: Till, boris: Client, alice: Client) -> None:
    free = give_free(till, boris, "session")
    FreeService.objects.update(client=alice)
    assert prove() == [
        f"free service {free.pk}: its account holds session of client {boris.pk}, not sessions of client {alice.pk}"
    ]


def test_sessions_that_belong_to_nothing_show(till: Till, boris: Client) -> None:
    free = give_free(till, boris, "session")
    FreeService.objects.all().delete()
    assert prove() == [f"account {free.pk}: holds session and belongs to nothing"]


def test_stamps_of_nobody_show(till: Till, boris: Client) -> None:
    presents.StampProgramFactory()
    till.sell("session", client=boris)
    account = Account.objects.get(unit="stamp")
    Account.objects.filter(pk=account.pk).update(client=None)
    assert f"account {account.pk}: stamps that belong to no client" in prove()
