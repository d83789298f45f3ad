"""Templates, and a short way to say what letters there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from clients.models import Business, Client, Consent, LetterRules, LetterTemplate, Message
from loyalty.house import House, load_house
from loyalty.models import Account, Standing
from tests import factories

Template = Callable[..., LetterTemplate]


@pytest.fixture
def template(db: None) -> Template:
    """A letter with every kind of text, unless some are given."""

    def make(code: str = "offer", **texts: Any) -> LetterTemplate:
        said = {
            "subject_en": "Hello",
            "body_en": "Hello {name}, see {link}",
            "short_en": "Hello {name}",
            "subject_ru": "Здравствуйте",
            "body_ru": "Здравствуйте, {name}: {link}",
            "short_ru": "Здравствуйте",
        }
        one: LetterTemplate = LetterTemplate.objects.create(code=code, name=code.capitalize(), **{**said, **texts})
        return one

    return make


@pytest.fixture
def house(business: Business) -> House:
    return load_house()


@pytest.fixture
def rules(business: Business, template: Template) -> LetterRules:
    """Remind seven days before of what ends."""
    ending = template(
        "ending",
        topic="reminders",
        body_en="{amount} of {program} end on {last_day}, in {days} days. You have {balance}.",
    )
    one: LetterRules = LetterRules.objects.create(business=business, ending=ending, ending_days=7)
    return one


def agreed(client: Client, *channels: str) -> Client:
    for channel in channels or ("email", "sms"):
        Consent.objects.create(client=client, topic=channel)
    return client


def crowd(count: int, **facts: Any) -> list[Client]:
    """So many clients, in a few statements."""
    rows = Client.objects.bulk_create(
        Client(
            first_name=f"Client{n}",
            email=f"crowd{n}@example.com",
            created_at=factories.REGISTERED,
            **facts,
        )
        for n in range(count)
    )
    Consent.objects.bulk_create(Consent(client=client, topic="email") for client in rows)
    Standing.objects.bulk_create(Standing(client=client) for client in rows)
    Account.objects.bulk_create(
        Account(unit="bonus", client=client, operation=f"client:{client.pk}:bonus") for client in rows
    )
    return rows


def told() -> list[tuple[str, int]]:
    """(operation, client) of every letter, in the order in which they were written."""
    return list(Message.objects.order_by("pk").values_list("operation", "client"))


def at(day: date | str, hour: int = 12) -> datetime:
    """A moment of this day, by UTC."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
