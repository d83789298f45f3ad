"""A closure lengthens what a subscription has paid for: the next period is due so much later, and undone no later."""

from __future__ import annotations

from datetime import date

import pytest

from clients.models import Client, Location
from tests.closures.conftest import Close, Undo
from tests.loyalty.conftest import till
from tests.memberships.subscribing import club, join, night, on, periods, renew

__all__ = ["till"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till")]


def test_the_next_period_is_due_later(main: Location, boris: Client, close: Close, undo: Undo) -> None:
    """Paid until 2 April; ten days closed: until 12 April, so nobody is asked before, and nothing is suspended."""
    club(sessions=None)
    held = join(on("2026-03-02", hour=16), boris)
    closure = close(main, days=10)
    held.refresh_from_db()
    assert held.paid_until == date(2026, 4, 12)
    night("2026-04-07")
    held.refresh_from_db()
    assert (held.suspended_at, periods(held)) == (None, [])
    assert on("2026-04-07").quote("session", client=boris).bill.to_pay == 0
    night("2026-04-10")
    assert periods(held) == [(1, "2026-04-13", "2026-05-12", "due")]

    undo(closure, days_later=0)
    held.refresh_from_db()
    assert held.paid_until == date(2026, 4, 2)
    assert periods(held) == [(1, "2026-04-03", "2026-05-02", "due")]


def test_what_is_paid_ahead_moves_once(main: Location, boris: Client, close: Close) -> None:
    club()
    start = on("2026-03-02", hour=16)
    held = join(start, boris)
    renew(start, held)
    close(main, days=10, from_day=date(2026, 3, 30))

    held.refresh_from_db()
    assert held.paid_until == date(2026, 5, 12)
    assert periods(held) == [(1, "2026-04-13", "2026-05-12", "paid")]
    assert sorted(str(lot.last_day) for lot in held.account.lots.all()) == ["2026-04-12", "2026-05-12"]
