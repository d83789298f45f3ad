"""A reward that is due is given by the night in the moment in which the friend brings the check back.

The refund comes wholly before the night or wholly after it: either way the referrer is left with nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from clients.actors import Actor
from clients.models import Client
from loyalty.checkout import Settled
from loyalty.models import Lot
from loyalty.proof import prove
from loyalty.rulebook import rulebook
from referrals import giving
from referrals.models import ReferralProgram
from tests import factories
from tests.conftest import Together
from tests.referrals.conftest import Join, code_of, gives, milestone, states
from tests.till import Till, cents

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NIGHT = Actor.task("referrals.give_due")
PATIENCE = 10.0
"""Seconds until a test gives up waiting for the other side."""
KINDS = pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("gift_card", {"referrer_gift_card": "gift", "referrer_gift_amount": cents("50")}),
        ("membership", {"referrer_membership": "five"}),
    ],
    ids=["gift card", "membership"],
)


def give_due(till: Till) -> int:
    return giving.give_due(day=till.today, house=rulebook().house, now=till.now, by=NIGHT)


def one_in_the_midst_of_the_other(
    together: Together, first: Callable[[], object], second: Callable[[], object]
) -> list[object]:
    """The second begins when the first has done its work, and the first commits once the second waits for it."""
    done = threading.Event()

    def begin() -> None:
        with transaction.atomic():
            first()
            done.set()
            wait_until_somebody_waits()

    def follow() -> None:
        assert done.wait(PATIENCE)
        second()

    return together(begin, follow)


def wait_until_somebody_waits() -> None:
    until = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("the other side did not wait")


def left_over() -> int:
    """What is left on gift cards and memberships."""
    return sum(int(lot.remaining) for lot in Lot.objects.exclude(account__unit="bonus"))


@pytest.fixture
def goods(till: Till) -> None:
    factories.GiftCardTypeFactory(single_use=False)
    factories.PlanFactory()


@KINDS
def test_a_refund_that_finds_the_night_at_work_takes_what_it_gave(
    kind: str,
    values: dict[str, object],
    goods: None,
    till: Till,
    program: ReferralProgram,
    ann: Client,
    bob: Client,
    together: Together,
) -> None:
    gives(program, pending_days=14, **values)
    sold = till.sell("personal", client=bob)
    late = till.later(days=14)
    answers = one_in_the_midst_of_the_other(together, lambda: give_due(late), lambda: late.refund(sold))
    assert answers == [None, None]
    assert (states(ann), left_over()) == ([(kind, "taken_back")], 0)
    assert prove() == []


@KINDS
def test_a_night_that_finds_a_refund_at_work_gives_nothing(
    kind: str,
    values: dict[str, object],
    goods: None,
    till: Till,
    program: ReferralProgram,
    ann: Client,
    bob: Client,
    together: Together,
) -> None:
    gives(program, pending_days=14, **values)
    sold = till.sell("personal", client=bob)
    late = till.later(days=14)
    answers = one_in_the_midst_of_the_other(together, lambda: late.refund(sold), lambda: give_due(late))
    assert answers == [None, None]
    assert (states(ann), Lot.objects.exclude(account__unit="bonus").count()) == ([(kind, "cancelled")], 0)


@pytest.fixture
def milestone_of_two(
    goods: None, till: Till, program: ReferralProgram, ann: Client, bob: Client, join: Join
) -> Settled:
    """Bob and Carl complete a gift card that is due in 14 days; the check of Bob, who did not complete it."""
    gives(program, pending_days=14)
    milestone(program, 2, gift_card="gift", gift_amount=cents("50"))
    sold = till.sell("personal", client=bob)
    till.sell("personal", client=join("Carl", code_of(ann)))
    assert states(ann) == [("gift_card", "pending")]
    return sold


def test_a_milestone_that_is_lost_while_the_night_gives_it_is_taken(
    milestone_of_two: Settled, till: Till, ann: Client, together: Together
) -> None:
    late = till.later(days=14)
    answers = one_in_the_midst_of_the_other(together, lambda: give_due(late), lambda: late.refund(milestone_of_two))
    assert answers == [None, None]
    assert (states(ann), left_over()) == ([("gift_card", "taken_back")], 0)
    assert prove() == []
