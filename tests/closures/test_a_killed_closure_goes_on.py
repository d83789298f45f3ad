"""A closure over many lots is done in batches: killed anywhere, or done by two at once, it comes to the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from clients.models import Business, Client, Location
from config import tasks
from loyalty import closures, ledger, night
from loyalty.closures import extending, undoing
from loyalty.house import load_house
from loyalty.models import Closure, Entry, Extension, Lot
from loyalty.money import Money
from loyalty.proof import prove
from tests import factories
from tests.closures.conftest import ANNA, closing
from tests.conftest import Together
from tests.night.value import TASK, give

pytestmark = pytest.mark.django_db
MARCH_31, APRIL_5 = date(2026, 3, 31), date(2026, 4, 5)


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extending, "AT_ONCE", 3)
    monkeypatch.setattr(undoing, "AT_ONCE", 3)


@pytest.fixture
def lots(main: Location) -> list[Lot]:
    """Ten lots of ten clients, all until 31 March."""
    return [give(factories.ClientFactory(home=main), 100, until=MARCH_31) for _client in range(10)]


def ask(place: Location) -> Closure:
    return closures.ask_to_close(closing=closing(place), reason="Repairs.", key="k", by=ANNA, now=factories.NOW)


def go_on(closure: Closure, days_later: int = 0, **how: Any) -> int:
    return closures.go_on_with(closure, house=load_house(), now=factories.NOW + timedelta(days=days_later), **how)


def killed_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    """The batch after so many is killed between its entries and its end."""
    written = ledger.move_ends
    left = [batches]

    def move_ends(*args: Any, **kwargs: Any) -> int:
        done = written(*args, **kwargs)
        if not left[0]:
            raise Killed
        left[0] -= 1
        return done

    monkeypatch.setattr(ledger, "move_ends", move_ends)


def ends() -> set[date | None]:
    return set(Lot.objects.values_list("last_day", flat=True))


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_killed_in_any_batch_it_goes_on(
    batches: int, main: Location, lots: list[Lot], monkeypatch: pytest.MonkeyPatch
) -> None:
    closure = ask(main)
    with monkeypatch.context() as patch:
        killed_after(patch, batches)
        with pytest.raises(Killed):
            go_on(closure)
    assert (Extension.objects.count(), closures.is_finished(closure)) == (3 * batches, False)

    assert go_on(closure) == 10 - 3 * batches

    assert (ends(), closures.is_finished(closure), prove()) == ({APRIL_5}, True, [])
    assert go_on(closure) == 0


@pytest.mark.parametrize("batches", [0, 2])
def test_killed_while_it_is_undone_it_goes_on(
    batches: int, main: Location, lots: list[Lot], monkeypatch: pytest.MonkeyPatch
) -> None:
    closure = ask(main)
    go_on(closure)
    closures.undo(closure_id=closure.pk, by=ANNA, now=factories.NOW)
    with monkeypatch.context() as patch:
        killed_after(patch, batches)
        with pytest.raises(Killed):
            go_on(closure)

    assert go_on(closure) == 10 - 3 * batches

    assert (ends(), prove()) == ({MARCH_31}, [])


def test_a_page_waits_for_a_few_batches_only(main: Location, lots: list[Lot]) -> None:
    closure = ask(main)

    assert go_on(closure, batches=2) == 6
    assert not closures.is_finished(closure)
    assert go_on(closure) == 4


def test_undone_before_it_was_finished_it_stops(main: Location, lots: list[Lot]) -> None:
    closure = ask(main)
    go_on(closure, batches=2)
    closures.undo(closure_id=closure.pk, by=ANNA, now=factories.NOW)

    assert go_on(closure) == 6
    assert (ends(), Extension.objects.count(), prove()) == ({MARCH_31}, 6, [])


def test_the_night_finishes_it_before_anything_ends(business: Business, main: Location, boris: Client) -> None:
    """Made on 2 March, killed at once; the worker is away until 5 March. The lot was to end with 3 March."""
    lot = give(boris, 100, until=date(2026, 3, 3))
    ask(main)

    night.catch_up(now=factories.NOW + timedelta(days=3))

    lot.refresh_from_db()
    assert (lot.last_day, lot.remaining, prove()) == (date(2026, 3, 8), 100, [])


def test_catching_up_finishes_it(main: Location, lots: list[Lot], time_machine: Any) -> None:
    time_machine.move_to(factories.NOW + timedelta(minutes=4), tick=False)
    closure = ask(main)

    tasks.catch_up()

    assert (ends(), closures.is_finished(closure)) == ({APRIL_5}, True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_at_once_extend_each_lot_once(main: Location, lots: list[Lot], together: Together) -> None:
    closure = ask(main)

    moved = together(lambda: go_on(closure), lambda: go_on(closure), lambda: go_on(closure))

    assert (sum(moved), ends(), Entry.objects.filter(kind="adjust").count()) == (10, {APRIL_5}, 10)
    assert prove() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_undoing_while_it_is_made_leaves_nothing_half(main: Location, lots: list[Lot], together: Together) -> None:
    closure = ask(main)

    def undo() -> int:
        closures.undo(closure_id=closure.pk, by=ANNA, now=factories.NOW)
        return go_on(closure)

    together(lambda: go_on(closure), undo)
    go_on(closure)

    assert (ends(), prove()) == ({MARCH_31}, [])


def test_what_is_spent_between_two_batches_is_left(main: Location, lots: list[Lot]) -> None:
    closure = ask(main)
    spent = ledger.stock(Lot.objects.select_related("account").get(pk=lots[0].pk))
    with transaction.atomic():
        ledger.post([ledger.spend(spent, Money(100), "test:spend")], at=factories.NOW, by=TASK)

    assert go_on(closure) == 9
    assert prove() == []
