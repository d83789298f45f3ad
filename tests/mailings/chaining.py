"""Chains for tests: one in a call, night after night, and what happened as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clients.models import Client
from loyalty import chains
from loyalty.chains import begin_due
from loyalty.house import House
from loyalty.models import Chain, ChainEvent, ChainRun, Lot, Refund, Standing
from tests import factories
from tests.mailings.conftest import Template
from tests.night import value

MONDAY = date(2026, 3, 2)


def midnight(day: date) -> datetime:
    """In New York; summer time begins on 8 March."""
    hour = 5 if day < date(2026, 3, 9) else 4
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


EARLIER = midnight(date(2026, 2, 1))
Made = Callable[..., Chain]


@pytest.fixture
def made(template: Template, house: House) -> Made:
    """A chain with these steps; a letter for each step that sends one."""

    def make(*steps: dict[str, Any], begins: str = "lot_ends", code: str = "back", **facts: Any) -> Chain:
        chain = Chain.objects.create(code=code, name=code.capitalize(), begins=begins, **facts)
        for number, step in enumerate(steps, start=1):
            letter = step["action"] == "letter"
            said = template(f"{code}-{number}", body_en="{amount} end on {last_day}") if letter else None
            chain.steps.create(number=number, **{"template": said, **step})
        return chain

    return make


def give(client: Client, amount: int, *, until: date, at: datetime = EARLIER) -> Lot:
    """A lot that came in long before."""
    return value.give(client, amount, until=until, at=at)


LETTER = {"action": "letter"}
SMS = {"action": "letter", "channel": "sms", "after_days": 4, "condition": "not_spent"}


def came(client: Client, at: datetime, *, back: bool = False) -> None:
    visit = factories.VisitFactory(client=client, at=at, line=None)
    Standing.objects.update_or_create(client=client, defaults={"last_visit_at": at})
    if back:
        Refund.objects.create(
            operation=f"refund:{visit.pk}", visit=visit, at=at, by="staff:vera", money=visit.to_pay, is_whole=True
        )


def days(chain: Chain, first: date, count: int) -> list[str]:
    """Night after night: what happened to whom, as "2026-03-02 boris 1 letter"."""
    said = []
    for i in range(count):
        day = first + timedelta(days=i)
        seen = set(ChainEvent.objects.values_list("pk", flat=True))
        chains.run(today=day, now=midnight(day))
        new = ChainEvent.objects.filter(run__chain=chain).exclude(pk__in=seen).order_by("pk")
        said += [f"{day} {event.run.client.first_name} {event.step} {event.did}" for event in new]
    return said


def runs() -> list[tuple[str, str, str]]:
    return list(ChainRun.objects.order_by("pk").values_list("operation", "state", "reason"))


def begun(day: date, now: datetime | None = None) -> list[str]:
    begin_due(day=day, now=now or midnight(day))
    return [operation for operation, _state, _reason in runs()]
