"""Who is due is found by an index, not by looking at everybody; the same few queries whatever the number of clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from clients.models import PersonalDate
from loyalty.birthdays import celebrants, grant_birthday_bonuses
from loyalty.dates import grant_date_bonuses, jubilarians, remembered
from loyalty.models import Account, BonusProgram, Standing
from loyalty.money import Money
from loyalty.occasions import Tonight, page_after
from loyalty.winback import grant_winback_bonuses, missed
from tests import factories
from tests.night.value import account_of, tonight
from tests.till import statements

pytestmark = pytest.mark.django_db
MARCH_2 = date(2026, 3, 2)
CLIENTS = 20_000
FILL = (
    """
    INSERT INTO clients_client (id, first_name, last_name, language, note, search_name, birthday, birthday_on,
        created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {clients})
    SELECT i, 'Boris', '', '', '', 'boris', '1990-01-01', (1 + i % 12) * 100 + 1 + i % 28, {at} FROM n
    """,
    """
    INSERT INTO loyalty_account (id, unit, client_id, operation, created_at)
    SELECT id, 'bonus', id, 'account:' || id, created_at FROM clients_client
    """,
    """
    INSERT INTO loyalty_standing (client_id, total_spent, visits, last_visit_at)
    SELECT id, 0, 3, created_at FROM clients_client
    """,
    """
    INSERT INTO clients_personaldate (client_id, name, day, day_on)
    SELECT id, 'child', birthday, birthday_on FROM clients_client
    """,
)
ASKED: dict[str, tuple[dict[str, Any], Callable[[BonusProgram, Tonight], QuerySet[Account]], str, str]] = {
    "birthdays": (
        {"trigger": "birthday", "days_before": 7},
        celebrants,
        "clients_client",
        "clients_client_birthday_on",
    ),
    "anniversaries": (
        {"trigger": "anniversary", "days_before": 7},
        jubilarians,
        "clients_client",
        "clients_by_registration",
    ),
    "personal dates": (
        {"trigger": "personal_date", "date_name": "child"},
        remembered,
        "clients_personaldate",
        "personal_dates_by_day",
    ),
    "win-back": ({"trigger": "inactivity", "days": 395}, missed, "loyalty_standing", "clients_by_last_visit"),
}


@pytest.fixture
def many(business: object) -> None:
    """Clients who registered, and were here last, each a different day of the last 400."""
    day = "timestamp '2025-01-27 12:00' + (i % 400) * interval '1 day'"
    if connection.vendor == "sqlite":
        day = "datetime('2025-01-27 12:00:00', '+' || (i % 400) || ' days')"
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement.format(clients=CLIENTS, at=day))
        cursor.execute("ANALYZE")


@pytest.mark.parametrize("what", ASKED)
def test_the_plan_uses_the_index(what: str, many: None) -> None:
    facts, asked, table, index = ASKED[what]
    program = BonusProgram(code="it", amount=Money(100), **facts)

    plan = page_after(0, asked(program, tonight(MARCH_2))).explain()

    assert index in plan, plan
    assert f"Seq Scan on {table}" not in plan, plan


def give_to(clients: int) -> None:
    for _client in range(clients):
        client = factories.ClientFactory(
            birthday=date(1990, 3, 2), created_at=datetime(2024, 3, 2, 17, tzinfo=UTC), email=None
        )
        account_of(client)
        Standing.objects.create(client=client, visits=1, last_visit_at=datetime(2025, 12, 1, tzinfo=UTC))
        PersonalDate.objects.create(client=client, name="child", day=date(2020, 3, 2))


def test_a_night_asks_the_same_whatever_the_number_of_clients(business: object) -> None:
    for number, (facts, *_asked) in enumerate(ASKED.values()):
        shorter = {"days": 60} if "days" in facts else {}
        factories.BonusProgramFactory(code=f"it{number}", amount=Money(100), **{**facts, **shorter})

    def night(day: date) -> int:
        told = tonight(day)
        tasks = (grant_birthday_bonuses, grant_date_bonuses, grant_winback_bonuses)
        return len(statements(lambda: [task(told) for task in tasks]))

    give_to(2)
    few = night(MARCH_2)
    give_to(20)

    assert night(MARCH_2) == few
    assert night(MARCH_2 + timedelta(days=1)) < few
