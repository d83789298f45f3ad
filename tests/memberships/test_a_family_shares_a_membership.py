"""People who are named use the holder's membership; one for whoever comes is chosen by the desk."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from clients.refusals import Refusal
from loyalty.basket import Basket
from loyalty.checkout import Settled, quote
from loyalty.models import Entry, FreeService
from memberships.models import Membership, MembershipPerson
from tests import factories
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.plans import codes, left_of, plan
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(till: Till, boris: Client, alice: Client) -> Membership:
    """Ten sessions of Boris, for Alice too."""
    _sold, membership = buy(till, boris, plan("family", "session", sessions=10, people=3))
    MembershipPerson.objects.create(membership=membership, client=alice, by="staff:vera")
    return membership


def test_whoever_is_named_uses_it_of_itself(till: Till, family: Membership, alice: Client) -> None:
    visit = till.sell("2 x session", client=alice).visit
    assert (visit.to_pay, visit.client, left_of(family)) == (0, alice, [8])
    assert Entry.objects.get(visit=visit, account=family.account).operation == (
        f"visit:{visit.pk}:memberships:use:{family.pk}:1"
    )


def test_their_own_goes_first_though_it_ends_later(till: Till, family: Membership, alice: Client) -> None:
    _sold, own = buy(till, alice, plan("own", "session", sessions=1, valid_days=300))
    till.sell("2 x session", client=alice)
    assert (left_of(own), left_of(family)) == ([0], [9])


def test_nobody_else_uses_it(till: Till, family: Membership) -> None:
    stranger = factories.ClientFactory(phone="+12125550177")
    assert till.quote("session", client=stranger).bill.to_pay == cents("20")
    with pytest.raises(Refusal, match="it is another client's") as refused:
        till.sell("session", client=stranger, memberships=[family.pk])
    assert (refused.value.code, left_of(family)) == ("membership_not_applicable", [10])


def test_all_together_as_often_as_it_may_a_day(till: Till, boris: Client, alice: Client) -> None:
    _sold, membership = buy(till, boris, plan("family", "session", people=2, per_day=2))
    MembershipPerson.objects.create(membership=membership, client=alice, by="staff:vera")
    till.sell("session", client=boris)
    till.sell("session", client=alice)
    assert codes(till, "session", client=boris) == codes(till, "session", client=alice) == ["used_up_today"]


def test_one_for_whoever_comes_is_named_by_the_desk(till: Till, boris: Client, alice: Client) -> None:
    _sold, membership = buy(till, boris, plan("office", "session", sessions=10, unnamed=True))
    assert till.quote("session", client=alice).bill.to_pay == cents("20")
    till.sell("session", client=alice, memberships=[membership.pk])
    till.sell("session", memberships=[str(membership.pk)])  # somebody without a card
    assert left_of(membership) == [8]
    basket = till.basket("session", client=alice, memberships=[membership.pk])
    by_client = Basket(basket.location, basket.lines, basket.client, basket.offers, by_staff=False)
    with pytest.raises(Refusal, match="it is another client's"):
        quote(by_client, now=till.now)


def test_an_id_touches_nothing_but_a_membership(till: Till, boris: Client, alice: Client) -> None:
    """Neither the bonuses of another client nor their free service, whatever id is sent."""
    till.give(boris, "100")
    free = FreeService.objects.all()
    ids = [till.account(boris), *free.values_list("pk", flat=True)]
    with pytest.raises(Refusal) as refused:
        till.quote("session", client=alice, memberships=ids, redeem="max")
    assert (refused.value.code, till.balance(boris)) == ("membership_not_applicable", cents("100"))


def test_whose_it_was_is_not_told_to_others(till: Till, family: Membership, boris: Client) -> None:
    """The holder is told that it was returned; a stranger only that it is another's."""
    stranger = factories.ClientFactory(phone="+12125550177")
    till.refund(Settled(family.sold_on.visit))  # type: ignore[union-attr]
    with pytest.raises(Refusal, match="it was returned, passed on or changed"):
        till.quote("session", client=boris, memberships=[family.pk])
    with pytest.raises(Refusal, match="it is another client's"):
        till.quote("session", client=stranger, memberships=[family.pk])


@pytest.mark.parametrize("count", [1, 20])
def test_many_shared_memberships_ask_no_more(till: Till, boris: Client, alice: Client, count: int) -> None:
    for number in range(count):
        _sold, membership = buy(till, boris, plan(f"family{number}", "session", sessions=1, people=5))
        for person in (alice, *factories.ClientFactory.create_batch(2)):
            MembershipPerson.objects.create(membership=membership, client=person, by="staff:vera")
    till.quote("session", client=alice)
    with CaptureQueriesContext(connection) as queries:
        bill = till.quote("2 x session", client=alice).bill
    assert bill.sessions_used == min(count, 2)
    assert len([query for query in queries if "memberships_" in query["sql"]]) == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_last_session_is_used_by_one_of_two(
    till: Till, family: Membership, boris: Client, alice: Client, together: Together
) -> None:
    till.sell("9 x session", client=boris)
    baskets = [till.basket("session", client=client) for client in (boris, alice)]
    tokens = [quote(basket, now=till.now).token for basket in baskets]
    answers = together(
        lambda: till.settle(baskets[0], key="boris", token=tokens[0]),
        lambda: till.settle(baskets[1], key="alice", token=tokens[1]),
    )
    assert sorted(type(answer) is Settled for answer in answers) == [False, True]
    assert left_of(family) == [0]
