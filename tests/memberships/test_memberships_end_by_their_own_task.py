"""`memberships.expire` alone writes down what has ended unused, once, whoever else expires lots before or after it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clients.models import Client
from loyalty import expiry
from loyalty.expiry import expire_lots
from loyalty.models import Account, Entry
from loyalty.night import run_task
from loyalty.proof import prove
from loyalty.tasks import expire_lots as expire_everything
from memberships.models import Plan
from memberships.tasks import expire
from tests.conftest import Together
from tests.memberships.conftest import buy
from tests.memberships.subscribing import TASK
from tests.till import Till, statements

pytestmark = pytest.mark.django_db
AFTER = datetime(2026, 6, 2, 12, tzinfo=UTC)
"""Five sessions bought on 2 March can be used until 31 May."""
ENDED = datetime(2026, 6, 1, 4, tzinfo=UTC)
"""Midnight in New York."""


def ends(**of: Any) -> list[tuple[Any, ...]]:
    rows = Entry.objects.filter(kind=Entry.Kind.EXPIRE, **of).order_by("pk")
    return list(rows.values_list("lot", "amount", "last_day", "operation", "at"))


def test_the_task_alone_and_twice(till: Till, five: Plan, boris: Client, time_machine: Any) -> None:
    _sold, membership = buy(till, boris, five)
    till.sell("2 x session", client=boris)
    lot = membership.account.lots.get().pk
    bonuses = till.give(boris, "10", last_day=date(2026, 5, 1))
    time_machine.move_to(AFTER, tick=False)
    assert (expire(), expire()) == (1, 0)
    once = [(lot, -3, date(2026, 5, 31), f"expire:{lot}:2026-05-31:3", ENDED)]
    assert ends() == once
    bonuses.refresh_from_db()
    assert bonuses.remaining == 1000
    assert expire_everything() == 1
    assert (ends(account=membership.account_id), len(ends())) == (once, 2)
    assert prove() == []


def test_it_finds_nothing_where_everything_has_ended(till: Till, five: Plan, boris: Client, time_machine: Any) -> None:
    _sold, membership = buy(till, boris, five)
    time_machine.move_to(AFTER, tick=False)
    assert (expire_everything(), expire()) == (1, 0)
    lot = membership.account.lots.get()
    assert ends() == [(lot.pk, -5, date(2026, 5, 31), f"expire:{lot.pk}:2026-05-31:2", ENDED)]


def test_its_last_day_is_used_to_the_end(till: Till, five: Plan, boris: Client) -> None:
    buy(till, boris, five)
    assert [run.count for run in run_task("memberships.expire", now=datetime(2026, 5, 31, 12, tzinfo=UTC))] == [0]
    assert ends() == []


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_range_by_range(
    till: Till, five: Plan, boris: Client, alice: Client, monkeypatch: pytest.MonkeyPatch, *, at_once: int
) -> None:
    """Bonuses that end on the same day lie between them, and stay for their own task."""
    monkeypatch.setattr(expiry, "AT_ONCE", at_once)
    for client in (boris, alice, boris, alice):
        buy(till, client, five)
        till.give(client, "10", last_day=date(2026, 5, 31))
    (run,) = run_task("memberships.expire", now=AFTER)
    assert (run.count, len(ends()), len(ends(account__unit="session"))) == (4, 4, 4)
    (others,) = run_task("loyalty.expire_lots", now=AFTER)
    assert (others.count, len(ends())) == (4, 8)
    assert prove() == []


def test_it_asks_no_more_for_more_memberships(till: Till, five: Plan, boris: Client, alice: Client) -> None:
    def work() -> None:
        expire_lots(today=date(2026, 6, 2), zone=ZoneInfo("America/New_York"), by=TASK, unit=Account.Unit.SESSION)

    buy(till, boris, five)
    few = len(statements(work))
    for client in (boris, alice, boris):
        buy(till, client, five)
    assert len(statements(work)) == few


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_both_tasks_at_once_post_each_end_once(
    till: Till, five: Plan, boris: Client, alice: Client, together: Together
) -> None:
    for client in (boris, alice) * 5:
        buy(till, client, five)

    def work(unit: Account.Unit | None) -> Any:
        return expire_lots(today=date(2026, 6, 2), zone=ZoneInfo("America/New_York"), by=TASK, unit=unit)

    both = [lambda unit=unit: work(unit) for unit in (None, Account.Unit.SESSION, Account.Unit.SESSION)]
    assert sum(together(*both)) == 10
    assert (len(ends()), {amount for _lot, amount, *_rest in ends()}) == (10, {-5})
    assert prove() == []
