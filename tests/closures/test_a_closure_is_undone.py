"""Undone, a closure leaves nothing behind: other closures, refunds and what has ended meanwhile are kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import Client, Location
from loyalty import ledger
from loyalty.expiry import expire_lots
from loyalty.ledger import Move
from loyalty.models import Closure, Entry, Lot
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.closures.conftest import TODAY, Close, Undo
from tests.closures.test_a_closure_extends_what_it_affects import APRIL_5, MARCH_31, end_of
from tests.night.value import NEW_YORK, TASK, give

pytestmark = pytest.mark.django_db


def spend(lot: Lot, amount: int, days_later: int = 0) -> None:
    with transaction.atomic():
        move = Move(f"test:spend:{Entry.objects.count()}", lot.pk, lot.account_id, Entry.Kind.SPEND, Money(-amount))
        ledger.post([move], at=factories.NOW + timedelta(days=days_later), by=TASK)


def give_back(lot: Lot, amount: int, days_later: int) -> None:
    """What a refund returns, usable for 14 days at least."""
    now = factories.NOW + timedelta(days=days_later)
    lot = Lot.objects.select_related("account").get(pk=lot.pk)
    with transaction.atomic():
        operation = f"test:return:{Entry.objects.count()}"
        today = now.astimezone(NEW_YORK).date()
        move = ledger.give_back(ledger.stock(lot), Money(amount), operation, today=today, min_days=14)
        ledger.post([move], at=now, by=TASK)


def test_every_lot_gets_its_last_day_back(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    lot = give(boris, 10000, until=MARCH_31)
    closure = close(main)

    undo(closure, days_later=3)

    assert (end_of(lot), prove()) == (MARCH_31, [])
    entry = Entry.objects.get(lot=lot, number=3)
    assert (entry.kind, entry.amount, entry.operation) == ("adjust", 0, f"closure:{closure.pk}:undo")
    assert entry.note == "Main hall is open after all: the days given for its closure are taken back."
    closure.refresh_from_db()
    assert (closure.undone_at, closure.undone_by) == (factories.NOW + timedelta(days=3), "staff:anna")


def test_what_lives_by_the_closure_alone_ends_today(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    """It would have ended on 4 March; on 6 March it can still be used to the end of the day."""
    lot = give(boris, 100, until=date(2026, 3, 4))
    closure = close(main)
    assert end_of(lot) == date(2026, 3, 9)

    undo(closure, days_later=4)

    assert (end_of(lot), prove()) == (date(2026, 3, 6), [])


def test_what_was_spent_or_has_ended_is_left(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    spent, ended = give(boris, 100, until=MARCH_31), give(boris, 100, until=date(2026, 3, 3))
    closure = close(main)
    spend(spent, 100)
    expire_lots(today=date(2026, 3, 9), zone=NEW_YORK, by=TASK)

    undo(closure, days_later=7)

    assert (end_of(spent), end_of(ended)) == (APRIL_5, date(2026, 3, 8))
    assert (Entry.objects.filter(operation__endswith=":undo").count(), prove()) == (0, [])


@pytest.mark.parametrize("first", [0, 1])
def test_undoing_one_of_two_keeps_the_other(
    first: int, main: Location, boris: Client, close: Close, undo: Undo
) -> None:
    lot = give(boris, 100, until=MARCH_31)
    both = [close(main, 5), close(main, 3, date(2026, 3, 4))]

    undo(both[first])
    assert end_of(lot) == (date(2026, 4, 3), APRIL_5)[first]

    undo(both[1 - first])
    assert (end_of(lot), prove()) == (MARCH_31, [])


def test_undone_twice_it_is_undone_once(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    lot = give(boris, 100, until=MARCH_31)
    closure = close(main)

    undo(closure)
    undo(closure)

    assert (end_of(lot), Entry.objects.filter(lot=lot).count()) == (MARCH_31, 3)


def test_what_a_refund_promised_is_kept(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    """Until 4 March, then 9 March; a refund on 5 March makes it 19 March, as it would have without the closure."""
    lot = give(boris, 100, until=date(2026, 3, 4))
    closure = close(main)
    spend(lot, 50)
    give_back(lot, 50, days_later=3)
    assert end_of(lot) == date(2026, 3, 19)

    undo(closure, days_later=4)

    assert (end_of(lot), prove()) == (date(2026, 3, 19), [])


def test_a_refund_that_needed_no_more_days_still_promised_fourteen(
    main: Location, boris: Client, close: Close, undo: Undo
) -> None:
    """Until 15 March, then 20 March. A refund on 5 March promises 19 March, and moves nothing."""
    lot = give(boris, 100, until=date(2026, 3, 15))
    closure = close(main)
    spend(lot, 50)
    give_back(lot, 50, days_later=3)
    assert end_of(lot) == date(2026, 3, 20)

    undo(closure, days_later=4)

    assert (end_of(lot), prove()) == (date(2026, 3, 19), [])


Step = st.tuples(st.sampled_from(["close", "undo", "spend", "return", "night"]), st.integers(0, 40), st.integers(1, 9))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(Step, min_size=1, max_size=14))
def test_whatever_happens_the_ledger_proves(
    steps: list[tuple[str, int, int]], main: Location, boris: Client, close: Close, undo: Undo
) -> None:
    """And once every closure is undone, no lot lives longer than it would have, but for what a refund promised."""
    with transaction.atomic():
        lots = [give(boris, 1000, until=TODAY + timedelta(days=days)) for days in (0, 3, 20, 60)]
        day = 0
        for number, (what, choice, days) in enumerate(steps):
            day += choice % 3
            _take(what, choice, days, day, number, main, lots, close, undo)
        for closure in Closure.objects.filter(undone_at=None):
            undo(closure, day)
        assert prove() == []
        for lot, days in zip(lots, (0, 3, 20, 60), strict=True):
            returned = Entry.objects.filter(lot=lot, kind="return").exists()
            longest = TODAY + timedelta(days=max(days, day, day + 14 if returned else 0))
            left = Lot.objects.filter(pk=lot.pk, remaining__gt=0, last_day__gte=TODAY + timedelta(days=day)).first()
            assert left is None or left.last_day is None or left.last_day <= longest
        transaction.set_rollback(True)


def _take(  # one step of the sequence
    what: str, choice: int, days: int, day: int, number: int, place: Location, lots: list[Lot], close: Close, undo: Undo
) -> None:
    lot = Lot.objects.get(pk=lots[choice % len(lots)].pk)
    today, now = TODAY + timedelta(days=day), factories.NOW + timedelta(days=day)
    is_alive = lot.last_day is not None and lot.last_day >= today and lot.remaining > 0
    if what == "close":
        close(place, days, today + timedelta(days=choice - 20), key=f"step:{number}", made_at=now)
    elif what == "undo":
        standing = list(Closure.objects.filter(undone_at=None).order_by("pk"))
        if standing:
            undo(standing[choice % len(standing)], day)
    elif what == "spend" and is_alive:
        spend(lot, min(days * 50, lot.remaining), day)
    elif what == "return" and is_alive and lot.remaining < lot.amount:
        give_back(lot, 1, day)
    elif what == "night":
        expire_lots(today=today, zone=NEW_YORK, by=TASK)
